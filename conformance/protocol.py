"""The messages between the harness and an implementation: one JSON object per line.

The harness writes requests to the implementation's stdin and reads answers from its stdout. Every
message carries an id; many requests are in flight at once, and answers may come in any order.
``start`` comes first and is answered by ``started``; ``stop`` is not answered, the implementation
exits. Both directions are typed here, and the published JSON Schema is generated from these
structs.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from conformance.language.tree import Arrow
from conformance.tensors import DType, Tensor

PROTOCOL = 1

Call = Literal[
    "value", "valueAndGrads", "valueAndGrad", "grads", "grad", "variableGrads", "minimize"
]  # fmt: skip
OptimizerName = Literal["sgd", "momentum", "adagrad", "adadelta", "adam", "adamax", "rmsprop"]
Phase = Literal["parse", "inputs", "forward", "backward", "read"]


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all messages share: no unknown fields, and defaults are not written."""


class Argument(Message, frozen=True):
    """An input: a TENSOR (``dtype``, ``shape``, ``data``), or a JavaScript value (``literal``).

    ``literal`` is there so that the implementation's own coercion runs: it calls
    ``tf.tensor(literal, shape, dtype)``, absent meaning not given. It is a JSON value: number,
    boolean, string, null, or nested arrays of them; what JSON cannot say is
    ``{"number": "NaN" | "Infinity" | "-Infinity" | "-0"}``.
    """

    dtype: DType | None = None
    shape: tuple[int, ...] | None = None
    data: bytes | msgspec.UnsetType = msgspec.UNSET
    literal: Any = msgspec.UNSET

    def tensor(self) -> Tensor | None:
        """The tensor, or None where the argument is a literal.

        Raises:
            msgspec.ValidationError: the argument is neither, or both.
        """
        if (self.data is msgspec.UNSET) == (self.literal is msgspec.UNSET):
            raise msgspec.ValidationError("an argument has either `data` or `literal`")
        if isinstance(self.data, msgspec.UnsetType):
            return None
        if self.dtype is None or self.shape is None:
            raise msgspec.ValidationError("an argument with `data` has `dtype` and `shape`")
        return Tensor(dtype=self.dtype, shape=self.shape, data=self.data)


class Function(Message, frozen=True):
    """The function under test: validated tf.js source, and the same as a tree."""

    source: str
    tree: Arrow


class Optimizer(Message, frozen=True):
    """An optimizer: ``tf.train[name](...arguments)``, null meaning not given."""

    name: OptimizerName
    arguments: tuple[bool | float | None, ...] = ()


class Start(Message, frozen=True, tag_field="do", tag="start"):
    """The first message: which protocol the harness speaks."""

    id: int
    protocol: int


class Run(Message, frozen=True, tag_field="do", tag="run"):
    """One case: call this gradient function of tf.js on these inputs.

    ``names`` are the inputs' names, in the order of ``f``'s parameters. ``wrt`` names the inputs
    that the gradient is taken for, in the order of the answer's ``grads``; the others are
    constants. With ``variableGrads`` the inputs of ``wrt`` are ``tf.variable``s of these names.
    So they are with ``minimize``, which makes the ``optimizer`` and calls its ``minimize`` with f
    and these variables ``steps`` times. ``optimizer`` is absent for all other calls.
    ``value`` calls ``f`` alone. ``print`` asks for the text of ``print()`` as well. ``renew`` says
    that the case may write out of bounds: whoever can starts its memory anew afterwards.
    ``inspect`` asks whether inputs and ``dy`` are what they were before. ``trace``
    asks for a ``Trace``; whoever has none ignores it.
    """

    id: int
    call: Call
    f: Function
    names: tuple[str, ...]
    args: tuple[Argument, ...]
    wrt: tuple[str, ...]
    dy: Argument | None = None
    optimizer: Optimizer | None = None
    steps: int = 1
    print: bool = False
    renew: bool = False
    inspect: bool = False
    trace: bool = False


class Stop(Message, frozen=True, tag_field="do", tag="stop"):
    """The last message: exit with code 0."""

    id: int


Request = Start | Run | Stop


