"""Small results files, made without running anything."""

import struct
from pathlib import Path

import msgspec

from conformance.language.tree import Arrow, Name
from conformance.outcomes import Outcome, Verdict
from conformance.protocol import Argument, Function, Returned, Started, Threw
from conformance.results import FORMAT, Footer, Header, Settled, cases_hash
from conformance.results_writer import Writer
from conformance.suite.case import Case
from conformance.tensors import Tensor

F = Function(source="x => x", tree=Arrow(parameters=(Name("x"),), body=Name("x")))
ADDRESSES = ("tfjs:cpu", "tfjs:wasm")
STARTED = Started(name="fake", version="1", runtime="python", protocol=1, reads="source")


def case(number: int, **fields) -> Case:
    """A case called by its number."""
    x = Argument(literal=[number, None, {"number": "NaN"}])
    given = {"file": "s.yaml", "line": number + 1, "call": "grads", "f": F, "names": ("x",),
             "args": (x,), "wrt": ("x",)}  # fmt: skip
    return Case(**{"id": f"s/case[n={number}]"} | given | fields)


def outcome(case_id: str, address: str, word: str) -> Outcome:
    """An outcome that a verdict of this word comes from."""
    value = Tensor("float32", (2,), struct.pack("<2I", 0x7F800001, 0x80000000))
    match word:
        case "threw":
            return Outcome(case_id, address, threw=Threw("forward", "Error", "é\n"))
        case "crashed":
            return Outcome(case_id, address, crashed="killed")
        case "timed out":
            return Outcome(case_id, address, timed_out=1.5)
        case "unsupported":
            return Outcome(case_id, address, unsupported="no")
        case "not run":
            return Outcome(case_id, address, 0, not_run="given up")
        case _:
            return Outcome(case_id, address, returned=Returned(value=value, grads=(None, value)))


def settled(number: int, *words: str, addresses=ADDRESSES, expected=None) -> Settled:
    """A case with verdicts of these words."""
    one = case(number)
    words = words or ("pass",) * len(addresses)
    outcomes = [outcome(one.id, a, word) for a, word in zip(addresses, words, strict=True)]
    verdicts = [
        Verdict(one.id, a, word, expected=word == "pass" if expected is None else expected)
        for a, word in zip(addresses, words, strict=True)
    ]
    return Settled(one, tuple(outcomes), tuple(verdicts))


def header(items, addresses=ADDRESSES, **fields) -> Header:
    """The header of a run of these cases."""
    plain = Header(
        format=FORMAT,
        version="1",
        planned=len(items) * len(addresses),
        implementations=dict.fromkeys(addresses, STARTED),
        reference=None,
        policy="default",
        cases_hash=cases_hash(item.case for item in items),
        environment={"system": "here"},
    )
    return msgspec.structs.replace(plain, **fields)


def record(path: Path, items, head=None, **end) -> Footer:
    """Write a results file."""
    writer = Writer(path)
    writer.header(head or header(items))
    for item in items:
        writer.settled(item)
    plain = {"seconds": 1.25, "interrupted": False, "faults": (), "problems": ()}
    return writer.footer(**plain | end)
