"""Stored answers of the oracle: what they are found by, what may happen to their file."""

import contextlib
import shlex
import sqlite3
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from conformance import fingerprint as fingerprints
from conformance import goldens_file
from conformance.goldens import Golden, Goldens
from conformance.goldens_file import GoldensFile
from conformance.implementations.address import parse
from conformance.implementations.options import Options
from conformance.implementations.oracle import asked
from conformance.judge import policy
from conformance.language.tree import Arrow, Name
from conformance.plan import Plan
from conformance.problems import InvalidResults
from conformance.protocol import Argument, Bound, Contract, Function, Run
from conformance.results import cases_hash, read, read_unfinished
from conformance.run import execute
from conformance.suite.case import Case

FAKES = Path(__file__).parent / "fakes"
F = Function("x => x", Arrow((Name("x"),), Name("x")))
COUNT = 6


def case(number, **fields):
    x = Argument("float32", (1,), bytes((0, 0, 0x80, number)))
    given = {"call": "value", "f": F, "names": ("x",), "args": (x,), "wrt": ()} | fields
    return Case(id=f"s/{number}", file="s.yaml", line=number, **given)


CASES = [case(number) for number in range(1, COUNT + 1)]


def fake(name, *words):
    script = [sys.executable, "-S", str(FAKES / f"{name}.py"), *map(str, words)]
    return parse("cmd:" + shlex.join(script))


@pytest.fixture
def warnings():
    return []


@pytest.fixture
def store(tmp_path):
    return tmp_path / "goldens.sqlite"


class Counting:
    """An oracle that answers rightly, and what it has heard since it was last asked about."""

    def __init__(self, folder):
        self.file = folder / "heard"
        self.implementation = fake("counts", self.file)

    def heard(self):
        words = self.file.read_text().split() if self.file.exists() else []
        self.file.unlink(missing_ok=True)
        return words


@pytest.fixture
def counting(tmp_path):
    return Counting(tmp_path)


EVERYTHING = ["start", *map(str, range(1, COUNT + 1))]


def plan(folder, oracle, **changed):
    given = {
        "cases": CASES, "implementations": [fake("echo")], "policy": policy.parse("default"),
        "path": folder / "r.ndjson", "options": Options(stop_grace=0.2),
    } | changed  # fmt: skip
    return Plan(
        known=[one.id for one in given["cases"]], cases_hash=cases_hash(given["cases"]),
        entries=[], expectations_file="expectations.yaml", oracle=oracle, **given,
    )  # fmt: skip


def run(folder, oracle, *files, **changed):
    """Run some cases with an oracle and stored answers; what is in the results."""
    one = plan(folder, oracle, **changed)
    with Goldens(files[0] if files else None, files[1:]) as goldens:
        execute(one, lambda _: None, goldens=goldens)
    return read(one.path)


def opened(store, warnings, **options):
    return GoldensFile(store, warnings.append, **{"limit": 1 << 30} | options)


def test_a_second_run_starts_no_oracle_and_has_the_same_results(
    tmp_path, counting, store, warnings
):
    first = run(tmp_path, counting.implementation, opened(store, warnings))
    assert counting.heard() == EVERYTHING
    second = run(tmp_path, counting.implementation, opened(store, warnings))
    assert counting.heard() == []
    by_id = {item.case.id: item for item in first.settled}
    for item in second.settled:
        assert item.oracle == by_id[item.case.id].oracle
        assert item.oracle.returned.value.data == item.case.args[0].data
    assert second.header.oracle == first.header.oracle is not None
    assert (first.footer.oracle.stored, first.footer.oracle.computed) == (0, COUNT)
    assert (second.footer.oracle.stored, second.footer.oracle.computed) == (COUNT, 0)
    assert warnings == []


def test_the_oracle_has_no_verdicts_and_is_not_planned(tmp_path, counting):
    found = run(tmp_path, counting.implementation)
    assert found.footer.planned == COUNT == len(list(found.verdicts()))
    assert counting.implementation.address not in found.header.implementations
    assert all(len(item.outcomes) == 1 for item in found.settled)


def test_without_an_oracle_a_results_file_says_nothing_of_one(tmp_path):
    found = run(tmp_path, None)
    assert found.header.oracle is found.footer.oracle is None
    assert all(item.oracle is None for item in found.settled)
    assert b'"oracle":{' not in (tmp_path / "r.ndjson").read_bytes()


def test_without_a_store_every_run_asks(tmp_path, counting):
    for _ in range(2):
        run(tmp_path, counting.implementation)
        assert counting.heard() == EVERYTHING


