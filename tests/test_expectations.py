"""Known divergences: strict both ways, and edits that change nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import expectations
from conformance.expectation_edits import apply
from conformance.expectations import EXCUSABLE, Entry, Matcher, load
from conformance.outcomes import WORDS, Verdict
from conformance.problems import InvalidFiles

CASES = [f"ops/a/sin[n={n}]" for n in range(4)] + ["ops/a/cos", "ops/b/sin"]
CPU, WASM = "tfjs:cpu", "tfjs:wasm"


def entry(cases="ops/a/sin", implementation=CPU, verdict="differs", count=2, line=1, **fields):
    given = {"kind": None, "cause": None, "because": "known", "issue": None}
    given["count_place"] = (line, 1)
    return Entry(
        cases=cases, implementation=implementation, verdict=verdict, count=count, line=line,
        **given | fields,
    )  # fmt: skip


def verdict(case=CASES[0], implementation=CPU, word="differs", **fields):
    return Verdict(case, implementation, word, **fields)


def edits(entries, found, addresses=(CPU,), **run):
    """What is wrong with the entries after a run, of all cases by default, with these verdicts."""
    matcher = Matcher(entries)
    for one in found:
        matcher.explain(one)
    run = {"known": CASES, "ran": CASES, "whole": True} | run
    found = matcher.edits(implementations=list(addresses), **run)
    return [(edit.message, edit.count) for edit in found]


TWO = [verdict(case) for case in CASES[:2]]


def test_an_entry_that_fits_explains_its_verdicts_and_asks_for_no_edit():
    matcher = Matcher([entry(because="rounds", issue="https://x/1")])
    explained = matcher.explain(TWO[0])
    assert explained.expected
    assert explained.because == "rounds (https://x/1)"
    assert edits([entry()], TWO) == []


@pytest.mark.parametrize(
    "other",
    [
        verdict(case="ops/b/sin"),
        verdict(case="ops/a/sine"),
        verdict(implementation=WASM),
        verdict(word="threw"),
        verdict(word="crashed"),
        verdict(kind="shape"),
    ],
)
def test_what_an_entry_is_not_about_it_does_not_explain(other):
    found = Matcher([entry(kind="numeric")]).explain(other)
    assert not found.expected
    assert found.because is None


def test_a_class_that_is_not_given_is_any_class():
    assert Matcher([entry()]).explain(verdict(kind="shape")).expected
    assert Matcher([entry(kind="shape")]).explain(verdict(kind="shape")).expected


@given(st.sampled_from(WORDS), st.booleans())
def test_not_run_is_never_excused_and_a_pass_needs_no_excuse(word, before):
    everything = [entry(verdict=word, implementation="*", cases="*") for word in WORDS]
    found = Matcher(everything).explain(verdict(word=word, expected=before, because="old"))
    assert found.expected == (word != "not run")
    assert found.because == ("known" if word in EXCUSABLE else None)


def test_an_entry_for_any_verdict_covers_passes_too_but_not_what_was_not_run():
    unsteady = entry(verdict="any", count=2)
    found = [verdict(case, word=word) for case, word in zip(CASES, ["pass", "threw"], strict=False)]
    matcher = Matcher([unsteady])
    assert [matcher.explain(one).because for one in found] == [None, "known"]
    assert edits([unsteady], found) == []
    assert not matcher.explain(verdict(word="not run")).expected
    ((_, count),) = edits([unsteady], found[:1])
    assert count == 1


def test_an_old_explanation_does_not_outlive_its_entry():
    old = verdict(expected=True, because="once")
    assert Matcher([]).explain(old) == verdict()


def test_an_entry_whose_cases_pass_now_is_to_be_removed():
    ((message, count),) = edits([entry()], [verdict(word="pass")])
    assert "none of `ops/a/sin` is `differs` on tfjs:cpu any more: remove the entry" in message
    assert count == 0


def test_an_entry_that_is_too_wide_or_too_narrow_is_given_its_count():
    ((message, count),) = edits([entry(count=1)], TWO)
    assert "2 cases of `ops/a/sin` are `differs` on tfjs:cpu, more than stated" in message
    assert "`count: 2`" in message
    assert count == 2
    ((message, count),) = edits([entry(count=9)], TWO[:1])
    assert "1 case of `ops/a/sin` is `differs` on tfjs:cpu, fewer than stated" in message
    assert count == 1


def test_an_entry_that_matches_no_case_is_to_be_removed():
    assert edits([entry("ops/c")], TWO) == [("`ops/c` matches no case: remove the entry", 0)]


def test_an_entry_about_an_implementation_that_did_not_take_part_is_left_alone():
    assert edits([entry(implementation=WASM)], TWO) == []


def test_two_entries_about_one_verdict_are_a_persons_to_mend():
    both = [entry(count=2, line=3), entry("ops/a/*", count=2, line=9)]
    assert edits(both, TWO) == [
        ("shares verdicts with the entry in line 3: narrow one of them", None)
    ]


def test_an_entry_that_fits_one_implementation_and_not_another_is_to_be_split():
    everywhere = entry(implementation="tfjs:*", count=2)
    ((message, count),) = edits([everywhere], TWO, addresses=(CPU, WASM))
    assert "covers 2 on tfjs:cpu, 0 on tfjs:wasm: write one entry for each" in message
    assert count is None
    same = [*TWO, *(verdict(case, WASM) for case in CASES[:2])]
    assert edits([everywhere], same, addresses=(CPU, WASM)) == []
    ((_, count),) = edits([entry(implementation="tfjs:*")], same[:1] + same[2:3],
                          addresses=(CPU, WASM))  # fmt: skip
    assert count == 1


def test_a_part_of_the_cases_says_only_that_an_entry_is_too_wide():
    some = {"known": CASES[:2], "ran": CASES[:2], "whole": False}
    assert edits([entry(count=3)], TWO, **some) == []
    assert edits([entry("ops/c")], [], **some) == []
    ((_, count),) = edits([entry(count=1)], TWO, **some)
    assert count == 2
    # All are known, but not all ran.
    assert edits([entry(count=3)], TWO, ran=CASES[:2]) == []


FINDINGS = st.lists(st.booleans(), min_size=len(CASES), max_size=len(CASES))
PATTERNS = st.sampled_from(["ops/a/sin", "ops/a", "ops/*", "*", "ops/b/sin", "ops/a/sin[n=1]"])


@given(FINDINGS, PATTERNS, st.integers(1, 7))
def test_no_edit_is_asked_for_exactly_when_the_count_is_right(differing, pattern, count):
    words = ["differs" if one else "pass" for one in differing]
    found = [verdict(case, word=word) for case, word in zip(CASES, words, strict=True)]
    one = entry(pattern, count=count)
    covered = sum(one.explains(v) for v in found)
    assert [number for _, number in edits([one], found)] == ([] if covered == count else [covered])
    if covered:
        assert edits([entry(pattern, count=covered)], found) == []


FILE = """\
# Known divergences.
# Each says why.

