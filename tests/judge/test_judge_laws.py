"""Each law, kept and broken by implementations of one op that are made for it."""

import functools

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judging import case, floats, op, says, vector

from conformance import variants
from conformance.judge.policy import parse
from conformance.judge.verdict import judge
from conformance.laws import requests
from conformance.outcomes import Outcome
from conformance.protocol import Returned, Threw
from conformance.suite import arguments
from conformance.tensors import from_numpy

X = vector(1, -2, 3, 0.5, -0.25, 7)
DY = vector(1, -10, 0.125, 3, 100, -0.5)
MATRIX = floats(*range(1, 7), shape=(3, 2))
ROW = floats(2, -3, shape=(1, 2))


def stated(law, body=None, **fields):
    """A case of this law; its function is ``x => x.square()`` unless a body is given."""
    fields = {"x": X} | fields
    return msgspec.structs.replace(case(body or op("square", "x"), **fields), law=law)


def arrays(one):
    return [arguments.array(given) for given in one.args]


def upstream(one, shape):
    return np.ones(shape, np.float32) if one.dy is None else arguments.array(one.dy)


def square(_, one):
    """What ``x => x.square()`` gives, and its sum with h, and h."""
    (x,) = arrays(one)
    with np.errstate(over="ignore"):
        return np.square(x), [np.float32(2) * x * upstream(one, x.shape)]


def sums(name, one):
    value, (gradient,) = square(name, one)
    (x,) = arrays(one)
    slope = {None: gradient, requests.WITH_H: gradient + 2 * x, requests.H_ALONE: 2 * x}
    return value if name is None else value.sum(), [slope[name]]


def product(_, one):
    """What ``(x, y) => x.mul(y)`` gives, broadcast gradients summed up."""
    x, y = arrays(one)
    value = x * y
    dy = upstream(one, value.shape)
    return value, [_summed(dy * y, x.shape), _summed(dy * x, y.shape)]


def _summed(array, shape):
    axes = tuple(i for i, size in enumerate(shape) if size != array.shape[i])
    return array.sum(axis=axes, keepdims=True, dtype=np.float32)


def returned(one, implementation, name=None):
    answer = implementation(name, one)
    if isinstance(answer, dict):
        return answer
    value, grads = answer
    value = None if one.call in {"grad", "grads"} else from_numpy(np.asarray(value, np.float32))
    grads = [from_numpy(np.asarray(gradient, np.float32)) for gradient in grads]
    return {"returned": Returned(value=value, grads=tuple(grads) if one.call != "value" else ())}


def outcome(one, implementation):
    found = Outcome(one.id, "fake", **returned(one, implementation))
    said = {
        name: Outcome(one.id, "fake", **returned(variant, implementation, name))
        for name, variant in variants.of(one).items()
    }
    return variants.attached(found, said)


def verdict(one, implementation, policy="default"):
    answers = {"fake": outcome(one, implementation)}
    return judge(one, answers, {}, parse(policy), "tensorflow")[0]


TWO = {"x": X, "y": vector(3, 1, -4, 1, 5, -9), "body": op("mul", "x", "y")}
BROADCAST = {"x": MATRIX, "y": ROW, "body": op("mul", "x", "y")}
KEPT = {
    "repeatable": (square, {}),
    "value and gradients agree": (square, {}),
    "linear in dy": (square, {"dy": DY}),
    "gradients of a sum": (sums, {}),
    "permuting": (product, TWO | {"dy": DY}),
    "batching": (product, TWO | {"dy": DY}),
    "batching of x": (product, BROADCAST),
    "permuting of x along 0": (product, BROADCAST),
    "broadcasting is tiling": (product, BROADCAST | {"dy": floats(*range(6), shape=(3, 2))}),
}


@pytest.mark.parametrize("law", KEPT)
def test_an_implementation_that_keeps_a_law_passes(law):
    implementation, fields = KEPT[law]
    found = verdict(stated(law, **fields), implementation)
    assert says(found) == "pass", found.why
    assert found.against == "law"
    assert found.used is not None


def changing(implementation, wanted, change):
    """An implementation that answers one request otherwise: ``change`` alters value and grads."""

    def other(name, one):
        value, grads = implementation(name, one)
        return change(value, grads) if name == wanted else (value, grads)

    return other


def nudged(array):
    """The array with its last element one unit in the last place further from zero."""
    found = np.array(array, np.float32)
    words = found.reshape(-1).view(np.uint32)
    words[-1] += 1
    return found


