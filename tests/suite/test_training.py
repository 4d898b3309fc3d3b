"""Training in a case file: what ``optimizer`` and ``steps`` become, and every mistake in them."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from suites import marked, problems, read, suite

from conformance.optimizers import PARAMETERS, described, values
from conformance.protocol import Optimizer
from conformance.suite import case_file

BASE = "name: n\ncall: minimize\nf: w => w.square()\ninputs: {w: 2}\n"
SGD = "optimizer: {name: sgd, learningRate: 0.1}"


def one(folder, text):
    (case,) = read(folder, suite(text))
    return case


def test_parameters_take_the_places_that_they_have_in_tfjs(tmp_path):
    given = "optimizer: {epsilon: 1.0e-3, name: adam, learningRate: 1}\nsteps: 3"
    case = one(tmp_path, BASE + given)
    assert case.optimizer == Optimizer("adam", (1.0, None, None, 1e-3))
    assert (case.steps, case.wrt) == (3, ("w",))
    request = case.request(1)
    assert (request.optimizer, request.steps) == (case.optimizer, 3)


def test_what_is_not_given_is_not_sent(tmp_path):
    case = one(tmp_path, BASE + "optimizer: {name: adam}")
    assert (case.optimizer, case.steps) == (Optimizer("adam"), 1)


def test_flags_are_truth_values(tmp_path):
    given = "optimizer: {name: rmsprop, learningRate: 0.1, centered: true}"
    assert one(tmp_path, BASE + given).optimizer.arguments == (0.1, None, None, None, True)


def test_axes_reach_into_optimizer_and_steps(tmp_path):
    text = """
        name: n
        call: minimize
        for:
          rate: [0.1, 0.2]
          with: [{name: once, name of: sgd, steps: 1}]
        f: w => w.square()
        inputs: {w: 2}
        optimizer: {name: '${with.name of}', learningRate: '${rate}'}
        steps: ${with.steps}
    """
    cases = read(tmp_path, suite(text))
    assert [case.optimizer for case in cases] == [Optimizer("sgd", (r,)) for r in (0.1, 0.2)]


def test_a_whole_optimizer_may_be_the_value_of_an_axis(tmp_path):
    text = BASE + "for: {with: [{name: adam, beta1: 0.5}]}\noptimizer: ${with}"
    case = one(tmp_path, text)
    assert case.optimizer == Optimizer("adam", (None, 0.5))
    assert case.id == "s/n[with=adam]"


def test_variables_are_expected_by_name(tmp_path):
    case = one(tmp_path, BASE + SGD + "\nexpect: {value: 4, variables: {w: 1.6}}")
    assert case.expect.variables["w"].items == ("1.6",)


WRONG = {
    "no optimizer": ("name: n\ncall: §minimize\nf: w => w\ninputs: {w: 2}",
                     "`minimize` needs an `optimizer`", "sgd"),
    "another call": ("name: n\nf: w => w\ninputs: {w: 2}\n§" + SGD,
                     "`optimizer` does not go with `call: valueAndGrads`", "call: minimize"),
    "steps of another call": ("name: n\ncall: grad\nf: w => w\ninputs: {w: 2}\n§steps: 2",
                              "`steps` does not go with `call: grad`", "call: minimize"),
    "dy": (BASE + SGD + "\n§dy: 1", "`dy` does not go with `call: minimize`", None),
    "no mapping": (BASE + "optimizer: §sgd", "`optimizer` is a mapping", "name: sgd"),
    "no name": (BASE + "optimizer: §{learningRate: 1}", "has a `name`", "adadelta"),
    "unknown optimizer": (BASE + "optimizer: {name: §adan}", "no optimizer `adan`", "`adam`"),
    "unknown parameter": (BASE + "optimizer: {name: adam, §beta3: 1}",
                          "the optimizer adam has no parameter `beta3`", "did you mean `beta"),
    "of another optimizer": (BASE + "optimizer: {name: sgd, learningRate: 1, §rho: 1}",
                             "sgd has no parameter `rho`", "one of learningRate"),
    "missing": (BASE + "optimizer: §{name: momentum, learningRate: 0.1}",
                "the optimizer momentum needs `momentum`", "momentum: 0.1"),
    "a text": (BASE + "optimizer: {name: sgd, learningRate: §fast}", "no number", None),
    "a quoted number": (BASE + "optimizer: {name: sgd, learningRate: §'1'}", "is a number", None),
    "a truth value": (BASE + "optimizer: {name: sgd, learningRate: §true}", "is a number", "0.1"),
    "infinite": (BASE + "optimizer: {name: sgd, learningRate: §NaN}", "finite number", None),
    "no flag": (BASE + "optimizer: {name: rmsprop, learningRate: 1, centered: §1}",
                "`centered` is true or false", None),
    "no step": (BASE + SGD + "\nsteps: §0", "steps is a whole number from 1 to 1000", None),
    "half a step": (BASE + SGD + "\nsteps: §1.5", "steps is a whole number", None),
    "gradients of training": (BASE + SGD + "\nexpect: {§grads: {w: 1}}",
                              "`grads` does not go with `call: minimize`", "`variables`"),
    "variables without training": ("name: n\nf: w => w\ninputs: {w: 2}\nexpect: {§variables: {}}",
                                   "`variables` does not go", "`grads`"),
    "unknown variable": (BASE + SGD + "\nexpect: {variables: {§v: 1}}",
                         "unknown field `v` in the trained variables", None),
    "no variable": (BASE + SGD + "\nexpect: {variables: {w: §none}}", "always has a value", None),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_in_training_says_where_and_what_to_do(name, tmp_path):
    text, message, hint = WRONG[name]
    text, place = marked(suite(text))
    found = problems(tmp_path, text)
    here = [p for p in found if (p.line, p.column) == place and message in p.message]
    assert here, found
    assert hint is None or hint in here[0].hint


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        (BASE + SGD, True),
        (BASE + SGD + "\nsteps: 2\nexpect: {variables: {w: 1}}", True),
        (BASE, False),
        (BASE + SGD + "\ndy: 1", False),
        (BASE + "optimizer: {name: adan}", False),
        ("name: n\nf: w => w\ninputs: {w: 2}\nsteps: 2", False),
    ],
)
def test_the_schema_of_case_files_knows_training(text, valid):
    place = Path(case_file.__file__).with_name("case.schema.json")
    schema = json.loads(place.read_text("utf-8"))
    errors = list(jsonschema.Draft202012Validator(schema).iter_errors(yaml.safe_load(suite(text))))
    assert (not errors) == valid, errors


def test_values_have_the_defaults_of_tfjs():
    assert values(Optimizer("adam", (None, 0.5))) == {
        "learningRate": 0.001, "beta1": 0.5, "beta2": 0.999, "epsilon": 1e-7,
    }  # fmt: skip
    assert all(len(set(parameters)) == len(parameters) for parameters in PARAMETERS.values())


def test_an_optimizer_is_described_by_what_was_given():
    given = Optimizer("rmsprop", (0.1, None, None, None, True))
    assert described(given, 2) == "rmsprop(learningRate=0.1, centered=true), 2 steps"
    assert described(Optimizer("adam"), 1) == "adam(), 1 step"
