"""`judge`: stored bits under other policies, as a user calls it."""

import json
import re

import pytest
from calling import asked, call, fake

WRONG = fake("taps_a_wrong_exp")
ECHO = fake("echo")
COUNT = 30
CASES = f"""\
suite: j
cases:
  - name: near
    for: {{n: [{", ".join(map(str, range(1, COUNT + 1)))}]}}
    call: value
    f: x => x.mul(1.0000002)
    inputs: {{x: {{shape: [1], linspace: ['${{n}}', '${{n}}']}}}}
  - name: exp of a square
    call: value
    f: x => x.square().exp()
    inputs: {{x: {{shape: [3], linspace: [-1, 2]}}}}
  - name: rounded away
    call: value
    f: x => x.add(1).sub(1)
    inputs: {{x: {{bits: [0x322bcc77]}}}}
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A run with the oracle; the echo is off by some units in the last place everywhere."""
    place = tmp_path_factory.mktemp("judging")
    (place / "j.yaml").write_text(CASES)
    words = ["run", "j.yaml", "-k", "near or away", *asked(ECHO), "--results", "r.ndjson"]
    call(place, *words, oracle=True, code=1)
    return place


def judge(folder, *words, code=None):
    return call(folder, "judge", "r.ndjson", *words, code=code).stdout


def rows(text):
    return [line.split() for line in text.splitlines()]


def test_flips_are_counted_from_what_to_what_by_implementation(ran):
    text = judge(ran, "--policy", "allclose:0,0.001", code=0)
    assert ["differs", "(numeric)", "pass", str(COUNT), str(COUNT)] in rows(text)
    assert ["ill-conditioned", "pass", "1", "1"] in rows(text)
    assert text.count(" → pass  ") == 20
    assert f"… and {COUNT + 1 - 20} more; --all lists them" in text
    assert (
        f"{COUNT + 1} of {COUNT + 1} verdicts flip under allclose:0,0.001 (the run used default)"
        in text
    )


def test_all_flips_are_listed_where_they_are_asked_for(ran):
    text = judge(ran, "--policy", "allclose:0,0.001", "--all")
    assert text.count("differs (numeric) → pass") == COUNT
    assert "ill-conditioned → pass  j/rounded away" in text
    assert "--all lists them" not in text


def test_the_share_of_the_budget_is_told_before_and_after(ran):
    text = judge(ran, "--policy", "ulp:4", "--all")
    shares = re.findall(r"takes (\S+) → (\S+) of its budget", text)
    known = [(float(before), float(now)) for before, now in shares if before != "?"]
    assert len(known) > COUNT / 2
    # A unit or more is too much for one correct rounding, and less than four.
    assert all(before > 1 >= now for before, now in known)


def test_programs_get_the_matrix_and_every_flip(ran):
    told = json.loads(judge(ran, "--policy", "allclose:0,0.001", "--json"))
    assert told["run"]["policy"] == "default"
    (one,) = told["policies"]
    assert len(one["changes"]) == COUNT + 1
    assert {"before": "differs (numeric)", "after": "pass", "implementation": ECHO,
            "count": COUNT} in one["matrix"]  # fmt: skip
    assert sum(part["count"] for part in one["matrix"]) == len(one["changes"])
    assert sum(one["counts"].values()) == one["verdicts"] == COUNT + 1


def test_several_policies_are_compared_with_each_other(ran):
    text = judge(ran, "--policy", "default", "--policy", "tfjs", "--policy", "bitwise", code=1)
    assert rows(text)[:5] == [
        ["policy", "pass", "ill-conditioned", "differs", "(numeric)"],
        ["the", "run", "(default)", "·", "1", str(COUNT)],
        ["default", "·", "1", str(COUNT)],
        ["tfjs", str(COUNT + 1), "·", "·"],
        ["bitwise", "1", "·", str(COUNT)],
    ]
    assert f"0 of {COUNT + 1} verdicts flip under default" in text
    assert "→" not in text


def test_what_the_steps_said_still_counts_under_the_same_policy(ran):
    words = ["run", "j.yaml", "-k", "square", *asked(WRONG), "--results", "w.ndjson"]
    call(ran, *words, oracle=True, code=1)
    for file, count in (("r", COUNT + 1), ("w", 1)):
        words = ["judge", f"{file}.ndjson", "--policy", "default"]
        said = call(ran, *words, code=1).stdout
        assert f"0 of {count} verdicts flip under default" in said


def test_a_run_without_an_oracle_says_what_stands_in_for_it(ran):
    words = ["run", "j.yaml", "-k", "n=3", *asked(ECHO), "--results", "n.ndjson"]
    call(ran, *words)
    text = call(ran, "judge", "n.ndjson", "--policy", "default").stdout
    assert "the run has no answers of the oracle" in text
    assert "no answers" not in call(ran, "judge", "n.ndjson", "--policy", "tfjs").stdout
