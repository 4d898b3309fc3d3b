from __future__ import annotations

from types import SimpleNamespace

import pytest
import tensorflow as tf

from reference_impl.custom import custom_grad
from reference_impl.gradients import (
    GradientError,
    UnconnectedError,
    compute,
    grad,
    grads,
    value_and_grad,
    value_and_grads,
    variable_grads,
)

SINGLE = (
    "Cannot compute gradient of y=f(x) with respect to x. Make sure that the f you passed encloses"
    " all operations that lead from x to y."
)
SEVERAL = SINGLE.replace("that the f", "that\n    the f")
CUSTOM = "The function f passed in customGrad(f) must return an object where"


def cube(x):
    return x * x * x


def numbers(tensors):
    return [tensor.numpy().tolist() for tensor in tensors]


def fails(action, text, kind=GradientError):
    with pytest.raises(kind) as caught:
        action()
    assert type(caught.value) is kind
    assert str(caught.value) == text


def test_value_and_gradients_of_a_quotient():
    x, y = tf.constant([1.0, 4.0]), tf.constant([2.0, 8.0])
    value, gradients = value_and_grads(lambda x, y: x / y)([x, y])
    assert numbers([value, *gradients]) == [[0.5, 0.5], [0.5, 0.125], [-0.25, -0.0625]]


def test_each_function_gives_its_part():
    x = tf.constant(2.0)
    assert numbers(value_and_grad(cube)(x)) == [8, 12]
    assert value_and_grad(cube)(x).grad.numpy() == 12
    assert numbers(grads(lambda a, b: a * b)([2, 5.0])) == [5, 2]
    assert grad(cube)(2).numpy() == 12


def test_an_input_that_is_passed_twice_gets_the_sum_twice():
    x = tf.constant(3.0)
    _, gradients = value_and_grads(lambda a, b: a * b)([x, x])
    assert numbers(gradients) == [6, 6]


def test_a_result_that_is_no_scalar_is_seeded_with_ones():
    assert grad(lambda x: x * x)([1, 2]).numpy().tolist() == [2, 4]


def test_dy_is_the_upstream_gradient_and_zero_is_one():
    assert grad(lambda x: x * x)([1, 2], [10, 100]).numpy().tolist() == [20, 400]
    assert grad(cube)(2, 0).numpy() == 0


def test_derivatives_nest_to_third_order():
    assert grad(grad(cube))(2).numpy() == 12
    assert grad(grad(grad(cube)))(2).numpy() == 6


def test_the_input_of_an_inner_gradient_may_be_used_outside_of_it():
    assert grad(lambda x: x * grad(cube)(x))(2).numpy() == 36

    def inner_value(x):
        value, gradient = value_and_grad(cube)(x)
        return value * gradient

    assert grad(inner_value)(tf.constant(1.0)).numpy() == 15


def test_a_gather_has_a_dense_gradient():
    gradient = grad(lambda x: tf.gather(x, [0, 0, 2]))([1, 2, 3])
    assert isinstance(gradient, tf.Tensor)
    assert gradient.numpy().tolist() == [2, 0, 1]


def test_a_variable_is_an_input():
    v = tf.Variable([1.0, 2.0])
    assert numbers(value_and_grad(lambda x: x * x)(v)) == [[1, 4], [2, 4]]
    assert grad(lambda x: x)(v).numpy().tolist() == [1, 1]


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (grad, "grad(f)"),
        (grads, "grads(f)"),
        (value_and_grad, "valueAndGrad(f)"),
        (value_and_grads, "valueAndGrads(f)"),
        (variable_grads, "variableGrads(f)"),
    ],
)
def test_f_is_a_function(function, name):
    fails(lambda: function(3), f"The f passed in {name} must be a function")


def test_inputs_and_dy_that_are_not_coerced_are_tensors():
    x = tf.constant(1.0)
    fails(lambda: value_and_grad(cube)(1.0), "The x passed in valueAndGrad(f)(x) must be a tensor")
    fails(
        lambda: value_and_grad(cube)(x, 1.0),
        "The dy passed in valueAndGrad(f)(x, dy) must be a tensor",
    )
    for args in ([1.0], x, None):
        fails(
            lambda args=args: value_and_grads(cube)(args),
            "The args passed in valueAndGrads(f)(args) must be array of tensors",
        )
    fails(
        lambda: value_and_grads(cube)([x], 1.0),
        "The dy passed in valueAndGrads(f)(args, dy) must be a tensor",
    )
    fails(
        lambda: grads(cube)(1.0),
        "The args passed in grads(f)(args) must be an array of `Tensor`s or `TensorLike`s",
    )


