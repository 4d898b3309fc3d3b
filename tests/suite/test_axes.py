"""Axes: products, ids, templates."""

import pytest
from suites import read, suite

from conformance.suite.axes import Spliced

X = "inputs: {x: [[1, 2], [3, 4]]}"


def ids(folder, text):
    return [case.id for case in read(folder, suite(text))]


def sources(folder, text):
    return [case.f.source for case in read(folder, suite(text))]


def test_the_last_axis_is_the_fastest_and_the_order_is_the_files(tmp_path):
    text = (
        "name: sum along ${a}\nfor: {a: [1, 0], k: [true, false]}\nf: x => x.sum(${a}, ${k})\n" + X
    )
    assert ids(tmp_path, text) == [
        f"s/sum along a[a={a},k={k}]" for a in (1, 0) for k in ("true", "false")
    ]
    assert sources(tmp_path, text)[:2] == ["x => x.sum(1, true)", "x => x.sum(1, false)"]


def test_a_list_and_a_mapping_stand_in_ids_as_compact_text(tmp_path):
    text = "name: n\nfor: {a: [[0, 1], [], [[1], 2]]}\nf: x => x.sum(${a})\n" + X
    assert ids(tmp_path, text) == ["s/n[a=[0,1]]", "s/n[a=[]]", "s/n[a=[[1],2]]"]
    assert sources(tmp_path, text)[0] == "x => x.sum([0, 1])"
    text = "name: n\nfor: {a: [{n: 1, m: [2]}]}\nf: x => x.mul(${a.n})\n" + X
    assert ids(tmp_path, text) == ["s/n[a={n:1,m:[2]}]"]


def test_a_mapping_with_a_name_is_called_by_it(tmp_path):
    text = "name: n\nfor: {a: [{name: plain one, v: 1}]}\nf: x => x.mul(${a.v})\n" + X
    assert ids(tmp_path, text) == ["s/n[a=plain one]"]


def test_white_space_in_an_axis_does_not_break_the_id(tmp_path):
    text = 'name: n\nfor: {a: ["1\\n  "]}\nf: x => x.mul(${a})\n' + X
    assert ids(tmp_path, text) == ["s/n[a=1]"]


def test_a_mapping_stands_in_a_function_as_an_object(tmp_path):
    text = "name: n\nfor: {a: [{axis: 1}, {axis: [0]}]}\nf: |\n  x => x.sum(${a.axis})\n" + X
    assert sources(tmp_path, text) == ["x => x.sum(1)", "x => x.sum([0])"]


def test_a_scalar_that_is_only_a_template_becomes_the_value_of_any_kind(tmp_path):
    text = """
        name: n
        for: {i: [{x: [1, 2], value: {shape: [2], fill: 1}}]}
        f: x => x.div(x)
        inputs: {x: '${i.x}'}
        expect: {value: '${i.value}'}
    """
    (case,) = read(tmp_path, suite(text))
    assert case.args[0].literal == [1, 2]
    assert case.expect.value.items == ("1", "1")


def test_a_template_works_in_a_shape_a_dtype_a_wrt_and_a_dy(tmp_path):
    text = """
        name: n
        for: {n: [2], t: [float32], w: [x]}
        f: (x, y) => x.mul(y)
        inputs: {x: {shape: ['${n}'], linspace: [0, 1], dtype: '${t}'}, y: [1, 2]}
        wrt: ['${w}']
        dy: {shape: ['${n}'], linspace: [0, 1]}
    """
    (case,) = read(tmp_path, suite(text))
    assert case.args[0].shape == case.dy.shape == (2,)
    assert case.wrt == ("x",)


def test_a_quoted_value_is_a_string_and_a_plain_one_is_not(tmp_path):
    text = "name: n\nfor: {a: ['1', 2]}\nf: x => x\ninputs: {x: ['${a}']}\ncall: value"
    assert [case.args[0].literal for case in read(tmp_path, suite(text))] == [["1"], [2]]


def test_an_axis_that_is_used_in_the_name_alone_is_used(tmp_path):
    text = "name: n ${a}\nfor: {a: [0, 1]}\nf: x => x\n" + X
    assert ids(tmp_path, text) == ["s/n a[a=0]", "s/n a[a=1]"]


def test_the_first_axis_is_part_of_every_id_even_with_one_value(tmp_path):
    text = "name: n\nfor: {a: [0]}\nf: x => x.sum(${a})\n" + X
    assert ids(tmp_path, text) == ["s/n[a=0]"]


@pytest.mark.parametrize(("offset", "written"), [(0, 0), (3, 3), (4, 4), (7, 7), (8, 12), (9, 13)])
def test_an_offset_in_the_filled_text_leads_back_to_the_written_one(offset, written):
    assert Spliced("abcdVVVVef", ((0, 0), (4, 4), (8, 12))).written_at(offset) == written