def test_a_new_case_is_the_only_one_that_is_asked(tmp_path, counting, store, warnings):
    run(tmp_path, counting.implementation, opened(store, warnings))
    counting.heard()
    new = [*CASES[:3], case(9), *CASES[3:]]
    run(tmp_path, counting.implementation, opened(store, warnings), cases=new)
    assert counting.heard() == ["start", "4"]


def test_the_name_of_a_case_does_not_matter(tmp_path, counting, store, warnings):
    run(tmp_path, counting.implementation, opened(store, warnings))
    counting.heard()
    renamed = [msgspec.structs.replace(one, id=f"t/{one.line}") for one in CASES]
    found = run(tmp_path, counting.implementation, opened(store, warnings), cases=renamed)
    assert counting.heard() == []
    assert {item.oracle.case for item in found.settled} == {one.id for one in renamed}


def test_other_contracts_are_asked_for_again(tmp_path, counting, store, warnings, monkeypatch):
    run(tmp_path, counting.implementation, opened(store, warnings))
    counting.heard()
    other = {"ieee": Contract(bounds={"+": Bound(ulp=0.75)})}
    monkeypatch.setattr("conformance.run.profiles_of", lambda _addresses: other)
    run(tmp_path, counting.implementation, opened(store, warnings))
    assert counting.heard() == EVERYTHING


def test_a_changed_oracle_is_asked_again(tmp_path, counting, store, warnings, monkeypatch):
    run(tmp_path, counting.implementation, opened(store, warnings))
    counting.heard()
    monkeypatch.setattr("conformance.implementations.oracle.fingerprint", lambda: b"another")
    run(tmp_path, counting.implementation, opened(store, warnings))
    assert counting.heard() == EVERYTHING


def test_the_fingerprint_is_that_of_all_code_of_the_oracle_and_of_no_other(monkeypatch):
    sources = dict(fingerprints._sources())
    names = set(sources)
    assert {"protocol.py", "tensors.py", "language/tree.py"} <= names
    assert {"reference_impl/exact/sweep.py", "reference_impl/exact/ops/arithmetic.py"} <= names
    assert not [name for name in names if name.startswith("reference_impl/ops/")]
    before = fingerprints.fingerprint()
    assert fingerprints.fingerprint() == before
    for name in ("reference_impl/exact/sweep.py", "tensors.py"):
        changed = sources | {name: sources[name] + b"\n"}
        monkeypatch.setattr(fingerprints, "_sources", lambda changed=changed: changed.items())
        assert fingerprints.fingerprint() != before


def test_the_fingerprint_is_found_without_importing_the_oracle():
    code = (
        "import sys; from conformance.fingerprint import fingerprint; fingerprint();"
        "assert not {'flint', 'reference_impl', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=FAKES.parents[1])


@pytest.mark.parametrize("dy", [None, Argument("float32", (), b"\0\0\0\0")])
def test_neither_the_id_nor_the_trace_of_a_request_counts(dy):
    def line(number, **fields):
        request = Run(number, "value", F, ("x",), CASES[0].args, ("x",), dy, **fields)
        return asked(msgspec.json.encode(request) + b"\n", number)

    assert line(1) == line(1234) == line(7, trace=True)
    assert line(1) != line(1, print=True)
    assert line(1) != line(1, explain=True)


def test_a_crash_is_an_outcome_that_is_not_stored(tmp_path, store, warnings):
    oracle = fake("crashes_at", 3)
    for _ in range(2):
        found = run(tmp_path, oracle, opened(store, warnings))
        (crashed,) = [item for item in found.settled if item.oracle.returned is None]
        assert (crashed.case.id, bool(crashed.oracle.crashed)) == ("s/3", True)
        assert found.footer.faults == ()
        assert all(verdict.verdict == "pass" for verdict in found.verdicts())
    assert found.footer.oracle.stored < COUNT


def test_nothing_is_stored_of_whoever_answers_what_was_not_asked(tmp_path, store, warnings):
    found = run(tmp_path, fake("answers_twice", COUNT), opened(store, warnings))
    assert found.footer.faults
    assert opened(store, warnings).size()[0] == 0


def test_an_oracle_that_cannot_be_started_is_a_fault_and_the_run_goes_on(tmp_path, store, warnings):
    found = run(tmp_path, parse("cmd:./nothing"), opened(store, warnings))
    assert "cannot be started" in found.footer.faults[0]
    assert found.header.oracle is None
    assert all(item.oracle.not_run for item in found.settled)
    assert found.footer.verdicts["pass"] == COUNT


def test_a_law_is_not_asked_and_zeros_for_subnormals_are(tmp_path, counting):
    law = case(7, law="repeatable")
    tiny = msgspec.structs.replace(
        case(8), args=(Argument("float32", (1,), b"\1\0\0\0"),), wrt=("x",), call="grads"
    )
    found = run(tmp_path, counting.implementation, cases=[law, tiny])
    by_id = {item.case.id: item.oracle for item in found.settled}
    assert by_id["s/7"] is None
    assert len(by_id["s/8"].variants) == 2
    assert len(counting.heard()) == 1 + 3


def test_an_oracle_that_is_listed_is_asked_once_and_judged(tmp_path, counting, store, warnings):
    listed = [fake("echo"), counting.implementation]
    found = run(tmp_path, counting.implementation, opened(store, warnings), implementations=listed)
    assert counting.heard() == EVERYTHING
    assert found.footer.planned == 2 * COUNT
    assert all(item.oracle is None for item in found.settled)
    assert opened(store, warnings).size()[0] == 0


def test_a_run_that_is_continued_keeps_the_oracle(tmp_path, counting, store, warnings):
    run(tmp_path, counting.implementation, opened(store, warnings))
    path = tmp_path / "r.ndjson"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[: 1 + 4 * 2]))
    header, settled = read_unfinished(path)
    assert len(settled) == 2
    found = run(
        tmp_path, counting.implementation, opened(store, warnings), resume=(header, settled)
    )
    assert all(item.oracle.returned for item in found.settled)
    assert len(found.settled) == COUNT


