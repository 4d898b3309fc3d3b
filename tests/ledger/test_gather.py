import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import (
    ADDRESSES,
    REGISTRY,
    Operand,
    X,
    case,
    everywhere,
    gradient,
    header,
    ledger,
    record,
    settled,
    trace,
    value,
)

from conformance import results, shards
from conformance.ledger.cells import ORDERS, RANKS, Cell, rank_class
from conformance.ledger.gather import Idle, gather
from conformance.ledger.naming import asked, named
from conformance.ledger.summary import gradient_rows, other_rows, shares
from conformance.problems import InvalidResults
from conformance.protocol import Optimizer


@pytest.fixture
def path(tmp_path):
    return tmp_path / "r.ndjson"


def cases_of(found, address):
    return {cell: by_address[address].cases for cell, by_address in found.items()}


def whole(cell):
    return (cell,)


def test_a_cell_has_kernel_slot_order_dtype_rank_emptiness_and_attributes(path):
    empty = Operand("b", "int32", 6, empty=True)
    steps = (value("Add", X, empty, keep="true", axis="0"), gradient("Add", X, 2, axis="0"))
    found = ledger(path, everywhere(case(), trace(*steps))).tally(whole)
    attributes = (("axis", "0"), ("keep", "true"))
    assert set(found) == {
        Cell("Add", "a", "value", "float32", "1", False, attributes),
        Cell("Add", "b", "value", "int32", "5+", True, attributes),
        Cell("Add", "a", "second", "float32", "1", False, (("axis", "0"),)),
    }


def test_a_kernel_without_inputs_is_a_cell_too(path):
    found = ledger(path, everywhere(case(), trace(value("Fill", shape="[2]"))))
    assert [cell.kernel for cell in found.tally(whole)] == ["Fill"]


@pytest.mark.parametrize(
    ("order", "word"), [(1, "first"), (2, "second"), (3, "higher"), (9, "higher")]
)
def test_the_orders_of_gradients(path, order, word):
    found = ledger(path, everywhere(case(), trace(gradient("Add", order=order))))
    assert [cell.order for cell in found.tally(whole)] == [word]
    assert word in ORDERS


@given(st.integers(0, 100))
def test_every_rank_has_one_class(rank):
    assert rank_class(rank) == (str(rank) if rank < 5 else "5+")
    assert rank_class(rank) in RANKS


def test_a_case_counts_once_however_often_it_reaches_a_cell(path):
    steps = [value("Add", X)] * 3 + [gradient("Add")] * 3
    found = ledger(path, everywhere(case(), trace(*steps)))
    assert set(cases_of(found.tally(whole), "tfjs:cpu").values()) == {1}
    assert found.count(lambda cell: (cell.kernel,)) == {"Add": 1}


def test_cases_of_several_cells_are_counted_once_in_a_coarser_count(path):
    one = everywhere(case("one"), trace(value("Add", X), value("Add", X, axis="1")))
    two = everywhere(case("two"), trace(value("Add", X)))
    found = ledger(path, one, two)
    assert found.count(lambda cell: (cell.kernel,)) == {"Add": 2}
    assert found.tally(lambda cell: (cell.kernel,))["Add"]["tfjs:cpu"].cases == 2
    assert sorted(cases_of(found.tally(whole), "tfjs:wasm").values()) == [1, 2]


def test_verdicts_are_counted_by_word_and_by_whether_they_are_explained(path):
    steps = trace(gradient("Add"))
    items = [
        everywhere(case("passes"), steps),
        everywhere(case("known"), steps, words=("pass", "differs", "pass"), expected=True),
        everywhere(case("wrong"), steps, words=("pass", "threw", "differs")),
    ]
    found = ledger(path, *items).tally(lambda cell: (cell.kernel,))["Add"]
    assert dict(found["tfjs:cpu"].verdicts) == {"pass": 1, "differs": 1, "threw": 1}
    cpu, wasm = found["tfjs:cpu"], found["tfjs:wasm"]
    assert (cpu.cases, cpu.passed, cpu.explained, cpu.unexpected) == (3, 1, 1, 1)
    assert (wasm.cases, wasm.passed, wasm.explained, wasm.unexpected) == (3, 2, 0, 1)