def off(array, by=1.01):
    found = np.array(array, np.float32)
    found.reshape(-1)[-1] *= by
    return found


def ignoring_dy(name, one):
    return square(name, msgspec.structs.replace(one, dy=None))


def adding_a_constant(name, one):
    value, (gradient,) = square(name, one)
    return value, [gradient + np.float32(0.01)]


def squaring_dy(name, one):
    value, _ = square(name, one)
    (x,) = arrays(one)
    return value, [2 * x * np.square(upstream(one, x.shape))]


def looking_at_its_place(name, one):
    value, grads = product(name, one)
    return value, [gradient * np.linspace(1, 1.01, 6, dtype=np.float32) for gradient in grads]


def forgetting_a_part(name, one):
    value, (x, y) = product(name, one)
    return value, [x, y / 3 if name is None else y]


def forgetting_copies(name, one):
    value, (x, _) = product(name, one)
    return value, [x, arrays(one)[0][:1] if name is None else _]


VALUE = functools.partial(changing, square)
BROKEN = {
    "repeats with another last bit": (
        "repeatable", changing(square, requests.AGAIN, lambda v, g: (nudged(v), g)), {}),
    "another gradient at the end of the run": (
        "repeatable", changing(square, variants.AT_THE_END, lambda v, g: (v, [nudged(g[0])])), {}),
    "value alone differs by a bit": (
        "value and gradients agree", VALUE("value", lambda v, g: (nudged(v), g)), {}),
    "grads differ by a bit": (
        "value and gradients agree", VALUE("grads", lambda v, g: (v, [nudged(g[0])])), {}),
    "grad differs by a bit": (
        "value and gradients agree", VALUE("grad", lambda v, g: (v, [nudged(g[0])])), {}),
    "the value of valueAndGrad differs by a bit": (
        "value and gradients agree", VALUE("valueAndGrad", lambda v, g: (nudged(v), g)), {}),
    "ignores dy": ("linear in dy", ignoring_dy, {"dy": DY}),
    "adds a constant": ("linear in dy", adding_a_constant, {"dy": DY}),
    "squares dy": ("linear in dy", squaring_dy, {"dy": DY}),
    "a value that depends on dy": (
        "linear in dy", VALUE(requests.OTHER_DY, lambda v, g: (nudged(v), g)), {"dy": DY}),
    "twice dy is off by a bit": (
        "linear in dy", VALUE(requests.TWICE_DY, lambda v, g: (v, [nudged(g[0])])), {"dy": DY}),
    "the sum of dy has no gradient": (
        "linear in dy", VALUE(requests.SUM_OF_DY, lambda v, g: (v, [g[0] * np.nan])), {"dy": DY}),
    "a sum that keeps one part only": (
        "gradients of a sum", changing(sums, requests.WITH_H, lambda v, g: (v, [g[0] / 2])), {}),
    "one element of a sum": (
        "gradients of a sum", changing(sums, requests.WITH_H, lambda v, g: (v, [off(g[0])])), {}),
    "a gradient that looks at its place": ("permuting", looking_at_its_place, TWO),
    "a permuted value": (
        "permuting", changing(product, requests.PERMUTED, lambda v, g: (nudged(v), g)), TWO),
    "a permuted NaN": (
        "permuting", changing(product, requests.PERMUTED, lambda v, g: (v * np.nan, g)), TWO),
    "one value of a batch": (
        "batching", changing(product, requests.SECOND, lambda v, g: (nudged(v), g)), TWO),
    "a gradient of a part": (
        "batching", changing(product, requests.FIRST, lambda v, g: (v, [off(g[0]), g[1]])), TWO),
    "the weights of a batch": ("batching of x", forgetting_a_part, BROADCAST),
    "copies without a sum": ("broadcasting is tiling", forgetting_copies, BROADCAST),
    "a value of tiled operands": (
        "broadcasting is tiling",
        changing(product, requests.TILED, lambda v, g: (nudged(v), g)), BROADCAST),
}  # fmt: skip


@pytest.mark.parametrize("fault", BROKEN)
def test_an_implementation_that_breaks_a_law_differs(fault):
    law, implementation, fields = BROKEN[fault]
    found = verdict(stated(law, **fields), implementation)
    kind = "nondeterministic" if law == "repeatable" else "law"
    assert says(found) == f"differs/{kind}"
    assert found.why.startswith(law.partition(" of x")[0])
    assert found.worst is not None
    assert found.worst.expected in found.why
    assert found.wrong == ("fake",)