def test_a_run_cannot_be_continued_with_another_oracle(tmp_path, counting):
    run(tmp_path, counting.implementation)
    path = tmp_path / "r.ndjson"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[: 1 + 4 * 2]))
    header, settled = read_unfinished(path)
    other = msgspec.structs.replace(header.oracle, version="2")
    resume = (msgspec.structs.replace(header, oracle=other), settled)
    with pytest.raises(InvalidResults, match="the oracle is not what it was"):
        run(tmp_path, counting.implementation, resume=resume)


# The file.


def stored(store, warnings, numbers, size=10, **options):
    file = opened(store, warnings, **options)
    file.put({key(number): bytes(size) for number in numbers})
    file.close()


def key(number):
    return number.to_bytes(32, "big")


def kept(store, warnings, count, **options):
    file = opened(store, warnings, **options)
    found = file.get(map(key, range(count)))
    file.close()
    return [number for number in range(count) if key(number) in found]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE golden SET answer = x'00' || substr(answer, 2)",
        "UPDATE golden SET answer = x'ff' || substr(answer, 2)",
        "UPDATE golden SET answer = 17",
        "UPDATE golden SET checksum = CAST(x'ff00' AS TEXT)",
        "UPDATE golden SET answer = 'text', used = 'never'",
    ],
)
def test_a_damaged_answer_is_computed_again_and_replaced(
    tmp_path, counting, store, warnings, damage
):
    run(tmp_path, counting.implementation, opened(store, warnings))
    counting.heard()
    with contextlib.closing(sqlite3.connect(store)) as database:
        database.execute(damage)
        database.commit()
    run(tmp_path, counting.implementation, opened(store, warnings))
    assert counting.heard() == EVERYTHING
    run(tmp_path, counting.implementation, opened(store, warnings))
    assert counting.heard() == []


def test_an_answer_under_the_name_of_another_is_damaged(store, warnings):
    stored(store, warnings, [1, 2])
    with contextlib.closing(sqlite3.connect(store)) as database:
        database.execute("DELETE FROM golden WHERE key = ?", [key(2)])
        database.execute("UPDATE golden SET key = ?", [key(2)])
        database.commit()
    assert kept(store, warnings, 3) == []


@pytest.mark.parametrize("content", [b"no database at all, but long enough" * 100, None])
def test_a_damaged_file_is_moved_aside_and_another_begun(store, warnings, content):
    stored(store, warnings, range(100), size=1000)
    if content is None:  # the pages are gone, and the head is whole
        content = store.read_bytes()[:4096] + b"\xff" * 40_000
    store.write_bytes(content)
    stored(store, warnings, range(5))
    if not store.with_name("goldens.sqlite.damaged").exists():
        stored(store, warnings, range(5))
    assert store.with_name("goldens.sqlite.damaged").read_bytes() == content
    (warning,) = warnings
    assert "were damaged" in warning
    stored(store, warnings, range(5))
    assert kept(store, warnings, 9) == [0, 1, 2, 3, 4]