class Started(Message, frozen=True):
    """Who answers.

    ``reads`` says which form of the function it executes. ``flushes_subnormals`` is measured by the
    implementation at start. ``settings`` are the pins that make its results repeatable.
    """

    name: str
    version: str
    runtime: str
    protocol: int
    reads: Literal["source", "tree"]
    backend: str | None = None
    flushes_subnormals: bool = False
    settings: dict[str, str] = {}


class Printed(Message, frozen=True):
    """The texts that ``print()`` writes for value and gradients, without the final newline."""

    value: str | None = None
    grads: tuple[str | None, ...] = ()


class Returned(Message, frozen=True):
    """The answer to a case that ran to its end.

    ``value`` is absent for ``grad`` and ``grads``. ``grads`` has one entry per name in ``wrt``;
    null means that the implementation has no gradient for that input. After ``minimize``, ``value``
    is the loss that the last step returned, ``variables`` has the new value of each variable of
    ``wrt``, and there are no ``grads``. ``kernels`` are the names of
    the kernels that ran, in order and with repetitions, ``backends`` the backends that owned them.
    ``leaked`` is the number of tensors alive afterwards beyond inputs and results; it is absent
    where an implementation has no such count. ``altered``, the answer to ``inspect``, names the
    inputs, and ``dy``, that were disposed of or have other bits than before.
    """

    value: Tensor | None = None
    grads: tuple[Tensor | None, ...] = ()
    variables: tuple[Tensor, ...] = ()
    printed: Printed | None = None
    kernels: tuple[str, ...] = ()
    backends: tuple[str, ...] = ()
    seconds: float = 0.0
    leaked: int | None = None
    altered: tuple[str, ...] | None = None


class Threw(Message, frozen=True):
    """The answer to a case that threw, and in which phase of it."""

    phase: Phase
    type: str
    message: str


class Operand(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """An input of a kernel: its slot, dtype and rank, and whether it has no elements.

    All inputs of a list, such as those of ``Concat``, are in the slot ``[]``.
    """

    slot: str
    dtype: str
    rank: int
    empty: bool = False


class KernelCall(Message, frozen=True):
    """A kernel that ran. ``attributes`` are short texts of JSON, by name."""

    kernel: str
    backend: str
    inputs: tuple[Operand, ...] = ()
    attributes: dict[str, str] = {}


class GradientCall(Message, frozen=True):
    """A gradient function that computed the gradient of one input of a kernel.

    It is registered for a kernel, or written inside an op without a kernel: then ``kernel`` is the
    name of the op and brackets, ``logSigmoid()``. ``order`` is 1, and one more for every outer
    gradient that was being taken: what it computed is differentiated in turn.
    """

    kernel: str
    input: Operand
    order: int
    attributes: dict[str, str] = {}


class Trace(Message, frozen=True):
    """What a case reached, each thing once, be it that the case returned or threw.

    ``calls`` are the public functions that the case called (``tf.add``), and the methods that were
    called by it or on its way (``.add``). ``rules`` are the gradient functions that ran, with all
    slots that they have.
    """

    calls: tuple[str, ...] = ()
    kernels: tuple[KernelCall, ...] = ()
    gradients: tuple[GradientCall, ...] = ()
    rules: dict[str, tuple[str, ...]] = {}


class Answer(Message, frozen=True):
    """One line from an implementation: exactly one of ``started`` to ``unsupported`` is present.

    ``trace`` is beside them where the request asked for it and the implementation has one.
    """

    id: int
    started: Started | None = None
    returned: Returned | None = None
    threw: Threw | None = None
    unsupported: str | None = None
    trace: Trace | None = None


def what(answer: Answer) -> Started | Returned | Threw | str:
    """The one thing that an answer says; a string is the reason of ``unsupported``.

    Raises:
        msgspec.ValidationError: none or several of the four are present.
    """
    said = [
        part
        for part in (answer.started, answer.returned, answer.threw, answer.unsupported)
        if part is not None
    ]
    if len(said) != 1:
        raise msgspec.ValidationError(
            "an answer has exactly one of started, returned, threw, unsupported;"
            f" this one has {len(said)}"
        )
    return said[0]
