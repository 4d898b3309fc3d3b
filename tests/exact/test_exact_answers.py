"""What the oracle answers to cases: values, gradients of all kinds, kinks, what it is unsure of."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import mpmath
import msgspec
import numpy as np
import pytest
from asking import answer, ask, bits, request

from conformance.protocol import Answer, Threw
from reference_impl.exact.execute import execute

ROOT = Path(__file__).parents[2]


def nearest(number):
    return np.float32(mpmath.nstr(number, 40))


def test_values_and_gradients_are_correctly_rounded():
    value, (gradient,) = answer("x => x.exp().sum()", x=[0.1, -3.5])
    points = [mpmath.mpf(float(np.float32(x))) for x in (0.1, -3.5)]
    with mpmath.workdps(50):
        assert value == nearest(mpmath.fsum(map(mpmath.exp, points)))
        assert gradient.tolist() == [nearest(mpmath.exp(x)) for x in points]


def test_cancellation_is_no_loss():
    value, _ = answer("x => x.sum()", x=[1e30, 1, -1e30, 1e-30])
    assert value == 1
    value, _ = answer("x => x.cos().sub(1)", x=[1e-6])
    with mpmath.workdps(60):
        assert value[0] == nearest(mpmath.cos(mpmath.mpf(float(np.float32(1e-6)))) - 1)


def test_a_huge_angle_is_reduced_exactly():
    value, _ = answer("x => x.sin()", x=[3e38])
    with mpmath.workdps(100):
        assert value[0] == nearest(mpmath.sin(mpmath.mpf(float(np.float32(3e38)))))


def test_overflow_is_infinity_at_the_op_where_it_happens():
    value, _ = answer("x => x.exp().log()", x=[100, 10])
    assert value[0] == math.inf
    assert math.isclose(value[1], 10)
    value, (gradient,) = answer("x => x.mul(1e30).mul(1e30).mul(1e-30)", x=[1])
    assert value[0] == math.inf
    assert math.isclose(gradient[0], 1e30, rel_tol=1e-6)
    _, (gradient,) = answer("x => x.mul(1e-30).mul(1e30).mul(1e30)", x=[1])
    assert gradient[0] == math.inf


def test_tiny_numbers_are_kept_inside_and_rounded_at_the_end():
    value, _ = answer("x => x.mul(1e-30).mul(1e-30).mul(1e30)", x=[1])
    assert math.isclose(value[0], 1e-30, rel_tol=1e-6)
    value, _ = answer("x => x.mul(-1e-30).mul(1e-30)", x=[1])
    assert repr(float(value[0])) == "-0.0"


def test_gradients_take_dy():
    _, (gradient,) = answer("x => x.square()", dy=[1, 10], x=[3, 4])
    assert gradient.tolist() == [6, 80]
    wrong = ask("x => x.square()", dy=[1], x=[3, 4])
    assert isinstance(wrong, Threw)
    assert wrong.phase == "backward"


def test_a_gradient_of_a_gradient():
    value, (gradient,) = answer("x => tf.grad(z => z.mul(z).mul(z).sum())(x)", x=[2, -1])
    assert (value.tolist(), gradient.tolist()) == ([12, 3], [12, -6])
    third = "x => tf.grad(tf.grad(z => z.mul(z).mul(z)))(x)"
    value, (gradient,) = answer(third, x=[2])
    assert (value.tolist(), gradient.tolist()) == ([12], [6])


def test_the_inner_function_may_use_the_outer_input():
    value, (gradient,) = answer("x => tf.grad(z => z.mul(x))(x)", x=[3])
    assert (value.tolist(), gradient.tolist()) == ([6], [2])


def test_what_was_computed_outside_is_a_constant_inside():
    source = "x => {const y = x.reshape([1]); return tf.grad(z => z.mul(y))(x);}"
    value, (gradient,) = answer(source, x=[3])
    assert (value.tolist(), gradient.tolist()) == ([3], [1])
    alone = "x => {const y = x.mul(1); return tf.grad(z => y)(x);}"
    assert ask(alone, x=[3]).type == "UnconnectedError"


def test_an_input_that_is_not_used_has_no_gradient_and_one_that_is_cut_off_has_zeros():
    _, grads = answer("(x, y) => x.mul(2)", x=[1], y=[1])
    assert grads[1] is None
    _, grads = answer("(x, y) => tf.concat([x, y]).slice([0], [1])", x=[1], y=[1])
    assert [one.tolist() for one in grads] == [[1], [0]]
    _, grads = answer("x => x.floor()", x=[1.5])
    assert grads == [None]
    _, grads = answer("x => x.slice([0], [0]).sum()", x=[1.5])
    assert grads[0].tolist() == [0]


def test_an_integer_has_no_gradient():
    _, grads = answer("(x, i) => x.gather(i)", x=[1, 2, 3], i=np.array([2, 2, 0], np.int32))
    assert grads[0].tolist() == [1, 0, 2]
    assert grads[1] is None


def test_a_custom_gradient_is_used_and_differentiated():
    source = """x => {
        const f = tf.customGrad((a, save) => ({
            value: a.square(), gradFunc: (dy, saved) => dy.mul(a).mul(10)
        }));
        return f(x);
    }"""
    value, (gradient,) = answer(source, x=[3])
    assert (value.tolist(), gradient.tolist()) == ([9], [30])
    twice = source.replace("return f(x);", "return tf.grad(f)(x);")
    value, (gradient,) = answer(twice, x=[3])
    assert (value.tolist(), gradient.tolist()) == ([30], [10])


def test_gradients_of_variables():
    value, grads = answer("(v, w) => v.mul(v).sum()", "variableGrads", v=[1, 2], w=[5])
    assert value == 5
    assert grads[0].tolist() == [2, 4]
    assert grads[1] is None
    source = """x => {
        const v = tf.variable(x);
        return tf.variableGrads(() => v.square().sum()).value;
    }"""
    assert answer(source, "value", x=[3], wrt=[])[0] == 9


def test_nothing_leads_from_a_tensor_to_the_variable_made_of_it():
    _, (gradient,) = answer("x => tf.variable(x).square().mul(x)", x=[2])
    assert gradient.tolist() == [4]


@pytest.mark.parametrize(
    ("source", "x", "convention", "first", "last"),
    [
        ("x => x.relu()", 0, 0, 1, 0),
        ("x => x.relu6()", 6, 0, 1, 0),
        ("x => x.abs()", 0, 0, 1, -1),
        ("x => x.clipByValue(-1, 1)", 1, 1, 1, 0),
        ("x => x.leakyRelu(0.5)", 0, 0.5, 1, 0.5),
        ("x => x.maximum(2)", 2, 1, 1, 0),
        ("x => tf.maximum(2, x)", 2, 0, 0, 1),
        ("x => tf.stack([x, x.mul(3), x.neg()]).max()", 0, 1, 1, -1),
    ],
)
def test_at_a_kink_both_one_sided_derivatives_are_known(source, x, convention, first, last):
    for side, wanted in (("convention", convention), ("first", first), ("last", last)):
        returned = ask(source, side=side, x=[x])
        assert returned.grads[0].numpy().tolist() == [wanted], side


def test_next_to_a_kink_there_is_one_derivative():
    for side in ("convention", "first", "last"):
        returned = ask("x => x.relu()", side=side, x=[1e-45])
        assert returned.grads[0].numpy().tolist() == [1]


def test_a_third_is_a_third():
    _, (gradient,) = answer("x => x.max()", x=[1, 1, 1])
    assert gradient.tolist() == [np.float32(1) / np.float32(3)] * 3


def test_a_difference_that_is_zero_by_algebra_alone_is_zero():
    _, (gradient,) = answer("x => x.div(x)", x=[3, 0.7])
    assert gradient.tolist() == [0, 0]


def test_what_no_precision_decides_is_unsure():
    said = ask("x => x.exp().square().greater(x.mul(2).exp())", "value", x=[1], wrt=[])
    assert isinstance(said, str)
    assert said.startswith("unsure")


def test_a_case_that_throws_says_where():
    threw = ask("x => x.reshape([7])", x=[1, 2])
    assert (threw.phase, threw.type) == ("forward", "ValueError")


def test_answers_do_not_depend_on_the_cases_before():
    hard = request("x => x.sin()", x=[3e38])
    easy = request("x => x.exp().sum()", x=[1, 2])
    before = execute(easy)
    execute(hard)
    after = execute(easy)
    assert (before.value, before.grads) == (after.value, after.grads)


def test_integers_wrap_and_are_never_rounded():
    greatest = np.array([2**31 - 1], np.int32)
    value, _ = answer("x => x.add(x)", "value", x=greatest, wrt=[])
    assert (value.dtype, value.tolist()) == (np.int32, [-2])
    value, _ = answer("x => x.floorDiv(1e-3)", "value", x=[1e30], wrt=[])
    divisor = mpmath.mpf(float(np.float32(1e-3)))
    with mpmath.workdps(60):
        assert value[0] == nearest(mpmath.floor(mpmath.mpf(float(np.float32(1e30))) / divisor))


def test_the_worker_answers_without_tensorflow():
    code = (
        "import sys; import reference_impl.exact.worker as w;"
        "assert 'tensorflow' not in sys.modules; w.main()"
    )
    sent = [
        b'{"id":0,"do":"start","protocol":1}',
        msgspec.json.encode(request("x => x.mul(x).sum()", x=[1, 2])),
        b'{"id":9,"do":"stop"}',
    ]
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=b"\n".join(sent) + b"\n",
        capture_output=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    started, returned = (msgspec.json.decode(one, type=Answer) for one in done.stdout.splitlines())
    assert (started.started.name, started.started.backend) == ("exact", "arb")
    assert returned.returned.value.numpy() == 5
    assert returned.returned.kernels == ()


def test_a_nan_is_a_nan_and_zeros_have_signs():
    value, _ = answer("x => x.neg()", x=bits([0.0, -0.0, math.nan]))
    assert [repr(one) for one in value.tolist()] == ["-0.0", "0.0", "nan"]