def test_a_shared_file_is_read_and_never_written(tmp_path, counting, store, warnings):
    run(tmp_path, counting.implementation, opened(store, warnings))
    counting.heard()
    shared = tmp_path / "shared" / "team.sqlite"
    shared.parent.mkdir()
    store.rename(shared)
    shared.chmod(0o444)
    shared.parent.chmod(0o555)
    before = shared.read_bytes(), shared.stat().st_mtime_ns
    own = opened(store, warnings)
    found = run(
        tmp_path, counting.implementation, own, opened(shared, warnings, read_only=True),
        cases=[*CASES, case(9)],
    )  # fmt: skip
    assert counting.heard() == ["start", str(COUNT + 1)]
    assert (found.footer.oracle.stored, found.footer.oracle.computed) == (COUNT, 1)
    assert (shared.read_bytes(), shared.stat().st_mtime_ns) == before
    assert [path.name for path in shared.parent.iterdir()] == ["team.sqlite"]
    assert opened(store, warnings).size()[0] == 1
    assert warnings == []


@pytest.mark.parametrize("content", [b"", b"something else" * 100])
def test_a_shared_file_that_is_none_costs_a_warning(tmp_path, counting, warnings, content):
    (tmp_path / "other").write_bytes(content)
    run(
        tmp_path, counting.implementation, GoldensFile(tmp_path / "own", warnings.append),
        opened(tmp_path / "other", warnings, read_only=True),
    )  # fmt: skip
    assert counting.heard() == EVERYTHING
    assert len(warnings) == 1
    assert (tmp_path / "other").read_bytes() == content


def test_beyond_the_limit_the_longest_unused_go_first(store, warnings, monkeypatch):
    day = 86_400
    limit = 1 << 20
    for now, numbers in ((10 * day, range(40)), (20 * day, range(40, 80))):
        monkeypatch.setattr(goldens_file.time, "time", lambda now=now: now)
        stored(store, warnings, numbers, size=10_000, limit=limit)
    monkeypatch.setattr(goldens_file.time, "time", lambda: 30 * day)
    assert kept(store, warnings, 10, limit=limit) == list(range(10))
    stored(store, warnings, range(80, 110), size=10_000, limit=limit)
    found = kept(store, warnings, 110)
    assert set(range(10)) | set(range(80, 110)) <= set(found)
    assert not set(range(10, 20)) & set(found)
    assert len(found) > 60
    assert store.stat().st_size <= limit
    assert warnings == []


WRITING = """
import sys
from pathlib import Path
from conformance.goldens_file import GoldensFile
file = GoldensFile(Path(sys.argv[1]), sys.exit, limit=1 << 30)
for number in range(int(sys.argv[2]), 400, 2):
    file.put({number.to_bytes(32, "big"): bytes(500)})
    assert file.get([number.to_bytes(32, "big")])
file.close()
"""


def test_two_runs_at_once_write_into_one_file(store, warnings):
    both = [
        subprocess.Popen(
            [sys.executable, "-c", WRITING, str(store), str(first)], cwd=FAKES.parents[1]
        )
        for first in (0, 1)
    ]
    assert [one.wait(60) for one in both] == [0, 0]
    assert kept(store, warnings, 400) == list(range(400))


def test_a_file_that_stays_locked_costs_a_warning_and_no_answer(
    tmp_path, counting, store, warnings, monkeypatch
):
    monkeypatch.setattr(goldens_file, "_BUSY_SECONDS", 0.01)
    stored(store, warnings, [1])
    with contextlib.closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        found = run(tmp_path, counting.implementation, opened(store, warnings))
        other.execute("ROLLBACK")
    assert all(item.oracle.returned for item in found.settled)
    (warning,) = warnings
    assert "locked" in warning
    assert kept(store, warnings, 3) == [1]


def test_a_place_where_nothing_can_be_written_costs_a_warning(tmp_path, counting, warnings):
    (tmp_path / "file").write_text("no folder")
    run(tmp_path, counting.implementation, opened(tmp_path / "file" / "g.sqlite", warnings))
    assert counting.heard() == EVERYTHING
    assert len(warnings) == 1


def test_clearing_forgets_everything(store, warnings):
    stored(store, warnings, range(100), size=1000)
    file = opened(store, warnings)
    assert file.size()[0] == 100
    file.clear()
    assert file.size()[0] == 0
    file.close()
    assert store.stat().st_size < 30_000
    assert kept(store, warnings, 100) == []


def test_every_answer_comes_back_as_it_was(store, warnings):
    with Goldens(opened(store, warnings)) as goldens:
        goldens.put(b"k" * 32, Golden(unsupported="unsure"))
    with Goldens(opened(store, warnings)) as goldens:
        ((golden, size),) = goldens.get([b"k" * 32]).values()
    assert golden == Golden(unsupported="unsure")
    assert size > 0
