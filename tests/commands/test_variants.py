"""The further requests of a case: their way out, back, into the file, and out of it again."""

import itertools
import json
import struct

import msgspec
import pytest
from calling import asked, call, counted, fake, lines

from conformance import flushing, variants
from conformance.language.tree import Arrow, Name
from conformance.laws import requests
from conformance.outcomes import Outcome
from conformance.protocol import Argument, Function, Returned
from conformance.suite.case import Case

F = Function("x => x", Arrow((Name("x"),), Name("x")))


def case(name, law=None, *items):
    data = struct.pack(f"<{len(items) or 1}f", *(items or (1,)))
    x = Argument("float32", (len(items) or 1,), data)
    return Case(f"s/{name}", "s.yaml", 1, "value", F, ("x",), (x,), (), law=law)


PLAIN, TINY = case("plain"), case("tiny", None, 1e-40)
TWICE, PARTS = case("twice", "repeatable"), case("parts", "batching", 1, 2, 3)


def test_each_case_is_followed_by_its_variants_and_the_last_come_at_the_end():
    found = [variants.original(one.id) for one in variants.Requests([TWICE, PLAIN, TINY, PARTS])]
    zeros = [("s/tiny", name) for name in flushing.ZEROS]
    assert found == [
        ("s/twice", None), ("s/twice", requests.AGAIN), ("s/plain", None), ("s/tiny", None), *zeros,
        ("s/parts", None), ("s/parts", requests.FIRST), ("s/parts", requests.SECOND),
        ("s/twice", variants.AT_THE_END),
    ]  # fmt: skip


def outcomes(request):
    return {"a": Outcome(request.id, "a", unsupported=request.id), "b": Outcome(request.id, "b")}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_case_is_settled_with_its_last_part_in_any_order(order):
    going = variants.Requests([PARTS])
    sent = list(going)
    *first, last = (going.settled(sent[i], outcomes(sent[i])) for i in order)
    assert first == [None, None]
    settled, found = last
    assert settled is PARTS
    assert found["a"].unsupported == "s/parts"
    said = {name: one.unsupported for name, one in found["a"].variants.items()}
    assert said == {name: f"s/parts\0{name}" for name in (requests.FIRST, requests.SECOND)}
    assert list(found["b"].variants) == [requests.FIRST, requests.SECOND]


def test_a_case_without_variants_is_settled_at_once():
    going = variants.Requests([PLAIN])
    (sent,) = going
    assert going.settled(sent, outcomes(PLAIN)) == (PLAIN, outcomes(PLAIN))


def test_bits_of_an_earlier_run_keep_their_variants():
    earlier = {"v": Outcome("v", "a")}
    recorded = Outcome("s/one", "a", returned=Returned(), variants=earlier)
    assert variants.attached(recorded, {"w": Outcome("w", "a")}) is recorded


LAWFUL = """suite: s
cases:
  - name: one
    f: x => x
    call: value
    inputs: {x: {bits: [0x3f800000]}}
    laws: [repeatable]
  - {name: two, f: x => x, call: value, inputs: {x: {bits: [0x40000000]}}}
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "s.yaml").write_text(LAWFUL)
    return tmp_path


def run(folder, *words, code=0):
    call(folder, "run", "s.yaml", *words, "--results", "r.ndjson", code=code)
    return counted(folder / "r.ndjson")


def test_an_implementation_that_repeats_itself_is_repeatable(file):
    assert run(file, *asked(fake("echo"))) == {"pass": 3}


# Request 1 is the case, 2 and 3 are its law's, 4 is the other case, 5 comes at the end of all.
@pytest.mark.parametrize("patience", [2, 4])
def test_another_answer_is_found_at_once_and_at_the_end_of_the_run(file, patience):
    found = run(file, *asked(fake("changes_its_mind", patience)), code=1)
    assert found["differs"] == 1
    (broken,) = [v for kind, v in lines(file / "r.ndjson")
                 if kind == "verdict" and v["verdict"] == "differs"]  # fmt: skip
    assert (broken["case"], broken["class"]) == ("s/one[law=repeatable]", "nondeterministic")
    name = "again" if patience == 2 else "again after all other cases"
    assert f"`{name}`" in broken["why"]


def test_stored_variants_are_judged_again_and_replayed(file):
    address = fake("changes_its_mind", 4)
    run(file, *asked(address), code=1)
    again = call(file, "judge", "r.ndjson", "--policy", "ulp:1", code=1)
    assert "0 of 3 verdicts flip" in again.stdout
    call(file, "run", "s.yaml", "-i", "replay:r.ndjson", "--results", "again.ndjson", code=1)
    assert counted(file / "again.ndjson") == counted(file / "r.ndjson")


def test_show_prints_every_request_of_a_law(file):
    done = call(file, "show", "s/one[law=repeatable]", "--cases", "s.yaml",
                "-i", fake("changes_its_mind", 2), "--json", code=1)  # fmt: skip
    found = json.loads(done.stdout)
    assert list(found["outcomes"][0]["variants"]) == ["again", "again after all other cases"]
    shown = call(file, "show", "s/one[law=repeatable]", "--cases", "s.yaml", "-i", fake("echo"))
    assert "request `again after all other cases`" in shown.stdout
    assert "law repeatable:" in shown.stdout


def test_a_run_that_ended_early_asks_for_all_variants_again(file):
    run(file, *asked(fake("echo")))
    kept = (file / "r.ndjson").read_text().splitlines(keepends=True)
    law = next(i for i, line in enumerate(kept) if "law=repeatable" in line)
    (file / "r.ndjson").write_text("".join(kept[:law]))
    call(file, "run", "s.yaml", *asked(fake("echo")), "--resume", "r.ndjson", code=0)
    assert counted(file / "r.ndjson") == {"pass": 3}


def test_a_case_id_is_never_taken_for_a_variant():
    assert variants.original("s/one[law=repeatable]") == ("s/one[law=repeatable]", None)
    assert msgspec.structs.replace(PLAIN, id="x").law is None