def test_there_is_an_input():
    for function in (grads, value_and_grads):
        fails(lambda f=function: f(cube)([]), "gradients() received an empty list of xs.")


def test_dy_is_float32_and_is_looked_at_before_f_runs():
    def never(_):
        raise AssertionError

    fails(
        lambda: value_and_grad(never)(tf.constant(1.0), tf.constant(1)),
        "dy must have 'float32' dtype, but has 'int32'",
    )


@pytest.mark.parametrize("result", [1.0, None, [tf.constant(1.0)], "a"])
def test_the_result_is_a_tensor(result):
    fails(lambda: grad(lambda _: result)(1.0), "The result y returned by f() must be a tensor.")


def test_the_shape_of_dy_is_that_of_the_value():
    x = tf.constant([1.0, 2.0])
    match = "must match the shape returned by"
    fails(
        lambda: grad(cube)(x, [[1, 2]]),
        f"The shape of dy passed in grad(f)(x, dy) {match} f(x) Shapes 2 and 1,2 must match",
    )
    fails(
        lambda: grads(cube)([x], 1),
        f"The shape of dy passed in grads(f)([x1,...], dy) {match} f([x1,...])"
        " Shapes 2 and  must match",
    )
    fails(
        lambda: value_and_grads(tf.reduce_sum)([x], x),
        f"The shape of dy passed in valueAndGrads(f)([x1,...], dy) {match} f([x1,...])"
        " Shapes  and 2 must match",
    )


def test_value_and_grad_takes_a_dy_that_broadcasts():
    x = tf.constant([1.0, 2.0])
    assert value_and_grad(tf.reduce_sum)(x, tf.constant([5.0])).grad.numpy().tolist() == [5, 5]
    assert value_and_grad(lambda x: x * x)(x, tf.constant(5.0)).grad.numpy().tolist() == [10, 20]


def test_value_and_grad_refuses_a_dy_that_gives_the_gradient_another_shape():
    fails(
        lambda: value_and_grad(lambda x: x + 1)(tf.constant([1.0, 2.0]), tf.constant(1.0)),
        "The gradient of input '0' has shape '', which does not match the shape of the input '2'",
    )


def test_inputs_without_a_gradient_are_an_error():
    constant = tf.constant(1.0)
    fails(lambda: grad(lambda _: constant)(2.0), SINGLE, UnconnectedError)
    fails(lambda: grads(lambda *_: constant)([2.0, 3.0]), SINGLE, UnconnectedError)
    fails(lambda: grads(lambda a, _: a * a)([2.0, 3.0]), SEVERAL, UnconnectedError)
    # Nothing connects: the shape of dy does not matter. Something does: it comes first.
    fails(lambda: grad(lambda _: constant)(2.0, [1, 2]), SINGLE, UnconnectedError)
    with pytest.raises(GradientError, match="The shape of dy"):
        grads(lambda a, _: a * a)([2.0, 3.0], [1, 2])


def test_integers_have_no_gradient():
    x = tf.constant([1, 2])
    fails(lambda: grad(lambda x: x)(x), SINGLE, UnconnectedError)
    fails(lambda: grad(lambda x: tf.cast(x, tf.float32))(x), SINGLE, UnconnectedError)


def test_compute_gives_none_where_there_is_no_gradient():
    a, b = tf.constant(2.0), tf.constant(3.0)
    value, gradients = compute("valueAndGrads", lambda a, _: a * a, [a, b])
    assert value.numpy() == 4
    assert gradients[0].numpy() == 4
    assert gradients[1] is None


def test_variable_grads_names_the_gradients():
    v, w = tf.Variable(2.0, name="v"), tf.Variable(3.0, name="w")
    unused, fixed = tf.Variable(1.0, name="unused"), tf.Variable(1.0, name="k", trainable=False)
    value, found = variable_grads(lambda: v * v * w, [v, w, unused, fixed])
    assert value.numpy() == 12
    assert set(found) == {"v", "w", "k"}
    assert numbers([found["v"], found["w"]]) == [12, 4]
    assert found["k"] is None


def test_variable_grads_takes_all_trainable_variables_by_default():
    v, fixed = tf.Variable(2.0, name="v"), tf.Variable(3.0, name="k", trainable=False)
    _, found = variable_grads(lambda: v * fixed)
    assert set(found) == {"v"}
    assert found["v"].numpy() == 3


