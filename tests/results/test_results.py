"""The results file: what was written is what is read, and nothing else is."""

import contextlib
import re

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorded import ADDRESSES, case, header, record, settled

from conformance.outcomes import WORDS
from conformance.problems import HarnessError, InvalidResults
from conformance.results import cases_hash, read, read_unfinished
from conformance.results_writer import Writer

ITEMS = [settled(1), settled(2, "differs", "threw"), settled(3, "pass", "not run")]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "r.ndjson"
    record(path, ITEMS, faults=["a fault"], problems=["a problem"])
    return path


def test_what_was_written_is_what_is_read(file):
    found = read(file)
    assert found.header == header(ITEMS)
    assert list(found.settled) == ITEMS
    assert found.footer.verdicts["pass"] == 3
    assert found.footer.unexpected == 3
    assert found.footer.planned == sum(found.footer.verdicts.values()) == 6
    assert (found.footer.faults, found.footer.expectations) == (("a fault",), ("a problem",))


tmp_files = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
PAIRS = st.lists(st.tuples(*[st.sampled_from(WORDS)] * 2), max_size=6)


@tmp_files
@given(PAIRS)
def test_the_sums_are_those_of_the_verdicts(tmp_path, words):
    items = [settled(number, *pair) for number, pair in enumerate(words)]
    footer = record(tmp_path / "r", items)
    everything = [word for pair in words for word in pair]
    assert footer.planned == len(everything) == sum(footer.verdicts.values())
    assert footer.verdicts == {word: everything.count(word) for word in WORDS}
    assert footer.unexpected == len(everything) - everything.count("pass")
    assert read(tmp_path / "r").footer == footer
    if items:
        head, answered = read_unfinished(tmp_path / "r") or (None, [])
        assert answered == [item for item in items if "not run" not in
                            [verdict.verdict for verdict in item.verdicts]]  # fmt: skip
        assert head is None or head.planned == footer.planned


def test_a_plan_that_was_not_fulfilled_has_no_footer(tmp_path):
    with pytest.raises(HarnessError, match="8 verdicts were planned and 6 were reached"):
        record(tmp_path / "r", ITEMS, header(ITEMS, planned=8))
    with pytest.raises(InvalidResults, match="truncated"):
        read(tmp_path / "r")


def test_an_interrupted_run_may_have_fewer_verdicts_and_says_so(tmp_path):
    record(tmp_path / "r", ITEMS, header(ITEMS, planned=8), interrupted=True)
    found = read(tmp_path / "r").footer
    assert found.interrupted
    assert (found.planned, sum(found.verdicts.values())) == (8, 6)


def test_a_file_that_ends_anywhere_but_at_its_end_is_truncated(file):
    data = file.read_bytes()
    ends = [0, *(match.end() for match in re.finditer(rb"\n", data))]
    assert len(ends) == 1 + 1 + 3 * 5 + 1
    for end in [*ends[:-1], *(end + 20 for end in ends[:-1]), len(data) - 1]:
        file.write_bytes(data[:end])
        with pytest.raises(InvalidResults, match=r"truncated|no line"):
            read(file)


