"""The tables of the ops on TensorFlow."""

from __future__ import annotations

from reference_impl.api.table import Table
from reference_impl.coercion import convert

TABLE = Table(convert)
OPS = TABLE.ops
METHODS = TABLE.methods
op = TABLE.op
method = TABLE.method