# sin rounds otherwise
- cases: ops/a/sin
  implementation: tfjs:cpu
  verdict: differs
  count:   2   # two of four
  because: it rounds otherwise  # why not

# cos is far off
- cases: 'ops/a/cos'
  implementation: "tfjs:*"
  verdict: differs
  class: numeric
  because: |
    it is
    far off
  "count": '1'
  issue: https://x/2

- {cases: ops/b, implementation: tfjs:cpu, verdict: threw, count: 4, because: 'count: 9'}
# the end
"""


def read(path, text):
    path.write_bytes(text.encode())
    return load(path, "e.yaml")


def test_a_file_is_read_with_the_places_of_its_entries(tmp_path):
    first, second, third = read(tmp_path / "e", FILE)
    assert (first.cases, first.implementation, first.count, first.line) == (
        "ops/a/sin", CPU, 2, 5
    )  # fmt: skip
    assert (second.kind, second.because, second.issue) == (
        "numeric",
        "it is far off",
        "https://x/2",
    )
    assert (third.verdict, third.because, third.line) == ("threw", "count: 9", 22)


def edited(path, text, counts):
    entries = read(path, text)
    made = [
        expectations.Edit(one, "", count) for one, count in zip(entries, counts, strict=True)
        if count != one.count
    ]  # fmt: skip
    return apply(text, made, entries, "e.yaml")


def test_counts_are_changed_in_their_place_and_nothing_else_is(tmp_path):
    new = edited(tmp_path / "e", FILE, [3, 22, 5])
    expected = FILE.replace("count:   2 ", "count:   3 ").replace("'1'", "22")
    assert new == expected.replace("count: 4", "count: 5")


def test_an_entry_is_removed_with_its_lines_and_the_comments_stay(tmp_path):
    new = edited(tmp_path / "e", FILE, [2, 0, 4])
    assert "cos" not in new.replace("# cos is far off", "")
    for comment in ("# Each says why.", "# sin rounds", "# why not", "# cos is far", "# the end"):
        assert comment in new
    assert [one.cases for one in read(tmp_path / "e", new)] == ["ops/a/sin", "ops/b"]


@given(st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12)))
def test_edits_make_the_file_say_what_was_wanted(tmp_path_factory, counts):
    path = tmp_path_factory.mktemp("e") / "e"
    new = edited(path, FILE, counts)
    assert [one.count for one in read(path, new)] == [count for count in counts if count]
    assert [line for line in new.splitlines() if line.startswith("#")] == [
        line for line in FILE.splitlines() if line.startswith("#")
    ]


def test_other_line_ends_stay_what_they_are(tmp_path):
    text = FILE.replace("\n", "\r\n")
    assert edited(tmp_path / "e", text, [3, 1, 0]).count("\r\n") == FILE.count("\n") - 1


ONE_LINE = "{cases: a, implementation: b, verdict: threw, count: 1, because: c}"
DASHED = "-\n  cases: a\n  implementation: b\n  verdict: threw\n  count: 1\n  because: c\n"


@pytest.mark.parametrize("text", [f"[{ONE_LINE}, {ONE_LINE}]\n", f"{DASHED}- {ONE_LINE}\n"])
def test_what_only_a_person_can_edit_is_refused_and_not_mangled(text, tmp_path):
    with pytest.raises(InvalidFiles) as caught:
        edited(tmp_path / "e", text, [0, 1])
    assert "only a person" in caught.value.problems[0].message


@pytest.mark.parametrize("text", ["", "# nothing is known\n", "[]\n", "\n\n"])
def test_a_file_without_entries_and_no_file_are_no_entries(text, tmp_path):
    assert read(tmp_path / "e", text) == []
    assert load(tmp_path / "nowhere", "nowhere") == []


WRONG = {
    "cases: a\n": ((1, 1), "a list of entries is expected"),
    "- a\n": ((1, 3), "an entry is a mapping"),
    "- {cases: a}\n": ((1, 3), "the field `count` is missing"),
    "- {case: a}\n": ((1, 4), "unknown field `case`"),
    "- {cases: [a]}\n": ((1, 11), "`cases` is a text"),
    "- {cases: ''}\n": ((1, 11), "`cases` is a text"),
    "- {verdict: pass}\n": ((1, 13), "`pass` cannot be expected"),
    "- {verdict: not run}\n": ((1, 13), "`not run` cannot be expected"),
    "- {class: numerical}\n": ((1, 11), "`numerical` cannot be expected"),
    "- {count: 0}\n": ((1, 11), "at least 1"),
    "- {count: many}\n": ((1, 11), "at least 1"),
    "- {count: ٣}\n": ((1, 11), "at least 1"),
    "- {count: 99999999999999999999}\n": ((1, 11), "at least 1"),
    "- {cases: a, cases: b}\n": ((1, 14), "`cases` stands twice"),
    "- &a {cases: a}\n": ((1, 3), "an anchor"),
    "\t": ((1, 1), "not YAML"),
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_file_says_where_and_what(text, tmp_path):
    place, message = WRONG[text]
    with pytest.raises(InvalidFiles) as caught:
        read(tmp_path / "e", text)
    found = [p for p in caught.value.problems if (p.line, p.column) == place]
    assert any(message in problem.message for problem in found), caught.value.problems