def test_who_does_not_trace_reached_what_the_others_reached(path):
    item = settled(case(), (None, trace(value("Add", X)), trace(value("Concat", X))))
    found = ledger(path, item)
    assert found.traced == ("tfjs:cpu", "tfjs:wasm")
    by_kernel = found.tally(lambda cell: (cell.kernel,))
    assert set(by_kernel["Add"]) == {"tensorflow", "tfjs:cpu"}
    assert set(by_kernel["Concat"]) == {"tensorflow", "tfjs:wasm"}


def test_a_crash_without_a_trace_still_counts_against_what_the_case_reaches(path):
    item = settled(case(), (None, None, trace(value("Add", X))), ("pass", "crashed", "pass"))
    found = ledger(path, item).tally(lambda cell: (cell.kernel,))
    assert found["Add"]["tfjs:cpu"].unexpected == 1


def test_backends_are_those_that_ran_the_kernel(path):
    cpu, wasm = value("Add", X), value("Add", X, backend="wasm")
    found = ledger(path, settled(case(), (None, trace(cpu), trace(wasm, wasm))))
    assert found.backends == {"cpu": {"Add": 1}, "wasm": {"Add": 1}}


def test_an_attribute_that_is_another_on_each_implementation_has_no_value(path):
    first, second = (value("Draw", X, seed=seed, axis="0") for seed in ("0.1", "0.2"))
    found = ledger(path, settled(case(), (None, trace(first), trace(second))))
    assert {cell.attributes for cell in found.tally(whole)} == {
        (("axis", "0"), ("seed", "drawn at random"))
    }


def test_attributes_of_a_case_that_threw_say_nothing_of_chance(path):
    first, second = (value("Draw", X, axis=axis) for axis in ("0", "1"))
    item = settled(case(), (None, trace(first, second), trace(first)), threw=True)
    assert {cell.attributes for cell in ledger(path, item).tally(whole)} == {
        (("axis", "0"),),
        (("axis", "1"),),
    }


def test_laws_are_no_cases_of_their_own(path):
    plain = everywhere(case(), trace(value("Add", X)))
    law = everywhere(case("one[law=repeatable]", law="repeatable"), None)
    assert ledger(path, plain, law).cases == 1


def test_what_a_variant_reached_is_not_looked_at(path):
    item = everywhere(case(), trace(value("Add", X)))
    hidden = item.outcomes[1].__class__("s/one", "tfjs:cpu", trace=trace(value("Concat", X)))
    outcome = item.outcomes[1].__class__(
        "s/one", "tfjs:cpu", returned=item.outcomes[1].returned, trace=item.outcomes[1].trace,
        variants={"+": hidden},
    )  # fmt: skip
    item = item.__class__(item.case, (item.outcomes[0], outcome, item.outcomes[2]), item.verdicts)
    assert set(ledger(path, item).count(lambda cell: (cell.kernel,))) == {"Add"}


def test_some_cases_of_a_file_have_a_ledger_too(path):
    items = [everywhere(case(name), trace(value(name, X))) for name in ("Add", "Concat")]
    found = ledger(path, *items, chosen={"s/Add"})
    assert (found.cases, set(found.count(lambda cell: (cell.kernel,)))) == (1, {"Add"})


def test_what_a_function_names():
    source = (
        "x => { const f = tf.grad(tf.square); return f(x).add(tf.losses.huberLoss(x, x)).value; }"
    )
    assert named(case(source=source).f.tree) == {
        "tf.grad",
        "tf.square",
        ".add",
        "tf.losses.huberLoss",
    }


def test_what_a_case_has_called_around_its_function():
    assert asked(case()) == frozenset()
    assert asked(case(call="grads", wrt=("x",))) == {"tf.grads"}
    assert asked(case(call="minimize", optimizer=Optimizer("adam"))) == {"tf.train.adam"}


def test_a_named_call_that_did_not_run_is_idle_where_the_case_returned(path):
    item = settled(case(), (None, trace(calls=("tf.add",)), trace(calls=(".add",))))
    assert ledger(path, item).idle == (Idle("s/one", "tf.add", "tfjs:wasm"),)


def test_nothing_is_idle_after_a_throw(path):
    assert ledger(path, everywhere(case(), trace(), threw=True)).idle == ()


