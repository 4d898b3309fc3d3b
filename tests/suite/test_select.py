"""Which cases run: patterns, words, tags, shards."""

import contextlib
import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playing_cases import case, cases

from conformance.problems import UsageError
from conformance.suite import select

IDS = [
    "ops/reduction/sum[axis=0,keepDims=true]",
    "ops/reduction/sum[axis=1,keepDims=true]",
    "ops/reduction/sum of nothing",
    "ops/reduction_odd/mean",
    "api/grad/plain",
    "api/grad/a.b (c|d)+",
]
ALL = cases(IDS)


def ids(found):
    return [case.id for case in found]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("ops/reduction", IDS[:3]),
        ("ops/reduction/", IDS[:3]),
        ("ops/reduction*", IDS[:4]),
        ("ops/reduction/sum", IDS[:2]),
        (IDS[0], IDS[:1]),
        ("ops/reduction/sum[axis=?,keepDims=true]", IDS[:2]),
        ("*[axis=1*", IDS[1:2]),
        ("*", IDS),
        ("*/mean", IDS[3:4]),
        ("api/grad/a.b (c|d)+", IDS[5:]),
    ],
)
def test_a_pattern_means_ids_and_all_below_them(pattern, found):
    assert ids(select.by_patterns(ALL, [pattern])) == found


@pytest.mark.parametrize("pattern", ["ops/red", "sum", "api/grad/a-b*", "", "OPS/reduction"])
def test_a_pattern_without_matches_is_an_error_with_a_hint(pattern):
    with pytest.raises(UsageError, match=re.escape(f"no case matches `{pattern}`")) as caught:
        select.by_patterns(ALL, ["api", pattern])
    assert "list" in caught.value.hint


def test_several_patterns_keep_the_order_of_the_cases_and_no_case_comes_twice():
    assert ids(select.by_patterns(ALL, ["api", "ops", "*"])) == IDS


@given(st.text(st.characters(blacklist_characters="*?", blacklist_categories=["Cs"]), min_size=1))
def test_brackets_and_all_else_mean_themselves(text):
    case_id = "s/" + text.rstrip("/") + "."
    assert select.glob(case_id).fullmatch(case_id)
    assert not select.glob(case_id).fullmatch(case_id + "x")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("sum", IDS[:3]),
        ("SUM", IDS[:3]),
        ("sum and not nothing", IDS[:2]),
        ("mean or plain", IDS[3:5]),
        ("not (mean or sum)", IDS[4:]),
        ("sum and nothing or mean", IDS[2:4]),
        ("not not mean", IDS[3:4]),
        ("[axis=0,keepdims=true]", IDS[:1]),
        ("nowhere", []),
    ],
)
def test_words_are_combined_as_python_combines_them(words, found):
    assert ids(select.by_words(ALL, words)) == found


@pytest.mark.parametrize("words", ["and", "sum and", "(sum", "sum)", "not", "sum mean", "()", "( "])
def test_a_malformed_expression_is_an_error_with_an_example(words):
    with pytest.raises(UsageError, match="-k does not understand") as caught:
        select.by_words(ALL, words)
    assert "sum and not" in caught.value.hint


@given(st.lists(st.sampled_from(["and", "or", "not", "(", ")", "sum", "x"])).map(" ".join))
def test_no_expression_does_anything_but_choose_or_be_refused(words):
    with contextlib.suppress(UsageError):
        assert set(ids(select.by_words(ALL, words))) <= set(IDS)


def test_an_endless_expression_is_refused():
    with pytest.raises(UsageError, match="at most"):
        select.by_words(ALL, "not " * 100_000 + "sum")


def test_tags_choose_the_cases_that_have_any_of_them():
    tagged = [case("s/a", tags=("x", "y")), case("s/b", tags=("y",)), case("s/c")]
    assert ids(select.by_tags(tagged, ["x"])) == ["s/a"]
    assert ids(select.by_tags(tagged, ["x", "y"])) == ["s/a", "s/b"]
    assert ids(select.by_tags(tagged, [])) == ["s/a", "s/b", "s/c"]
    with pytest.raises(UsageError, match="no case has the tag `z`") as caught:
        select.by_tags(tagged, ["x", "z"])
    assert "x, y" in caught.value.hint


@given(st.sets(st.text(max_size=5)), st.integers(1, 9))
def test_the_shards_are_a_partition(names, count):
    everything = cases(sorted(names))
    parts = [select.shard(everything, f"{i}/{count}") for i in range(1, count + 1)]
    assert sorted(itertools.chain(*map(ids, parts))) == sorted(names)


def test_a_case_stays_in_its_shard_when_others_come():
    many = cases([f"s/{number}" for number in range(200)])
    for shard in ("1/3", "2/3", "3/3"):
        some = set(ids(select.shard(many[::2], shard)))
        assert some == set(ids(select.shard(many, shard))) & set(ids(many[::2]))


@pytest.mark.parametrize(
    "text", ["0/3", "4/3", "1", "1/0", "a/b", "-1/3", "1/3/3", "", "\u0661/\u0663"]
)
def test_what_is_no_shard_is_an_error(text):
    with pytest.raises(UsageError, match="is no shard"):
        select.shard(ALL, text)
