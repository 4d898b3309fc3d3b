"""The reference as a library: its functions come from the package itself."""

import subprocess
import sys

import pytest
import tensorflow as tf

import reference_impl


def test_the_six_functions_are_at_hand():
    x, y = tf.constant([66.0, 51.0]), tf.constant([-21.0, -13.0])
    value, grads = reference_impl.value_and_grads(lambda a, b: a + b)([x, y])
    assert value.numpy().tolist() == [45, 38]
    assert [grad.numpy().tolist() for grad in grads] == [[1, 1], [1, 1]]
    assert sorted(reference_impl.__all__) == reference_impl.__all__
    assert all(callable(getattr(reference_impl, name)) for name in reference_impl.__all__)


def test_other_names_are_no_attributes():
    with pytest.raises(AttributeError, match="no attribute 'jacobian'"):
        reference_impl.jacobian  # noqa: B018


def test_importing_the_package_does_not_import_tensorflow():
    code = "import sys, reference_impl; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
