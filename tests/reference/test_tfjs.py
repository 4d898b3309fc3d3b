from __future__ import annotations

import pytest
import tensorflow as tf

from reference_impl import tfjs


def test_a_printed_case_runs():
    def f(x, y):
        return tfjs.div(x, y)

    x, y = tfjs.tensor([1, 4]), tfjs.tensor([2, 8])
    result = tfjs.valueAndGrads(f)([x, y])
    assert result["value"].numpy().tolist() == [0.5, 0.5]
    assert [g.numpy().tolist() for g in result.grads] == [[0.5, 0.125], [-0.25, -0.0625]]
    assert tfjs.grad(tfjs.square)(3).numpy() == 6


def test_a_method_is_a_function_of_its_receiver():
    x = tfjs.tensor([1, 2])
    assert tfjs.toFloat(x).dtype == tf.float32
    assert tfjs.concat([x, x]).numpy().tolist() == [1, 2, 1, 2]
    assert tfjs.concat(x, x).numpy().tolist() == [1, 2, 1, 2]


def test_where_is_told_from_its_method_by_the_condition():
    condition, a, b = tfjs.tensor([True, False]), tfjs.tensor([1, 2]), tfjs.tensor([3, 4])
    assert tfjs.where(condition, a, b).numpy().tolist() == [1, 4]
    assert tfjs.where(a, condition, b).numpy().tolist() == [1, 4]


def test_a_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"tf\.sinn does not exist"):
        _ = tfjs.sinn
