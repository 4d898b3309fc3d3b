"""What TensorFlow is asked for each tf.js op: one file per category of the tf.js API reference.

``OPS`` maps the name in ``tf.name(...)`` to a function of the same arguments; ``METHODS`` maps the
name in ``x.name(...)`` to a function whose first argument is the receiver.
"""

from __future__ import annotations

from reference_impl.ops import (
    arithmetic,
    basic_math,
    convolution,
    creation,
    dropout,
    fused,
    images,
    linalg,
    logical,
    losses,
    matrices,
    moving_average,
    normalization,
    pooling,
    ragged,
    random,
    reduction,
    rnn,
    scan,
    search,
    segment,
    signal,
    slicing_and_joining,
    sparse,
    spectral,
    strings,
    transformations,
)
from reference_impl.ops._table import METHODS, OPS

__all__ = [
    "METHODS",
    "OPS",
    "arithmetic",
    "basic_math",
    "convolution",
    "creation",
    "dropout",
    "fused",
    "images",
    "linalg",
    "logical",
    "losses",
    "matrices",
    "moving_average",
    "normalization",
    "pooling",
    "ragged",
    "random",
    "reduction",
    "rnn",
    "scan",
    "search",
    "segment",
    "signal",
    "slicing_and_joining",
    "sparse",
    "spectral",
    "strings",
    "transformations",
]