def test_assertions_of_variable_grads():
    v, fixed = tf.Variable([1.0, 2.0]), tf.Variable(1.0, trainable=False)
    fails(
        lambda: variable_grads(lambda: v, [1.0]),
        "The varList passed in variableGrads(f, varList) must be an array of variables",
    )
    fails(
        lambda: variable_grads(lambda: fixed, [fixed, fixed]),
        "variableGrads() expects at least one of the input variables to be trainable, but none of"
        " the 2 variables is trainable.",
    )
    fails(
        lambda: variable_grads(lambda: v * v, [v]),
        "The f passed in variableGrads(f) must return a scalar, but it returned a rank-1 tensor",
    )
    for var_list in ([v], None):
        fails(
            lambda var_list=var_list: variable_grads(lambda: tf.constant(1.0), var_list),
            "Cannot find a connection between any variable and the result of the loss function"
            " y=f(x). Please make sure the operations that use variables are inside the function f"
            " passed to minimize().",
            UnconnectedError,
        )


def ten_times_square(x, save):
    save([x])
    return {"value": x * x, "gradFunc": lambda dy, saved: dy * 20 * saved[0]}


def test_a_custom_gradient_is_used():
    assert value_and_grad(custom_grad(ten_times_square))(tf.constant(3.0)).grad.numpy() == 60


def test_a_custom_gradient_is_differentiated_again():
    square = custom_grad(ten_times_square)
    assert grad(grad(square))(3).numpy() == 20
    assert grad(grad(grad(lambda x: square(x) * x)))(3).numpy() == 60


def test_functions_of_a_custom_gradient_may_leave_out_parameters():
    doubled = custom_grad(lambda x: SimpleNamespace(value=x, gradFunc=lambda dy: dy * 2))
    assert grad(doubled)(5).numpy() == 2


def test_variables_that_a_custom_gradient_reads_are_constants():
    v = tf.Variable(3.0, name="v")
    scaled = custom_grad(lambda x: {"value": x * v, "gradFunc": lambda dy: dy * 7})
    assert grad(scaled)(2).numpy() == 7
    assert variable_grads(lambda: scaled(v)).grads["v"].numpy() == 7


def test_a_custom_gradient_may_ignore_an_integer():
    picked = custom_grad(
        lambda x, at: {"value": tf.gather(x, at), "gradFunc": lambda dy: [dy * [1.0, 0], at]}
    )
    assert grad(lambda x: picked(x, tf.constant(0)))([4, 5]).numpy().tolist() == [1, 0]


@pytest.mark.parametrize(
    ("f", "text"),
    [
        (lambda _: {"value": 1, "gradFunc": lambda dy: dy}, f"{CUSTOM} `obj.value` is a tensor"),
        (lambda _: 1, f"{CUSTOM} `obj.value` is a tensor"),
        (lambda x: {"value": x}, f"{CUSTOM} `obj.gradFunc` is a function."),
        (
            lambda x: {"value": x, "gradFunc": lambda dy: [dy, dy]},
            (
                f"{CUSTOM} `obj.gradFunc` is a function that returns the same number of tensors as"
                " inputs passed to f(...)."
            ),
        ),
        (
            lambda x: {"value": x, "gradFunc": lambda _: 1.0},
            f"{CUSTOM} `obj.gradFunc` is a function that returns a list of only tensors.",
        ),
        (
            lambda x: {"value": x, "gradFunc": lambda _: tf.ones([2, 2])},
            (
                "Error in gradient for op forward. The gradient of input '0' has shape '2,2', which"
                " does not match the shape of the input '1'"
            ),
        ),
        (
            lambda x: {"value": x, "gradFunc": lambda _: tf.constant([1])},
            (
                "Error in gradient for op forward. The gradient of input 0 must have 'float32'"
                " dtype, but has 'int32'"
            ),
        ),
    ],
)
def test_assertions_of_custom_grad(f, text):
    fails(lambda: grad(custom_grad(f))([1.0]), text)


def test_custom_grad_wants_a_function_of_tensors():
    fails(lambda: custom_grad(1), "The f passed in customGrad(f) must be a function.")
    fails(
        lambda: custom_grad(ten_times_square)(1.0),
        "The args passed in customGrad(f)(x1, x2,...) must all be tensors",
    )
