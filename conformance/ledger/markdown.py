"""The ledger as a document: the same text for the same cases, on every machine."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from conformance.ledger.cells import ORDERS
from conformance.ledger.errors import Lists
from conformance.ledger.gather import Ledger
from conformance.ledger.registry import Registry
from conformance.ledger.summary import (
    Row,
    attributes,
    check_rows,
    gradient_rows,
    most_first,
    other_rows,
    shares,
)
from conformance.ledger.terminal import ranks
from conformance.ledger.unmodelled import Unmodelled
from conformance.ledger.unreachable import Exemption

COMMAND = "tfjs-conformance coverage --format markdown -o docs/coverage.md"
MOST_VALUES = 12
_INTRODUCTION = """\
What the shipped cases reach in tf.js {version}, counted by what ran: each case tells which
functions it called, which kernels ran, and of which of their inputs a gradient was computed. What
there is to reach is taken from the tf.js build. This page is generated; after a change of cases:

```bash install
{command}
```

Numbers are cases; a law is not counted beside the case that it is about. *1st* is the gradient with
respect to the input slot, *2nd* the same while an outer gradient was being taken. The slot `[]` is
every input of a list, and a kernel without a slot ran in no case. *Dtypes* are those of the inputs
that the kernel had in this slot, *ranks* those of the inputs that a gradient was computed for, and
∅ are tensors without elements. Verdicts are printed by `tfjs-conformance coverage`.

A gradient that is reached is not tested yet: a case may amplify rounding so much that any number
passes. *Checks of gradients* counts, by input slot, order and implementation, the cases whose
results the exact oracle bounds sharply / usably / vacuously: their widest element has a bound of at
most 2^-20 of itself, of 2^-7, or a wider one. Cases with nothing but zeros count for slots alone
whose gradient always is zero. A slot without a sharp check of its first or second order is an
error, unless it is listed below as out of reach. *Fails* are implementations that never give this
gradient: every case throws there, or the result is of the wrong kind, and each is a [known
divergence](divergences.md) or stated by the case.
"""


def render(ledger: Ledger, registry: Registry, lists: Lists) -> str:
    """The markdown text, ending in a newline."""
    text = _INTRODUCTION.format(version=registry.version, command=COMMAND)
    sections: list[tuple[str, Iterable[str]]] = [
        ("Sums", _sums(ledger, registry)),
        ("Registered gradients", _rows(_registered(gradient_rows(ledger, registry)))),
        ("Gradients inside ops", _rows(_inside(gradient_rows(ledger, registry)))),
        ("Checks of gradients", _checks(ledger)),
        ("Kernels without a gradient", _values(other_rows(ledger, registry))),
        ("Kernels by backend", _kernels(ledger, registry)),
        ("Values of attributes", _attributes(ledger)),
        ("Functions", _functions(ledger, registry)),
        ("Without an exact model", _unmodelled(lists.unmodelled)),
        ("Out of reach", _exemptions(lists.exemptions)),
    ]
    lines = ["# Coverage", "", text]
    for title, body in sections:
        lines += [f"## {title}", "", *body, ""]
    return "\n".join(lines)


def _sums(ledger: Ledger, registry: Registry) -> Iterator[str]:
    yield "| | reached | of |"
    yield "| --- | ---: | ---: |"
    yield f"| cases | {ledger.cases} | |"
    for share in shares(ledger, registry):
        yield f"| {share.what} | {share.reached} | {share.of} |"


def _registered(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if not row.kernel.endswith("()")]


def _inside(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row.kernel.endswith("()")]


def _rows(rows: Iterable[Row]) -> Iterator[str]:
    yield "| kernel | slot | value | 1st | 2nd | 3rd+ | dtypes | ranks |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | --- | --- |"
    for row in rows:
        counts = " | ".join(str(row.orders[order]) for order in ORDERS)
        yield (
            f"| `{row.kernel}` | {_code(row.slot)} | {counts} |"
            f" {' '.join(row.dtypes)} | {ranks(row)} |"
        )


def _checks(ledger: Ledger) -> Iterator[str]:
    yield f"| kernel | slot | order | {' | '.join(ledger.implementations)} |"
    yield f"| --- | --- | --- |{' ---: |' * len(ledger.implementations)}"
    for row in check_rows(ledger):
        cells = " | ".join(row.cells)
        yield f"| `{row.kernel}` | {_code(row.slot)} | {row.order} | {cells} |"


def _values(rows: Iterable[Row]) -> Iterator[str]:
    yield "| kernel | slot | value | dtypes | ranks |"
    yield "| --- | --- | ---: | --- | --- |"
    for row in rows:
        count = row.orders["value"]
        kinds = f"{' '.join(row.dtypes)} | {ranks(row)}"
        yield f"| `{row.kernel}` | {_code(row.slot)} | {count} | {kinds} |"


def _kernels(ledger: Ledger, registry: Registry) -> Iterator[str]:
    """Where each kernel ran; how often is not said, as a backend may damage its own memory."""
    backends = sorted(registry.kernels)
    cases = ledger.count(lambda cell: (cell.kernel,))
    yield f"| kernel | cases | {' | '.join(backends)} |"
    yield f"| --- | ---: |{' --- |' * len(backends)}"
    for kernel in sorted(frozenset[str]().union(*registry.kernels.values())):
        marks = [_mark(ledger, registry, kernel, backend) for backend in backends]
        yield f"| `{kernel}` | {cases[kernel]} | {' | '.join(marks)} |"


def _mark(ledger: Ledger, registry: Registry, kernel: str, backend: str) -> str:
    if kernel not in registry.kernels[backend]:
        return "has none"
    return "ran" if ledger.backends.get(backend, Counter())[kernel] else "**never ran**"


def _attributes(ledger: Ledger) -> Iterator[str]:
    yield "| kernel | attribute | values, with the number of cases |"
    yield "| --- | --- | --- |"
    for kernel, named in attributes(ledger).items():
        for name, counts in named.items():
            values = most_first(counts)
            shown = [f"{_code(value)} {cases}" for value, cases in values[:MOST_VALUES]]
            more = [f"and {len(values) - MOST_VALUES} more"] if len(values) > MOST_VALUES else []
            yield f"| `{kernel}` | `{name}` | {', '.join(shown + more)} |"


def _functions(ledger: Ledger, registry: Registry) -> Iterator[str]:
    """Functions by the number of cases that call them, the least called first."""
    by_count: dict[int, list[str]] = defaultdict(list)
    for function in sorted(registry.functions & ledger.called.keys()):
        by_count[ledger.called[function]].append(f"`{function}`")
    yield "| calls in cases | functions |"
    yield "| ---: | --- |"
    for count, functions in sorted(by_count.items()):
        yield f"| {count} | {', '.join(functions)} |"


def _unmodelled(entries: Sequence[Unmodelled]) -> Iterator[str]:
    yield "| function | when | why |"
    yield "| --- | --- | --- |"
    for entry in entries:
        when = _cell(entry.partly or "always")
        yield f"| `{entry.function}` | {when} | {entry.kind}: {_cell(entry.because)} |"


def _exemptions(exemptions: Sequence[Exemption]) -> Iterator[str]:
    yield "| what | why |"
    yield "| --- | --- |"
    for entry in exemptions:
        word = "on" if entry.kind == "untested" else "in"
        where = f" {word} `{entry.where}`" if entry.where else ""
        yield f"| {entry.kind} `{entry.pattern}`{where} | {_cell(entry.because)} |"


def _code(text: str) -> str:
    return f"`{_cell(text)}`" if text and "`" not in text else _cell(text)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
