"""With certificates hardly an error is missed, the culprit is named, and nobody is falsely so."""

from __future__ import annotations

import pytest

from tests.benchmarks import certified_power
from tests.benchmarks.certified_power import CONTRACTS, KINDS, NAMED, TARGETS

PROGRAMS = 400
CLEAN = 500
"""How many programs there are under each contract, those with errors and those without."""
LEAST = {
    f"{what} {size:g}": least for what in ("answer", "value") for size, least in TARGETS.items()
}
SHORT = {"ieee": 0.01}
"""By how much less is asked for, as sigmoid and its like may be off by 8 units there."""
FORMULAS = 0.98
"""Of wrong formulas so many have a culprit, be they wrong by 1e-5 or altogether."""


@pytest.mark.slow
@pytest.mark.parametrize("contract", CONTRACTS)
def test_planted_errors_have_a_culprit_and_it_is_the_planted_one(contract):
    power = certified_power.measure(PROGRAMS, seed=0, contract=contract)
    text = "\n".join([*certified_power.report(power, 0), *power.misnamed])
    assert not power.false, text
    for kind in KINDS:
        least = LEAST.get(kind, FORMULAS) - SHORT.get(contract, 0)
        assert power.share(power.caught, kind) >= least, text
    for kind, caught in power.caught.items():
        assert power.named[kind] >= NAMED * caught, text


@pytest.mark.slow
@pytest.mark.parametrize("contract", CONTRACTS)
def test_no_step_that_keeps_its_contract_is_a_culprit(contract):
    power = certified_power.measure(CLEAN, seed=50_000, contract=contract, kinds=())
    assert not power.false, power.false[:3]
    assert power.clean["all is right"] >= 0.97 * power.programs, power.unchecked