def altered(names, leaked=0):
    return {"returned": Returned(
        value=X, grads=(X,), leaked=leaked, altered=None if names is None else tuple(names))
    }  # fmt: skip


@pytest.mark.parametrize(("answer", "wanted"), [
    (altered([]), "pass"),
    (altered(["x"]), "differs/law"),
    (altered(["dy"]), "differs/law"),
    (altered([], leaked=2), "differs/law"),
    (altered(None), "unsupported"),
])  # fmt: skip
def test_inputs_are_to_be_what_they_were(answer, wanted):
    one = stated("inputs unchanged", dy=DY)
    assert one.request(1).inspect
    assert says(verdict(one, lambda *_: answer)) == wanted


@pytest.mark.parametrize(("said", "wanted"), [
    ({"threw": Threw("forward", "Error", "no")}, "differs/law"),
    ({"crashed": "killed"}, "crashed"),
    ({"timed_out": 3.0}, "timed out"),
    ({"unsupported": "no op"}, "unsupported"),
    ({"not_run": "given up"}, "not run"),
])  # fmt: skip
def test_a_variant_that_is_not_answered_is_no_pass(said, wanted):
    def implementation(name, one):
        return said if name == requests.H_ALONE else sums(name, one)

    found = verdict(stated("gradients of a sum"), implementation)
    assert says(found) == wanted
    assert f"`{requests.H_ALONE}`" in found.why


def test_a_variant_of_which_nothing_is_recorded_was_not_run():
    one = stated("repeatable")
    alone = Outcome(one.id, "fake", **returned(one, square))
    (found,) = judge(one, {"fake": alone}, {}, parse("default"), None)
    assert says(found) == "not run"


def test_a_case_that_throws_keeps_no_law():
    threw = {"threw": Threw("forward", "Error", "no")}
    assert says(verdict(stated("repeatable"), lambda *_: threw)) == "threw/status"


def test_what_one_implementation_answers_says_nothing_about_the_others():
    one = stated("linear in dy", dy=DY)
    answers = {"tensorflow": outcome(one, ignoring_dy), "fake": outcome(one, square)}
    reference, fake = judge(one, answers, {}, parse("default"), "tensorflow")
    assert (says(reference), says(fake)) == ("differs/law", "pass")


def test_a_law_holds_under_every_policy():
    one = stated("linear in dy", dy=DY)
    assert says(verdict(one, square, "bitwise")) == "pass"
    assert says(verdict(one, ignoring_dy, "allclose:1,1e9")) == "differs/law"


def test_twice_a_gradient_may_overflow_and_a_subnormal_may_round():
    one = stated("linear in dy", x=vector(1, 3e38, 1e-38), dy=vector(1, 0.9, 0.1))
    assert says(verdict(one, square)) == "pass"


def test_sums_that_cancel_are_judged_by_the_size_of_their_parts():
    one = stated("permuting", op("sum", op("mul", "x", "x"), 1), x=floats(*range(8), shape=(4, 2)))

    def sloppy(name, one):
        (x,) = arrays(one)
        small = np.float32(1e-6 if name else 0)
        return (x * x).sum(axis=1), [2 * x + small]

    assert says(verdict(one, sloppy)) == "pass"


numbers = st.floats(-8, 8, width=32).map(lambda x: np.float32(round(x, 3)))


@given(st.lists(st.tuples(numbers, numbers, numbers), min_size=2, max_size=9),
       st.sampled_from(["linear in dy", "permuting", "batching"]))  # fmt: skip
def test_an_honest_product_keeps_the_laws_whatever_its_numbers(triples, law):
    x, y, dy = (vector(*column) for column in zip(*triples, strict=True))
    one = stated(law, op("mul", "x", "y"), x=x, y=y, dy=dy)
    found = verdict(one, product)
    assert says(found) == "pass", found.why


@given(st.lists(numbers, min_size=1, max_size=9))
def test_the_sum_of_two_upstream_gradients_is_exact(items):
    one = stated("linear in dy", x=vector(*items), dy=vector(*items))
    found = variants.of(one)
    total = arguments.array(found[requests.SUM_OF_DY].dy).astype(np.float64)
    other = arguments.array(found[requests.OTHER_DY].dy).astype(np.float64)
    np.testing.assert_array_equal(total, arguments.array(one.dy).astype(np.float64) + other)
    assert (other != 0).all()
