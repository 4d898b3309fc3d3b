"""The programs: every op is in them, each is well-formed, and a seed is a program."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.protocol import Returned
from reference_impl.exact.execute import execute
from reference_impl.exact.ops import METHODS, OPS
from tests.acceptance.maker import ROWS
from tests.acceptance.random_programs import KINDS, LEFT_OUT, program

NAMES = set(OPS) | {f".{name}" for name in METHODS if name not in OPS}


def test_every_op_of_the_oracle_is_in_the_table_or_left_out_for_a_reason():
    assert set(ROWS) | set(LEFT_OUT) == NAMES
    assert not set(ROWS) & set(LEFT_OUT)


@pytest.mark.parametrize("name", sorted(ROWS))
def test_every_row_writes_programs_that_call_its_op_and_return(name):
    for seed in range(2):
        made = program(seed, "small", first=name)
        returned = execute(made.request())
        assert isinstance(returned, Returned), (made.source, returned)
        assert f".{name.lstrip('.')}(" in made.source


@pytest.mark.parametrize("kind", KINDS)
def test_programs_have_2_to_8_calls_and_finite_results(kind):
    for seed in range(40):
        made = program(seed, kind)
        calls = made.source.count("(") - made.source.count(" (")
        assert calls >= 2, made.source
        returned = execute(made.request())
        if isinstance(returned, Returned):
            assert np.isfinite(returned.value.numpy()).all(), made.source


def test_a_seed_is_a_program():
    assert program(7).source == program(7).source
    assert program(7).dy.tobytes() == program(7).dy.tobytes()
    assert len({program(seed).source for seed in range(20)}) == 20
