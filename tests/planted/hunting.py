"""Which cases notice a wrong gradient: the answers without it, and what each fault does to them.

A case counts for a gradient if it lies in ``ops/``, its function calls the op of the kernel by
name (``tf.pad`` or ``x.pad`` for PadV2), and tf.js computed this very gradient in it. So a model
that fails in training, a law, or an op that is made of the kernel is no test of it; nor is a second
derivative, as a planted tensor ends the tape.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec
from planted_scope import (
    BROADCASTING,
    COMPARING,
    LAST_OF_LIST,
    NEVER_NEGATIVE,
    SAME_FOR_BOTH,
    is_in_scope,
    names_op,
)
from planting import ADDRESS, Fault, Planted

from conformance.implementations import pool
from conformance.implementations.address import parse
from conformance.implementations.options import Options
from conformance.judge import policy
from conformance.judge.budget import calls
from conformance.judge.verdict import judge
from conformance.outcomes import Outcome, Verdict
from conformance.protocol import Started
from conformance.suite.case import Case

REFERENCE = "tensorflow"
SIMPLE_FAULTS = ("negated", "scaled", "zero", "element", "reversed", "unit")
ODD_FAULTS = ("transposed", "unsummed", "infinity", "nan", "ties", "positive")
SLOT_FAULTS = (*SIMPLE_FAULTS, *ODD_FAULTS)
SWAPPED = "swapped"
FAULTS = (*SLOT_FAULTS, SWAPPED)

Status = Literal["killed", "survived", "untested", "flagged anyway", "not applicable"]
MARKS: dict[Status, str] = {
    "killed": "k", "survived": "S", "untested": "U", "flagged anyway": "f", "not applicable": "-",
}  # fmt: skip
_POLICY = policy.parse("default")
# A planted tensor ends the tape behind it: a second derivative through it would throw, and the
# case would notice that and not the number.
_HIGHER_ORDER = re.compile(r"\btf\.(?:\w*[gG]rads?)\b")


class Found(msgspec.Struct, frozen=True):
    """What became of a fault: the case that killed it, or why none did.

    ``untested`` is a fault that changes no number of any case. ``flagged anyway`` is one in a
    gradient that every case finds wrong as it is: a further fault is no other verdict; or one
    that tf.js has.
    """

    fault: Fault
    status: Status
    why: str


def outcomes(
    cases: Iterable[Case], address: str, started: dict[str, Started] | None = None
) -> dict[str, Outcome]:
    """What comes of each case on an implementation, by case; ``started`` learns who it is."""
    found: dict[str, Outcome] = {}
    faults: list[str] = []
    asyncio.run(
        pool.run(
            [parse(address)],
            cases,
            lambda case, by_address: found.update({case.id: by_address[address]}),
            options=Options(),
            started=({} if started is None else started).__setitem__,
            fault=lambda fault: faults.append(f"{fault.implementation}: {fault.message}"),
        )
    )
    assert address != REFERENCE or not faults, faults
    return found


def is_first_order(case: Case) -> bool:
    """Whether a case takes a gradient, and no gradient of a gradient."""
    return case.call != "value" and not _HIGHER_ORDER.search(case.f.source)


class Hunt:
    """All first-order cases in scope with the reference's answers and the right ones of tf.js.

    ``reaching`` are the cases of a kernel that compute the gradient of a slot, ``flowing`` the
    slots in which some gradient is not zero, ``misshapen`` those in which one has not the input's
    shape and the case is flagged.
    """

    def __init__(self, cases: Sequence[Case], runner: Planted) -> None:
        self.runner = runner
        chosen = [case for case in cases if is_in_scope(case) and is_first_order(case)]
        self.started = {ADDRESS: runner.started}
        self.references = outcomes(chosen, REFERENCE, started=self.started)
        self.right: dict[str, tuple[Outcome, Verdict]] = {}
        self.reaching: dict[tuple[str, str], list[Case]] = defaultdict(list)
        self.flowing: set[tuple[str, str]] = set()
        self.misshapen: set[tuple[str, str]] = set()
        self._kills: Counter[str] = Counter()
        for case in chosen:
            self._run_right(case)

    def _run_right(self, case: Case) -> None:
        outcome, trace = self.runner.run(case)
        if outcome is None:
            return
        self.right[case.id] = (outcome, self._verdict(case, outcome))
        called = frozenset(op.rpartition(".")[2].lower() for op, _ in calls(case.f.tree))
        flagged = self.right[case.id][1].verdict != "pass"
        for kernel, slots in trace.computed.items():
            for slot, seen in slots.items():
                if not names_op(called, kernel) or (slot.isdigit() and int(slot) > LAST_OF_LIST):
                    continue
                self.reaching[kernel, slot].append(case)
                if seen.nonzero:
                    self.flowing.add((kernel, slot))
                if seen.misshapen and flagged and kernel in BROADCASTING:
                    self.misshapen.add((kernel, slot))

    def slots(self, kernel: str) -> list[str]:
        """The input slots of a kernel that some case differentiates."""
        return [slot for name, slot in self.reaching if name == kernel]

    def faults(self, kernel: str, kinds: Sequence[str] = SLOT_FAULTS) -> list[Fault]:
        """Faults of a kernel: each of these in each slot, and one exchange of the first two."""
        slots = self.slots(kernel)
        found = [Fault(kernel, slot, fault) for slot in slots for fault in kinds]
        flowing = [slot for slot in slots if (kernel, slot) in self.flowing]
        if len(flowing) > 1 and kinds is SLOT_FAULTS:
            found.append(Fault(kernel, flowing[0], SWAPPED, flowing[1]))
        return found

    def hunt(self, fault: Fault) -> Found:
        """Plant a fault and look for a case whose verdict becomes worse."""
        self.runner.plant(fault)
        cases = self.reaching[fault.kernel, fault.slot]
        changed: list[Case] = []
        for case in sorted(cases, key=lambda case: -self._kills[case.id]):
            outcome, trace = self.runner.run(case)
            if trace.changed == 0:
                continue
            changed.append(case)
            before = self.right[case.id][1]
            if outcome is None or is_worse(self._verdict(case, outcome), before):
                self._kills[case.id] += 1
                return Found(fault, "killed", case.id)
        return Found(fault, *self._alive(fault, changed, cases))

    def _alive(
        self, fault: Fault, changed: Sequence[Case], cases: Sequence[Case]
    ) -> tuple[Status, str]:
        if (fault.kernel, fault.slot) not in self.flowing:
            return "not applicable", "the gradient is zero everywhere"
        summed = fault.fault != "unsummed" or (fault.kernel, fault.slot) not in self.misshapen
        if not summed or not any(map(self._passes, cases)):
            return "flagged anyway", "cases are flagged for what tf.js does without it"
        if why := excuse(fault):
            return "not applicable", why
        if not changed:
            return "untested", f"it changed none of {len(cases)} cases"
        if not any(map(self._passes, changed)):
            return "flagged anyway", f"as is every case that it changes, such as {changed[0].id}"
        return "survived", f"it changed {len(changed)} of {len(cases)} cases"

    def _passes(self, case: Case) -> bool:
        return self.right[case.id][1].verdict == "pass"

    def _verdict(self, case: Case, outcome: Outcome) -> Verdict:
        both = {REFERENCE: self.references[case.id], ADDRESS: outcome}
        return judge(case, both, self.started, _POLICY, REFERENCE)[1]


def excuse(fault: Fault) -> str | None:
    """Why no case can hold numbers that this fault changes; None where one must."""
    match fault.fault:
        case "swapped" if fault.kernel in SAME_FOR_BOTH:
            return SAME_FOR_BOTH[fault.kernel]
        case "unsummed" if fault.kernel not in BROADCASTING:
            return "the kernel does not broadcast this input"
        case "ties" if fault.kernel not in COMPARING:
            return "equal elements are nothing special to the kernel"
        case "positive" if (fault.kernel, fault.slot) in NEVER_NEGATIVE:
            return "the gradient of negative numbers is no number"
        case _:
            return None


def is_worse(now: Verdict, before: Verdict) -> bool:
    """Whether a verdict says that something is wrong which the one before did not say."""
    if now.verdict == "pass":
        return False
    return (now.verdict, now.kind) != (before.verdict, before.kind)


def table(found: Iterable[Found]) -> str:
    """Kernel and slot down, faults across; the last line has the sums and explains the letters."""
    rows: Mapping[tuple[str, str], dict[str, str]] = defaultdict(dict)
    totals: Counter[str] = Counter()
    for item in found:
        rows[item.fault.kernel, item.fault.slot][item.fault.fault] = MARKS[item.status]
        totals[item.status] += 1
    lines = [f"{'kernel':20} {'slot':10} " + " ".join(f"{fault:>8}" for fault in FAULTS)]
    for (kernel, slot), row in rows.items():
        cells = " ".join(f"{row.get(fault, ''):>8}" for fault in FAULTS)
        lines.append(f"{kernel:20} {slot:10} {cells}")
    sums = (f"{mark} {status}: {totals[status]}" for status, mark in MARKS.items())
    lines.append(", ".join(sums))
    return "\n".join(lines)
