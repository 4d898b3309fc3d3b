"""Training steps: variables are places of their own, with a budget of their own."""

import msgspec
import numpy as np
import pytest
from judging import case, decimals, floats, op, returned, says, threw, vector, verdicts

from conformance.judge.budget import budget
from conformance.judge.op_costs import contracts
from conformance.language.tree import Arrow, Name
from conformance.optimizers import PARAMETERS
from conformance.protocol import Optimizer
from conformance.suite.case import Exact, Expectation

SGD = Optimizer("sgd", (0.5,))
LOSS = floats(5)


def training(expect=None, optimizer=SGD, steps=1, **inputs):
    """Minimize the sine of one or two variables."""
    made = case(expect=expect, call="minimize", **inputs)
    return msgspec.structs.replace(made, optimizer=optimizer, steps=steps)


def trained(*variables, value=LOSS, **more):
    return returned(value, variables=variables, **more)


def test_equal_variables_pass():
    both = trained(vector(1, 2))
    found = verdicts(training(), tensorflow=both, tfjs=both)
    assert [says(verdict) for verdict in found.values()] == ["pass", "pass"]


def test_a_wrong_variable_differs_at_its_own_place():
    of = training(x=vector(1, 2), y=vector(3))
    right, wrong = trained(vector(1, 2), vector(3)), trained(vector(1, 2), vector(4))
    found = verdicts(of, tensorflow=right, tfjs=wrong)["tfjs"]
    assert says(found) == "differs/numeric"
    assert (found.worst.place, found.worst.index) == ("variables.y", (0,))
    assert found.why.startswith("variable y differs at [0]: expected 3.0, got 4.0")
    assert found.wrong == ("tfjs",)


def test_the_loss_of_the_last_step_is_judged_as_the_value():
    variable = vector(1, 2)
    wrong = trained(variable, value=floats(6))
    found = verdicts(training(), tensorflow=trained(variable), tfjs=wrong)["tfjs"]
    assert (says(found), found.worst.place) == ("differs/numeric", "value")


def test_nan_in_a_variable_is_special():
    got = trained(vector(1, np.nan))
    found = verdicts(training(), tensorflow=trained(vector(1, 2)), tfjs=got)["tfjs"]
    assert (says(found), found.worst.place) == ("differs/special", "variables.x")


def test_the_sign_of_zero_says_nothing_in_a_variable():
    of = msgspec.structs.replace(training(), f=case(op("neg", "x")).f)
    found = verdicts(of, tensorflow=trained(vector(0.0, 1)), tfjs=trained(vector(-0.0, 1)))
    assert says(found["tfjs"]) == "pass"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (trained(), "returned 0 variables, 1 are trained"),
        (trained(vector(1), vector(2)), "returned 2 variables, 1 are trained"),
        (trained(vector(1, 2), value=None), "returned no value, which minimize has to give"),
        (returned(LOSS, vector(1)), "returned 1 gradients, 0 are asked for"),
    ],
)
def test_the_answer_to_training_is_complete(answer, said):
    found = verdicts(training(), tensorflow=trained(vector(1, 2)), tfjs=answer)["tfjs"]
    assert says(found) == "differs/status"
    assert found.why == said


def test_only_training_gives_variables():
    both = trained(vector(1))
    found = verdicts(case(call="value", wrt=()), tensorflow=both, tfjs=both)["tfjs"]
    assert found.why == "returned 1 variables, 0 are trained"


def test_a_stated_variable_says_who_is_wrong():
    of = training(Expectation(variables={"x": decimals("1.5", "2.0")}))
    found = verdicts(of, tensorflow=trained(vector(1.5, 3)), tfjs=trained(vector(1.5, 2)))
    assert (says(found["tensorflow"]), says(found["tfjs"])) == ("differs/numeric", "pass")
    assert found["tensorflow"].worst.place == "variables.x"
    assert found["tfjs"].against == "expect"


def test_exact_bits_of_a_variable_are_exact():
    of = training(Expectation(variables={"x": Exact(vector(1, 2))}))
    near = trained(vector(1, np.nextafter(np.float32(2), np.float32(3))))
    found = verdicts(of, tensorflow=trained(vector(1, 2)), tfjs=near)
    assert says(found["tfjs"]) == "differs/numeric"


def test_training_that_throws_on_one_side_is_a_status():
    found = verdicts(training(), tensorflow=trained(vector(1, 2)), tfjs=threw())["tfjs"]
    assert says(found) == "threw/status"


def test_what_stays_alive_after_training_is_a_leak():
    right = trained(vector(1, 2))
    leaking = trained(vector(1, 2), leaked=1)
    found = verdicts(training(), tensorflow=right, tfjs=leaking)["tfjs"]
    assert says(found) == "differs/leak"


def _budget(optimizer, steps):
    tree = Arrow(parameters=(Name(name="x"),), body=op("sin", "x"))
    return budget(tree, [(2,)], [(), (2,)], optimizer, steps)


def test_the_budget_of_a_step_is_that_of_the_gradient_and_of_the_rule():
    # sin has 4 forward and 2 * 4 + 1 backward, sgd 1.
    found = _budget(SGD, 1)
    assert (found.value, found.grads, found.variables) == (8, 26, 2 * (13 + 1))


def test_steps_are_one_long_chain():
    found = _budget(SGD, 3)
    assert (found.value, found.variables) == (2 * (4 + 2 * 14), 2 * 3 * 14)


def test_a_decay_costs_what_its_rounding_does_to_the_rest():
    plain = contracts().optimizers["rmsprop"]
    # 1 - 0.75 is a third of 0.75, so half a unit of the one is one and a half of the other.
    found = _budget(Optimizer("rmsprop", (0.1, 0.75)), 2)
    assert found.variables == 2 * 2 * (13 + plain + 1.5)
    assert _budget(Optimizer("rmsprop", (0.1, 1.0)), 1).variables == np.inf


def test_a_corrected_decay_costs_nothing_in_the_first_step():
    plain = contracts().optimizers["adam"]
    adam = Optimizer("adam", (0.1, 0.5, 0.5))
    assert _budget(adam, 1).variables == 2 * (13 + plain)
    # 0.5 ** 2 leaves three times as much of 1.
    assert _budget(adam, 2).variables == pytest.approx(2 * (2 * (13 + plain) + 2 * 0.5 / 3))


@pytest.mark.parametrize("name", PARAMETERS)
def test_more_steps_never_get_less(name):
    count = len([parameter for parameter in PARAMETERS[name] if parameter.default is None])
    budgets = [_budget(Optimizer(name, (0.5,) * count), steps).variables for steps in range(1, 6)]
    assert budgets == sorted(set(budgets))


def test_every_optimizer_has_a_contract():
    assert set(contracts().optimizers) == set(PARAMETERS)
