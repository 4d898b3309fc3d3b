"""How sharply a gradient is checked, from balls and verdicts."""

import msgspec
import numpy as np
import pytest
from ledgers import ADDRESSES, X, case, everywhere, gradient, judged, ledger, settled, trace

from conformance.ledger.checks import named

STEPS = trace(gradient("Add"), Add="a")
SLOT = ("Add", "a", "first")


def counts(tmp_path, *items, slot=SLOT, at="tfjs:cpu"):
    """What the cases are to a slot on an implementation."""
    return dict(ledger(tmp_path / "r.ndjson", *items).checks.of(slot, at))


def one(widths, name="one", words=("pass",) * 3, kinds=(None,) * 3, grads=((1.5, -2.0),)):
    """A case whose gradients have balls of these widths, for all contracts."""
    item = everywhere(case(name, call="grad", wrt=("x",)), STEPS, words=words)
    return judged(item, widths, grads=grads, kinds=kinds)


@pytest.mark.parametrize(
    ("widths", "word"),
    [
        ([(2, 0, 0, 0)], "sharp"),
        ([(1, 1, 0, 0)], "usable"),
        ([(1, 0, 1, 0)], "usable"),
        ([(1, 0, 0, 1)], "vacuous"),
        ([(0, 0, 0, 0)], "nothing"),
        ([None], "nothing"),
    ],
)
def test_a_case_is_as_sharp_as_its_widest_element(widths, word, tmp_path):
    assert counts(tmp_path, one(widths)) == {word: 1}


def test_all_gradients_of_a_case_are_looked_at(tmp_path):
    two = one([(2, 0, 0, 0), (0, 2, 0, 0)], grads=((1.0, 2.0), (3.0, 4.0)))
    assert counts(tmp_path, two) == {"usable": 1}


def test_a_ball_is_taken_under_the_contract_of_the_implementation(tmp_path):
    item = one([(2, 0, 0, 0)])
    ball = item.oracle.acceptance.grads[0]
    wide = msgspec.structs.replace(ball, widths=ball.widths | {"cpu": (0, 0, 0, 2)})
    acceptance = msgspec.structs.replace(item.oracle.acceptance, grads=(wide,))
    oracle = msgspec.structs.replace(item.oracle, acceptance=acceptance)
    item = msgspec.structs.replace(item, oracle=oracle)
    assert counts(tmp_path, item, at="tfjs:cpu") == {"vacuous": 1}
    assert counts(tmp_path, item, at="tfjs:wasm") == {"sharp": 1}


@pytest.mark.parametrize(
    ("word", "kind", "found"),
    [
        ("differs", "numeric", "sharp"),
        ("differs", "special", "sharp"),
        ("differs", "convention", "sharp"),
        ("differs", "leak", "sharp"),
        ("differs", "status", "failed"),
        ("differs", "dtype", "failed"),
        ("differs", "shape", "failed"),
        ("threw", "status", "failed"),
        ("crashed", None, "failed"),
        ("timed out", None, "failed"),
        ("unsupported", None, "failed"),
        ("accepted", "status", "nothing"),
    ],
)
def test_numbers_that_were_compared_count_whatever_came_of_it(word, kind, found, tmp_path):
    item = one([(2, 0, 0, 0)], words=("pass", word, "pass"), kinds=(None, kind, None))
    assert counts(tmp_path, item) == {found: 1}


def test_a_pass_that_nobody_held_against_the_oracle_checks_nothing(tmp_path):
    item = one([(2, 0, 0, 0)])
    verdicts = tuple(msgspec.structs.replace(v, used=None) for v in item.verdicts)
    assert counts(tmp_path, msgspec.structs.replace(item, verdicts=verdicts)) == {"nothing": 1}


def test_a_throw_that_the_case_wants_is_no_gradient(tmp_path):
    item = settled(case("threw"), (None, STEPS, STEPS), threw=True)
    assert counts(tmp_path, item) == {"failed": 1}


def test_what_is_ill_conditioned_is_never_sharp(tmp_path):
    words = ("pass", "ill-conditioned", "pass")
    assert counts(tmp_path, one([(2, 0, 0, 0)], words=words)) == {"vacuous": 1}
    assert counts(tmp_path, one([(0, 2, 0, 0)], words=words)) == {"usable": 1}


def test_zeros_count_where_the_slot_has_nothing_else(tmp_path):
    zeros = one([(2, 0, 0, 0)], "zeros", grads=((0.0, -0.0),))
    assert counts(tmp_path, zeros) == {"sharp": 1}
    wide = one([(0, 2, 0, 0)], "wide")
    assert counts(tmp_path, zeros, wide) == {"zero": 1, "usable": 1}
    special = one([(2, 0, 0, 0)], "special", grads=((np.nan, np.inf),))
    assert counts(tmp_path, special, wide) == {"zero": 1, "usable": 1}


def test_an_implementation_that_threw_on_the_way_fails_where_the_others_came(tmp_path):
    item = settled(
        case(call="grad", wrt=("x",)), (None, STEPS, trace()), words=("pass", "pass", "threw")
    )
    item = judged(item, [(2, 0, 0, 0)], kinds=(None, None, "status"))
    assert counts(tmp_path, item, at="tfjs:wasm") == {"failed": 1}


def test_without_gradients_the_value_is_what_was_computed(tmp_path):
    inner = judged(everywhere(case(), STEPS), [], value=(0, 2, 0, 0))
    assert counts(tmp_path, inner) == {"usable": 1}


def test_a_slot_is_untested_where_there_are_numbers_and_none_is_sharp(tmp_path):
    wide = one([(0, 2, 0, 0)], words=("pass", "threw", "pass"), kinds=(None, "status", None))
    checks = ledger(tmp_path / "r.ndjson", wide).checks
    found = [(named(slot), at) for slot, at, _ in checks.untested(ADDRESSES)]
    assert found == [("Add.a first", "tensorflow"), ("Add.a first", "tfjs:wasm")]
    sharp = one([(2, 0, 0, 0)], "sharp")
    assert list(ledger(tmp_path / "r.ndjson", wide, sharp).checks.untested(ADDRESSES)) == []


def test_the_orders_are_slots_of_their_own_and_third_ones_need_not_be_sharp(tmp_path):
    steps = trace(gradient("Add", X), gradient("Add", X, 2), gradient("Add", X, 3), Add="a")
    item = everywhere(case(call="grad", wrt=("x",)), steps)
    checks = ledger(tmp_path / "r.ndjson", judged(item, [(0, 2, 0, 0)])).checks
    assert [slot[2] for slot in checks.slots()] == ["first", "second", "higher"]
    assert {slot[2] for slot, _, _ in checks.untested(ADDRESSES)} == {"first", "second"}
