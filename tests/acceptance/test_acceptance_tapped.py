"""The simulated implementation with taps: the same bits, right steps, and faults where planted."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from conformance.judge.contracts import profiles
from conformance.tensors import from_numpy
from tests.acceptance import planting, tapped
from tests.acceptance.random_programs import KINDS, program
from tests.acceptance.simulated import MODES
from tests.acceptance.tapped import Fault
from tests.benchmarks.certified_power import CONTRACTS
from tests.exact.asking import request

CHAIN = "(x, y) => tf.softmax(x.mul(y).sin()).div(y)"
X, Y = np.array([0.3, -1.7, 2.2], "f4"), np.array([1.3, 0.7, -2.1], "f4")


def asked(source=CHAIN, **inputs):
    return msgspec.structs.replace(request(source, **(inputs or {"x": X, "y": Y})), tap=True)


def certified(run, given, contract="ieee"):
    oracle = planting.Oracle({contract: profiles()[contract]})
    return planting.judged(run, given, contract, oracle).certificate


@pytest.mark.parametrize("kind", KINDS)
def test_taps_leave_the_bits_as_they_are(kind):
    for seed in range(40):
        plain = program(seed, kind).request()
        contract = profiles()[CONTRACTS[seed % len(CONTRACTS)]]
        mode = MODES[seed % len(MODES)]
        with_taps = msgspec.structs.replace(plain, tap=True)
        one = tapped.run(plain, contract, seed, mode).answer
        two = tapped.run(with_taps, contract, seed, mode).answer
        assert two.taps
        assert not one.taps
        assert one.returned.value == two.returned.value
        assert one.returned.grads == two.returned.grads


def test_another_seed_has_other_bits():
    found = {
        tapped.run(asked(), profiles()["ieee"], seed).answer.returned.grads[0].data
        for seed in range(20)
    }
    assert len(found) > 5


@pytest.mark.parametrize("contract", CONTRACTS)
def test_right_steps_have_no_culprit_and_lie_in_the_balls_of_the_whole(contract):
    oracle = planting.Oracle({contract: profiles()[contract]})
    for seed in range(30_000, 30_030):
        plain = program(seed).request()
        run = msgspec.structs.replace(plain, tap=True)
        given = tapped.run(run, profiles()[contract], seed, MODES[seed % len(MODES)]).answer
        assert planting.judged(run, given, contract, oracle).certificate.culprit is None, seed
        assert not planting.is_outside(given, oracle.answer(plain), contract), seed


FAULTS = [
    Fault(0, "value", at=1, factor=1 + 1e-5),
    Fault(2, "value", factor=1.5),
    Fault(3, "value", at=0, factor=1 - 1e-6),
    Fault(3, "gradient", slot=1, factor=1 + 1e-4),
    Fault(2, "gradient", factor=-1.0),
    Fault(2, "gradient", term=("div", 1)),
    Fault(0, "gradient", slot=1, at=2, factor=1 + 1e-5),
    Fault(0, "gradient", slot=0, factor=0.0),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_where_it_was_planted(fault):
    run, contract = asked(), profiles()["ieee"]
    clean = tapped.run(run, contract, 7).answer
    given = tapped.run(run, contract, 7, fault=fault).answer
    culprit = certified(run, given).culprit
    assert planting.is_named(fault, clean, culprit), culprit


def test_a_fault_changes_nothing_before_it():
    run, contract = asked(), profiles()["ieee"]
    clean = tapped.run(run, contract, 7).answer.taps
    wrong = tapped.run(run, contract, 7, fault=Fault(1, "gradient", factor=1.5)).answer.taps
    assert [tap.results for tap in clean] == [tap.results for tap in wrong]
    assert [tap.passes for tap in clean[2:]] == [tap.passes for tap in wrong[2:]]
    before, after = clean[1].passes[0].gradients[0], wrong[1].passes[0].gradients[0]
    assert after == from_numpy(before.numpy() * np.float32(1.5))


def test_no_gradient_up_to_what_is_constant_in_pieces_is_no_fault():
    run = asked("x => x.step().mul(x.sin())", x=X)
    given = tapped.run(run, profiles()["ieee"], 0).answer
    assert [tap.op for tap in given.taps] == ["step", "sin", "mul"]
    for slot, is_fault in ((0, False), (1, True)):
        taps = list(given.taps)
        (one,) = taps[2].passes
        gradients = tuple(None if at == slot else g for at, g in enumerate(one.gradients))
        without = (msgspec.structs.replace(one, gradients=gradients),)
        taps[2] = msgspec.structs.replace(taps[2], passes=without)
        # Where nothing is contributed, nothing arrives either.
        taps[slot] = msgspec.structs.replace(taps[slot], passes=())
        found = certified(run, msgspec.structs.replace(given, taps=tuple(taps)))
        assert (found.culprit is not None) == is_fault, found
