"""The names of the public tf.js API that a case may use."""

from __future__ import annotations

import functools
from pathlib import Path

import msgspec

_UNREACHABLE = frozenset(
    {
        *("constructor", "prototype", "__proto__", "call", "apply", "bind"),
        *("__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__"),
        *("io", "env", "engine", "setBackend"),
    }
)


class ApiNames(msgspec.Struct, frozen=True):
    """What is callable in one version of tf.js.

    ``functions`` are paths below ``tf``, such as ``add`` and ``losses.huberLoss``; ``methods`` are
    the chained methods of tensors. Everything else is out of a case's reach.

    Raises:
        ValueError: a name would let a case run code of its own.
    """

    version: str
    functions: frozenset[str]
    methods: frozenset[str]

    def __post_init__(self) -> None:
        used = self.methods.union(*(path.split(".") for path in self.functions))
        if wrong := sorted(used & _UNREACHABLE):
            raise ValueError(f"names of tf.js that must stay out of reach: {', '.join(wrong)}")


def load(path: Path) -> ApiNames:
    """Read the names from the JSON file that the build generates; its other keys are ignored.

    Raises:
        OSError: the file cannot be read.
        msgspec.DecodeError: the file is not a list of names.
    """
    return msgspec.json.decode(path.read_bytes(), type=ApiNames)


@functools.cache
def shipped() -> ApiNames:
    """The names of the tf.js that is shipped with this program."""
    from conformance import bundle  # noqa: PLC0415 - only this function needs the built files

    return load(bundle.names_file())