def test_a_method_and_the_function_of_its_name_are_one(path):
    item = everywhere(
        case(source="x => x.add(tf.add(x, x)).flatten()"), trace(calls=(".add", "tf.add"))
    )
    found = ledger(path, item)
    assert found.named == {"tf.add": 1, ".flatten": 1}
    assert found.called == {"tf.add": 1}


def test_what_the_harness_calls_counts_where_the_case_returned(path):
    around = case(call="grads", wrt=("x",))
    assert ledger(path, everywhere(around, trace())).called["tf.grads"] == 1
    assert ledger(path, everywhere(around, trace(), threw=True)).called["tf.grads"] == 0


def test_merged_shards_are_the_whole_run(tmp_path):
    items = [everywhere(case(name), trace(value(name, X))) for name in ("Add", "Concat")]
    digest = header(items).cases_hash
    parts = [tmp_path / f"{i}.ndjson" for i in range(2)]
    for i, (part, item) in enumerate(zip(parts, items, strict=True), 1):
        record(part, item, cases_hash=digest, shard=f"{i}/2")
    shards.merge(parts, tmp_path / "merged.ndjson")
    merged = gather(results.read(tmp_path / "merged.ndjson"), REGISTRY)
    at_once = ledger(tmp_path / "whole.ndjson", *items)
    assert merged == at_once


def test_shards_with_and_without_traces_do_not_belong_together(tmp_path):
    items = [everywhere(case(name), trace()) for name in ("Add", "Concat")]
    digest = header(items).cases_hash
    parts = [tmp_path / f"{i}.ndjson" for i in range(2)]
    for part, item, traced in zip(parts, items, (True, False), strict=True):
        record(part, item, cases_hash=digest, traced=traced)
    with pytest.raises(InvalidResults, match="differ in `traced`"):
        shards.merge(parts, tmp_path / "merged.ndjson")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"traced": False}, "without tracing"),
        ({"interrupted": True}, "interrupted"),
    ],
)
def test_a_file_that_cannot_tell_is_refused(path, fields, message):
    with pytest.raises(InvalidResults, match=message):
        gather(record(path, everywhere(case(), trace()), **fields), REGISTRY)


def test_a_file_in_which_nobody_traces_is_refused(path):
    with pytest.raises(InvalidResults, match="none of the implementations"):
        gather(record(path, settled(case(), (None, None, None))), REGISTRY)


def test_traces_survive_the_file(path):
    item = everywhere(
        case(), trace(value("Add", X, axis="0"), gradient("Add"), calls=("tf.add",), Add="ab")
    )
    assert record(path, item).settled == (item,)


def test_rows_are_by_slot_and_name_what_is_offered_and_not_computed(path):
    steps = (value("Add", X, Operand("b", "int32", 2)), gradient("Add"))
    found = ledger(path, everywhere(case(), trace(*steps, Add="ab")))
    a, b, concat = gradient_rows(found, REGISTRY)
    assert (a.kernel, a.slot, a.orders) == (
        "Add",
        "a",
        {"value": 1, "first": 1, "second": 0, "higher": 0},
    )
    assert (a.dtypes, a.ranks, set(a.verdicts)) == (("float32",), ("1",), set(ADDRESSES))
    assert (b.slot, b.orders["value"], b.orders["first"], b.verdicts) == ("b", 1, 0, {})
    assert (concat.kernel, concat.slot, sum(concat.orders.values())) == ("Concat", "—", 0)
    assert [(row.kernel, row.slot) for row in other_rows(found, REGISTRY)] == [("Draw", "—")]


def test_the_shares_are_of_what_the_build_has(path):
    steps = (value("Add", X), value("Mystery", X), gradient("Add"), gradient("huber()"))
    found = ledger(path, everywhere(case(), trace(*steps, calls=("tf.add",), Add="ab")))
    sums = {share.what: (share.reached, share.of) for share in shares(found, REGISTRY)}
    assert sums == {
        "registered gradients, first order": (1, 2),
        "their input slots, first order": (1, 2),
        "registered gradients, second order": (0, 2),
        "their input slots, second order": (0, 2),
        "kernels of cpu": (1, 3),
        "kernels of wasm": (0, 2),
        **{f"checked sharply on {at}, first order": (2, 2) for at in ADDRESSES},
        **{f"checked sharply on {at}, second order": (0, 0) for at in ADDRESSES},
        "public functions": (1, 4),
    }
