"""Patterns and ids by the dozen match as one by one."""

import hypothesis
from hypothesis import strategies as st

from conformance.suite.patterns import Ids, Patterns
from conformance.suite.select import glob

WORDS = st.sampled_from(["a", "ab", "b", "/", "[", "]", "=", "1"])
IDS = st.lists(WORDS, min_size=1, max_size=6).map("".join)
PATTERNS = st.lists(st.one_of(WORDS, st.sampled_from("*?")), min_size=1, max_size=6).map("".join)


@hypothesis.given(st.lists(PATTERNS, max_size=8), st.lists(IDS, max_size=8))
def test_many_match_as_one_by_one(patterns, ids):
    known, index = Ids(ids), Patterns(patterns)
    for pattern in patterns:
        assert known.matched(pattern) == sorted(i for i in ids if glob(pattern).fullmatch(i))
    for case in [*ids, *reversed(ids)]:
        found = [n for n, pattern in enumerate(patterns) if glob(pattern).fullmatch(case)]
        assert index.matching(case) == found


def test_a_pattern_without_wildcards_matches_all_below_it():
    index = Patterns(["ops/reduction", "ops/reduction/sum", "ops", "other"])
    assert index.matching("ops/reduction/sum[axis=0]") == [0, 1, 2]
    assert index.matching("ops/reductions/sum") == [2]
