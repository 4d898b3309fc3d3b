"""A planted fault is found where it was planted."""

from __future__ import annotations

import blaming
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.blame.certify import same_bits
from conformance.outcomes import Outcome
from conformance.protocol import Returned
from conformance.tensors import from_numpy

CHAIN = "x => tf.exp(tf.tanh(tf.sin(x)))"
X = [0.5, 1.25, -0.7]


def tensor(values):
    return from_numpy(np.asarray(values, np.float32))


@pytest.mark.parametrize("op", ["sin", "tanh", "exp"])
@pytest.mark.parametrize("size", [1e-5, 1e-3])
def test_a_wrong_value_is_found(op, size):
    found = blaming.blamed(CHAIN, faults={op: blaming.wrong_value(1 + size)}, x=X).culprit
    assert (found.op, found.part, found.slot) == (op, "value", "")
    assert found.call == ["sin", "tanh", "exp"].index(op)
    assert found.share > 1
    assert found.ulp > found.budget


@pytest.mark.parametrize("op", ["sin", "tanh", "exp"])
@pytest.mark.parametrize("size", [1e-5, 1e-3])
def test_a_wrong_gradient_is_found(op, size):
    found = blaming.blamed(CHAIN, faults={op: blaming.wrong_gradient(1 + size)}, x=X).culprit
    assert (found.op, found.part, found.slot, found.level) == (op, "gradient", "0", 0)
    assert found.inputs[-1].startswith("dy: float32[3]")


def test_a_wrong_value_comes_before_a_wrong_gradient():
    faults = {"sin": blaming.wrong_gradient(2), "exp": blaming.wrong_value(2)}
    found = blaming.blamed(CHAIN, faults=faults, x=X).culprit
    assert (found.op, found.part) == ("exp", "value")


def test_of_two_wrong_gradients_the_one_that_came_first_is_named():
    faults = {"sin": blaming.wrong_gradient(2), "exp": blaming.wrong_gradient(2)}
    assert blaming.blamed(CHAIN, faults=faults, x=X).culprit.op == "exp"


def test_a_wrong_method_is_found():
    faults = {"tanh": blaming.wrong_value(1 + 1e-5)}
    assert blaming.blamed("x => x.sin().tanh()", faults=faults, x=X).culprit.op == "tanh"


def test_a_fault_in_one_result_of_several_names_the_result():
    def plant(op):
        def called(*given):
            found = op(*given)
            found["variance"] *= 1.001
            return found

        return called

    source = "x => { const m = tf.moments(x); return tf.add(m.mean, m.variance); }"
    found = blaming.blamed(source, faults={"moments": plant}, x=X).culprit
    assert (found.op, found.part, found.slot) == ("moments", "value", "variance")


def test_a_wrong_gradient_of_several_results_is_found():
    source = "x => { const [a, b, c] = tf.split(tf.sin(x), 3); return tf.mul(tf.mul(a, b), c); }"
    found = blaming.blamed(source, faults={"split": blaming.wrong_gradient(1.001)}, x=X).culprit
    assert (found.op, found.part) == ("split", "gradient")


def test_a_wrong_gradient_behind_broadcasting_names_the_input():
    source = "(x, y) => tf.mul(tf.exp(x), y)"
    faults = {"mul": blaming.wrong_gradient(1.0001)}
    found = blaming.blamed(source, faults=faults, x=X, y=2.5).culprit
    assert (found.op, found.part, found.slot) == ("mul", "gradient", "0")


def test_nan_for_a_number_is_a_fault_without_a_distance():
    def plant(op):
        return lambda x: op(x) * float("nan")

    found = blaming.blamed(CHAIN, faults={"tanh": plant}, x=X).culprit
    assert (found.op, found.part, found.got, found.ulp) == ("tanh", "value", "NaN", None)


def test_another_shape_is_a_fault():
    faults = {"tanh": lambda op: lambda x: op(x)[:2]}
    found = blaming.blamed(CHAIN, faults=faults, x=X).culprit
    assert (found.op, found.expected, found.got) == ("tanh", "shape [3]", "shape [2]")


def test_another_truth_value_is_a_fault():
    faults = {"greater": lambda op: lambda a, b: op(b, a)}
    source = "x => tf.where(tf.greater(x, 0), x, tf.exp(x))"
    found = blaming.blamed(source, faults=faults, x=X).culprit
    assert (found.op, found.part, found.expected, found.got) == (
        "greater",
        "value",
        "true",
        "false",
    )


def test_a_lost_gradient_is_a_fault():
    def plant(op):
        tf, _, _ = blaming.tensorflow()
        return lambda a, b: op(a, tf.stop_gradient(b))

    found = blaming.blamed("x => tf.mul(tf.sin(x), tf.exp(x))", faults={"mul": plant}, x=X).culprit
    assert (found.op, found.part, found.slot, found.got) == ("mul", "gradient", "1", "no gradient")


