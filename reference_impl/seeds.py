"""Seeds for random ops that were given none.

TensorFlow has a global generator of its own, but to set it empties the cache of kernels, which
makes the cases after it ten times as slow.
"""

from __future__ import annotations

import random

FIRST = 0
_generator = random.Random(FIRST)  # noqa: S311  reproducible is what it has to be


def restart() -> None:
    """Begin anew, so that what a case draws does not depend on the cases before it."""
    _generator.seed(FIRST)


def draw() -> int:
    """The next seed."""
    return _generator.getrandbits(31)
