"""The balls are narrow enough to catch a small error, and quick enough to be asked for always."""

from __future__ import annotations

import pytest

from tests.benchmarks import judging_power, judging_speed

PROGRAMS = 1_000
LEAST = {
    "tensorflow": {1e-5: 0.93, 1e-6: 0.60},
    "cpu": {1e-5: 0.96, 1e-6: 0.79},
    "wasm": {1e-5: 0.94, 1e-6: 0.70},
}
"""The share that is caught at least, a little below what was measured."""
MOST_VACUOUS = 0.01
MOST_TIMES = 5
"""What a program with balls and two comparisons takes, in times of its exact answer alone."""


@pytest.mark.slow
@pytest.mark.parametrize("contract", LEAST)
def test_planted_errors_are_caught_and_few_balls_are_vacuous(contract):
    power = judging_power.measure(PROGRAMS, seed=0, contract=contract)
    text = "\n".join(judging_power.report(power, 0))
    for (size, whose), planted in power.planted.items():
        assert power.caught[size, whose] >= LEAST[contract][size] * planted, text
    vacuous = sum(width > judging_power.VACUOUS for width in power.widths)
    assert vacuous <= MOST_VACUOUS * len(power.widths), text


@pytest.mark.slow
def test_balls_and_comparisons_take_a_few_times_what_the_exact_answer_takes():
    work = judging_speed.prepared(300, 0, "elementwise")
    # The machine may be busy, but it is so with all of the stages.
    exact, *_, whole = judging_speed.shares(work).values()
    assert whole <= MOST_TIMES * exact
