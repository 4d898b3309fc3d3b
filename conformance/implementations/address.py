"""Addresses: the words that name an implementation on the command line and in reports."""

from __future__ import annotations

import difflib
import os
import shlex
import sys
from pathlib import Path

import msgspec

from conformance import bundle
from conformance.implementations.errors import UnknownImplementation
from conformance.problems import HarnessError

NODE_VARIABLE = "TFJS_CONFORMANCE_NODE"
BACKENDS = ("cpu", "wasm")
# A Python program would otherwise keep its answers in a buffer, and we would wait for them.
_UNBUFFERED = {"PYTHONUNBUFFERED": "1"}


class Implementation(msgspec.Struct, frozen=True):
    """An implementation and how it is reached: a command to start, or a results file to replay.

    ``address`` is canonical: two spellings of one implementation have the same. ``env`` is added to
    the environment of the process. ``argv`` is empty where ``replay`` is given.
    """

    address: str
    argv: tuple[str, ...] = ()
    env: dict[str, str] = {}
    replay: Path | None = None


class Known(msgspec.Struct, frozen=True):
    """A form of address, for people: how it is written and what it starts."""

    address: str
    description: str


KNOWN: tuple[Known, ...] = (
    Known("tensorflow", "TensorFlow in this Python, gradients by tf.GradientTape"),
    Known("exact", "the real numbers, correctly rounded: the oracle in ball arithmetic"),
    Known("tfjs:cpu", "the bundled tf.js in Node on its plain JavaScript backend (also: tfjs)"),
    Known("tfjs:wasm", "the bundled tf.js in Node on its WebAssembly backend"),
    Known("cmd:COMMAND", "any program that speaks the protocol, e.g. cmd:./my-runner --flag"),
    Known("replay:FILE", "the outcomes of an earlier run, from its results file"),
)


def parse(text: str, *, node: Path | None = None) -> Implementation:
    """The implementation that an address names.

    Args:
        text: the address, in one of the forms of ``KNOWN``.
        node: the Node.js to run tf.js with; by default the one that the environment variable
            ``TFJS_CONFORMANCE_NODE`` names, or else the one that was installed with this program.

    Raises:
        UnknownImplementation: the address has none of these forms.
        HarnessError: there is no such Node.js, or the bundled runner is missing.
    """
    kind, colon, rest = text.strip().partition(":")
    rest = rest.strip()
    match kind:
        case "tensorflow" if not colon:
            # -P: no file of the current folder stands in for a module of the worker.
            return Implementation(
                kind, (sys.executable, "-P", "-m", "reference_impl.worker"), _UNBUFFERED
            )
        case "exact" if not colon:
            return Implementation(
                kind, (sys.executable, "-P", "-m", "reference_impl.exact.worker"), _UNBUFFERED
            )
        case "tfjs" if not colon or rest in BACKENDS:
            return _tfjs(rest or BACKENDS[0], node)
        case "cmd" if rest:
            return Implementation(f"cmd:{rest}", _words(rest), _UNBUFFERED)
        case "replay" if rest:
            return Implementation(f"replay:{rest}", replay=Path(rest))
        case _:
            raise UnknownImplementation(f"no implementation is called {text!r}", _hint(text))


def _tfjs(backend: str, node: Path | None) -> Implementation:
    argv = (str(_node(node)), str(bundle.runner()), "--backend", backend)
    return Implementation(f"tfjs:{backend}", argv)


def _words(command: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(command))
    except ValueError as error:
        raise UnknownImplementation(
            f"the command of {'cmd:' + command!r} cannot be split into words: {error}",
            "quote it as for a shell",
        ) from None


def _hint(text: str) -> str:
    plain = [known.address for known in KNOWN if known.address.islower()]
    close = difflib.get_close_matches(text.strip().lower(), [*plain, "tfjs"], n=1)
    guess = f"did you mean {close[0]}? " if close else ""
    return f"{guess}known are {', '.join(known.address for known in KNOWN)}"


def _node(given: Path | None) -> Path:
    chosen = given or Path(os.environ.get(NODE_VARIABLE) or _installed_node())
    if not os.access(chosen, os.X_OK) or chosen.is_dir():
        raise HarnessError(
            f"there is no Node.js at {chosen}",
            f"name another one in the environment variable {NODE_VARIABLE}",
        )
    return chosen


def _installed_node() -> str:
    try:
        from nodejs import node  # noqa: PLC0415  only tf.js needs it, and only without another Node
    except ImportError:
        raise HarnessError(
            "no Node.js is installed with this Python",
            f"pip install nodejs-bin, or name one in the environment variable {NODE_VARIABLE}",
        ) from None
    return str(node.path)
