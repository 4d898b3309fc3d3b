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


class Bound(Message, frozen=True):
    """How far the result of one scalar function may be from the exact one, in float32.

    The parts are added up: ``ulp`` units in the last place of the exact result and ``per_operand``
    more for each 1 of the operand's magnitude, ``relative`` times the result's, ``absolute``, and
    what ``formula`` loses under the same contract: an expression in the operands x, y, z and w and
    other functions. The bound counts for (first) operands ``within`` these two numbers, for all by
    default; for others ``outside`` does, without which nothing is promised.
    """

    ulp: float = 0.0
    relative: float = 0.0
    absolute: float = 0.0
    per_operand: float = 0.0
    formula: str = ""
    within: tuple[float, float] | None = None
    outside: Bound | None = None


Share = Literal["first", "last", "share", "each"]


class Choice(Message, frozen=True):
    """What an implementation does with a gradient at an exact kink, where equal numbers compete.

    ``takes`` says which of the equal ones gets the gradient: the first, the last, all of them in
    equal shares, or each of them the whole of it. A kink with two branches has equal numbers too:
    x and -x for abs at 0. ``at`` is the number that they are; without it the choice counts for all.
    """

    op: str
    takes: Share
    at: float | None = None


class Contract(Message, frozen=True):
    """What an implementation promises: a bound for each scalar function of the oracle.

    ``bounds`` has the name of a function; or ``OP.FUNCTION`` for the function as a part of the op
    of this name, and ``OP'.FUNCTION`` as a part of its gradient, which count before the former.
    ``flushes`` says that subnormal operands and results may become zero. ``choices`` are those at
    exact kinks, where they are known.
    """

    bounds: dict[str, Bound]
    flushes: bool = False
    choices: tuple[Choice, ...] = ()


class Start(Message, frozen=True, tag_field="do", tag="start"):
    """The first message: which protocol the harness speaks.

    ``contracts``, by name, ask an oracle for an ``Acceptance`` beside each of its answers; whoever
    is none ignores them.
    """

    id: int
    protocol: int
    contracts: dict[str, Contract] = {}


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
    asks for a ``Trace``, ``tap`` for what went through every op (``Tapped``), ``explain`` asks an
    oracle what its bounds are made of; whoever has none of it ignores it.
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
    tap: bool = False
    explain: bool = False


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


class Pass(Message, frozen=True):
    """One gradient pass through a call: what came to its results, what went to its inputs.

    ``level`` is 0 for the gradient that the request asks for, and 1 more for every gradient
    function around it. ``upstream`` has the gradient of each result by its key in
    ``Tapped.results``, where one came; ``gradients`` what this call alone contributes to the
    gradient of each of its inputs, in their order, None where nothing flowed.
    """

    level: int
    upstream: dict[str, Tensor]
    gradients: tuple[Tensor | None, ...]


class Tapped(Message, frozen=True):
    """One call of an op that the case made: what went in and out, forward and backward.

    ``op`` is the public name without ``tf.`` (``mul``, ``linalg.qr``); ``method`` says that it was
    called as a method of its first argument. ``arguments`` are those of the call in the form of
    JSON: ``{"input": 0}`` stands for the first of ``inputs``, ``{"undefined": true}`` for
    undefined, ``{"function": true}`` for a function, and numbers that JSON lacks are as in
    ``Argument``. ``sources`` says for each input where it came from: the position among all taps
    and the key of the call whose result it is, or nothing for an input of the case and for
    constants. ``results`` has the results by key: "" for one tensor, "0", "1", ... for a list of
    them, the name of the field for an object. ``passes`` are in the order of their coming.
    """

    op: str
    arguments: tuple[Any, ...]
    inputs: tuple[Tensor, ...]
    sources: tuple[tuple[int, str] | None, ...]
    results: dict[str, Tensor]
    method: bool = False
    passes: tuple[Pass, ...] = ()


class Contribution(Message, frozen=True):
    """A part of a bound: what one function in one call of an op adds to it.

    ``call`` counts the calls of ops from 0; ``order`` is 0 for the value of the op, 1 for its
    gradient, 2 for the gradient of that. ``share`` is its part of the radius, from 0 to 1.
    """

    op: str
    call: int
    order: int
    function: str
    share: float


class Chosen(Message, frozen=True):
    """A tensor as the choices of a contract at the exact kinks have it.

    ``value`` has the exact elements, rounded, in the dtype of the tensor; ``radius`` (float32) is
    how far off each may be.
    """

    value: bytes
    radius: bytes


class Ball(Message, frozen=True):
    """Where the exact elements of a tensor are, and how far off an implementation may be.

    All fields have one entry per element of the tensor (two for complex64). ``rest`` (float32) is
    what the real number is beyond the element that it was rounded to. ``radius`` (float32, rounded
    up, infinite where nothing can be promised) is, by the name of the contract, what an
    implementation may be away from the real number. ``sides`` (twice float32) are present where
    an element lies at an exact kink: the results with the one and with the other one-sided
    derivative. ``widths`` counts, by contract, the elements whose ball is sharp, usable, loose and
    vacuous: at most 16 u, 2^-10 and 2^-7 of the element wide, or wider, with u = 2^-24.
    ``choices`` are present, by contract, where its choices at kinks give other elements.
    ``contributions`` are the largest parts of the first contract's radius.
    """

    rest: bytes
    radius: dict[str, bytes]
    widths: dict[str, tuple[int, int, int, int]] = {}
    sides: tuple[bytes, bytes] | None = None
    choices: dict[str, Chosen] = {}
    contributions: tuple[tuple[Contribution, ...], ...] = ()


class Acceptance(Message, frozen=True):
    """The balls of an oracle's answer, in the places of ``Returned``.

    A ball is None where the elements are exact and nothing but equality is right. ``kinks`` is the
    number of exact ties that were met, ``tied`` the ops that they belong to, ``straddled`` the
    number of decisions that rounding may turn.
    ``bits`` is the precision that it took.
    """

    value: Ball | None = None
    grads: tuple[Ball | None, ...] = ()
    variables: tuple[Ball | None, ...] = ()
    kinks: int = 0
    tied: tuple[str, ...] = ()
    straddled: int = 0
    bits: int = 0


class Answer(Message, frozen=True):
    """One line from an implementation: exactly one of ``started`` to ``unsupported`` is present.

    ``trace``, ``taps`` and ``acceptance`` are beside them where they were asked for and the
    implementation has them.
    """

    id: int
    started: Started | None = None
    returned: Returned | None = None
    threw: Threw | None = None
    unsupported: str | None = None
    trace: Trace | None = None
    taps: tuple[Tapped, ...] = ()
    acceptance: Acceptance | None = None


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