def test_what_was_settled_before_a_cut_can_be_continued(file):
    data = file.read_bytes()
    ends = [match.end() for match in re.finditer(rb"\n", data)]
    for number, end in enumerate(ends):
        for extra in (0, 20):
            file.write_bytes(data[: min(end + extra, len(data))])
            found = read_unfinished(file)
            complete = min(number // 5, 2)  # the third was not run
            assert (found[1] if found else []) == ITEMS[:complete]


EDITS = {
    "a verdict word": (rb'"verdict":"threw"', rb'"verdict":"pass"'),
    "an expectation": (rb'"verdict":"differs"', rb'"verdict":"differs","expected":true'),
    "bits": (rb"AQCAfw", rb"AQCAfg"),
    "a number of the header": (rb'"planned":6,"impl', rb'"planned":7,"impl'),
    "a policy": (rb'"policy":"default"', rb'"policy":"tfjs"'),
    "a count of the footer": (rb'"threw":1', rb'"threw":0'),
    "the unexpected ones": (rb'"unexpected":3', rb'"unexpected":0'),
    "a fault": (rb'"a fault"', rb""),
    "a problem": (rb'"a problem"', rb'"no problem"'),
    "the time": (rb'"seconds":1.25', rb'"seconds":1.5'),
    "the end": (rb'"interrupted":false', rb'"interrupted":true'),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_refused(name, file):
    old, new = EDITS[name]
    data = file.read_bytes()
    assert old in data
    file.write_bytes(data.replace(old, new, 1))
    with pytest.raises(InvalidResults, match=r"edited|not one per|truncated"):
        read(file)


def test_a_line_that_is_missing_doubled_or_swapped_is_refused(file):
    lines = file.read_bytes().splitlines(keepends=True)
    for at in range(len(lines)):
        for changed in (
            lines[:at] + lines[at + 1 :],
            lines[: at + 1] + lines[at:],
            [*lines[:at], *lines[at + 1 : at + 2], lines[at], *lines[at + 2 :]],
        ):
            if changed != lines:
                file.write_bytes(b"".join(changed))
                with pytest.raises(InvalidResults):
                    read(file)


@tmp_files
@given(st.data())
def test_no_flipped_bit_goes_unseen_but_in_the_spelling(tmp_path, data):
    path = tmp_path / "r"
    record(path, ITEMS)
    original, before = path.read_bytes(), read(path)
    at = data.draw(st.integers(0, len(original) - 1))
    flipped = original[at] ^ (1 << data.draw(st.integers(0, 7)))
    path.write_bytes(original[:at] + bytes([flipped]) + original[at + 1 :])
    with contextlib.suppress(InvalidResults):
        assert read(path) == before


@tmp_files
@given(st.binary() | st.text().map(str.encode))
def test_no_bytes_do_anything_but_be_refused(tmp_path, data):
    path = tmp_path / "r"
    path.write_bytes(data)
    with pytest.raises(InvalidResults):
        read(path)


@pytest.mark.parametrize("data", [b"[" * 100_000 + b"\n", b'{"header":{"format":1}}\n',
                                  b'{"case":{}}\n', b"{}\n", b"null\n", b"\n"])  # fmt: skip
def test_what_is_no_results_file_is_refused_with_its_line(data, tmp_path):
    path = tmp_path / "r"
    path.write_bytes(data)
    for reader in (read, read_unfinished):
        with pytest.raises(InvalidResults, match=r":1 (is no line|does not follow)"):
            reader(path)


def test_another_format_is_named(tmp_path):
    path = tmp_path / "r"
    path.write_bytes(b'{"header":{"format":2,"news":[]}}\n')
    with pytest.raises(InvalidResults, match="has format 2, this version reads 1"):
        read(path)


def test_a_file_that_is_not_there_says_so(tmp_path):
    for reader in (read, read_unfinished):
        with pytest.raises(InvalidResults, match="cannot be read: No such file"):
            reader(tmp_path / "nowhere")
        with pytest.raises(InvalidResults, match="cannot be read: Is a directory"):
            reader(tmp_path)


def test_a_continued_file_keeps_what_was_settled_at_every_moment(file):
    head, answered = read_unfinished(file)
    writer = Writer.resumed(file, head, answered)
    assert read_unfinished(file) == (head, answered)
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    writer.settled(settled(3))
    writer.footer(seconds=1.0, interrupted=False, faults=[], problems=[])
    assert read(file).settled == (*answered, settled(3))


def test_a_full_disk_is_one_sentence_at_every_line(tmp_path):
    full = tmp_path / "full"
    full.symlink_to("/dev/full")
    with pytest.raises(HarnessError, match="No space left on device") as caught:
        record(full, ITEMS)
    assert "--results" in caught.value.hint


def test_the_hash_of_cases_is_about_what_is_asked_and_not_where_it_stands():
    one, two = case(1), case(2)
    assert cases_hash([one, two]) == cases_hash([two, one])
    moved = msgspec.structs.replace(one, file="t.yaml", line=99, tags=("x",), why="y", spec="z")
    assert cases_hash([moved]) == cases_hash([one])
    assert cases_hash([one]) != cases_hash([two])
    assert cases_hash([one]) != cases_hash([msgspec.structs.replace(one, call="grad")])
    assert cases_hash([one, one]) != cases_hash([one])


def test_a_pass_against_nothing_is_counted_but_not_the_references(tmp_path):
    items = [settled(1), settled(2, "pass", "differs")]
    record(tmp_path / "a", items)
    assert read(tmp_path / "a").unchecked() == 3
    record(tmp_path / "b", items, header(items, reference=ADDRESSES[0]))
    assert read(tmp_path / "b").unchecked() == 1