TWICE = "x => { const y = tf.exp(x); return tf.mul(tf.sin(y), tf.cos(y)); }"


def recorded(source=TWICE, **inputs):
    run = blaming.request(source, **(inputs or {"x": X}))
    said = blaming.tapped(run)
    return run, said.taps, said.returned


def with_upstream(taps, call, change):
    (one,) = taps[call].passes
    upstream = {"": tensor(change(one.upstream[""].numpy()))}
    return blaming.altered(taps, call, passes=(msgspec.structs.replace(one, upstream=upstream),))


def test_a_sum_without_one_of_its_parts_is_a_fault():
    run, taps, returned = recorded()
    (part,) = [one.gradients[0] for one in taps[1].passes]
    taps = with_upstream(taps, 0, lambda all_of_it: all_of_it - part.numpy())
    found = blaming.certified(run, taps, returned).culprit
    assert (found.op, found.part, found.slot) == ("exp", "accumulation", "")


def test_a_sum_in_another_order_is_none():
    run, taps, returned = recorded()
    parts = [one.gradients[0].numpy() for tap in taps[1:3] for one in tap.passes]
    taps = with_upstream(taps, 0, lambda _: parts[1] + parts[0])
    assert blaming.certified(run, taps, returned).clears


def test_what_only_cancelling_parts_explain_is_left_open():
    run, taps, returned = recorded()
    taps = with_upstream(taps, 0, lambda sum_of_it: sum_of_it * np.float32(1 + 3e-6))
    found = blaming.certified(run, taps, returned)
    assert not found.clears
    assert any("parts that cancel" in line for line in found.unchecked)


def test_a_wrong_sum_at_an_input_names_the_input():
    run, taps, returned = recorded("(x, y) => tf.mul(tf.sin(x), tf.cos(x))", x=X, y=1.0)
    grads = (tensor(returned.grads[0].numpy() * 1.5), None)
    found = blaming.certified(run, taps, msgspec.structs.replace(returned, grads=grads)).culprit
    assert (found.op, found.call, found.part, found.slot) == ("", None, "accumulation", "x")


def test_a_tensor_that_changed_on_its_way_is_a_fault():
    run, taps, returned = recorded(CHAIN, x=X)
    taps = blaming.altered(taps, 1, inputs=(tensor([9.0, 9.0, 9.0]),))
    found = blaming.certified(run, taps, returned).culprit
    assert (found.op, found.call, found.part, found.slot) == ("tanh", 1, "hand-over", "0")


def test_a_call_with_a_function_is_skipped_and_says_so():
    run, taps, returned = recorded(CHAIN, x=X)
    taps = blaming.altered(taps, 1, arguments=({"input": 0}, {"function": True}))
    found = blaming.certified(run, taps, returned)
    assert found.culprit is None
    assert "tf.tanh (call 1): it was given a function" in found.unchecked


def test_an_answer_that_no_call_gave_is_left_open():
    run, taps, returned = recorded(CHAIN, x=X)
    other = msgspec.structs.replace(returned, value=tensor([1.0, 2.0, 3.0]))
    assert "value: it is the result of no recorded call" in (
        blaming.certified(run, taps, other).unchecked
    )


def test_other_bits_with_taps_void_a_certificate():
    def outcome(values):
        return Outcome("case", "address", returned=Returned(value=tensor(values)))

    assert same_bits(outcome([0.0]), outcome([0.0]))
    assert not same_bits(outcome([0.0]), outcome([-0.0]))
    assert not same_bits(outcome([0.0]), Outcome("case", "address", crashed="it did"))


UNARY = ["sin", "cos", "tanh", "exp", "sigmoid", "softplus", "square", "atan"]


@settings(max_examples=25, deadline=None)
@given(
    ops=st.lists(st.sampled_from(UNARY), min_size=1, max_size=4, unique=True),
    at=st.integers(0, 3),
    part=st.sampled_from(["value", "gradient", None]),
    x=st.lists(st.floats(0.125, 1.5, width=32), min_size=1, max_size=3),
)
def test_in_any_chain_the_planted_op_and_part_are_named(ops, at, part, x):
    source = "x"
    for op in ops:
        source = f"tf.{op}({source})"
    plants = {"value": blaming.wrong_value, "gradient": blaming.wrong_gradient}
    op = ops[at % len(ops)]
    faults = {} if part is None else {op: plants[part](1 + 1e-4)}
    found = blaming.blamed(f"x => {source}", faults=faults, x=x)
    if part is None:
        assert found.clears, found
    else:
        assert (found.culprit.op, found.culprit.part) == (op, part)
