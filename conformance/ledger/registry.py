"""What a tf.js build has: its public functions, its kernels and their gradients."""

from __future__ import annotations

from pathlib import Path

import msgspec


class Registry(msgspec.Struct, frozen=True):
    """What the build of the runner found in tf.js, as ``names.json`` has it.

    ``public`` are the paths below ``tf`` of all functions, in reach of a case or not; ``methods``
    are the chained ops of tensors; ``gradients`` the kernels that a gradient is registered for;
    ``kernels`` are listed by backend.
    """

    version: str
    public: frozenset[str]
    methods: frozenset[str]
    gradients: frozenset[str]
    kernels: dict[str, frozenset[str]]

    @property
    def functions(self) -> frozenset[str]:
        """All that can be called: ``tf.abs``; ``.flatten``, as no function has that name.

        A method of the name of a function is that function: calling either is calling both.
        """
        alone = self.methods - self.public
        return frozenset({f"tf.{name}" for name in self.public} | {f".{name}" for name in alone})

    def function(self, call: str) -> str:
        """The function that a call is of: that of ``.abs`` and ``tf.abs`` is ``tf.abs``."""
        name = call.removeprefix(".")
        return f"tf.{name}" if name != call and name in self.public else call


def load(path: Path) -> Registry:
    """Read the registry from the JSON file that the build generates; its other keys are ignored.

    Raises:
        OSError: the file cannot be read.
        msgspec.DecodeError: the file is no such list.
    """
    return msgspec.json.decode(path.read_bytes(), type=Registry)
