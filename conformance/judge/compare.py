"""One tensor against another, or against stated decimals: a finding, or the budget's share used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.judge import decimals
from conformance.judge.finding import Finding, bits, element, index_of, sentence, text, title
from conformance.judge.policy import Tolerance
from conformance.outcomes import Class, Worst
from conformance.suite.case import Decimals
from conformance.tensors import Tensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Mask = NDArray[np.bool_]

NOTHING = Tolerance(ulp=0.0)


Candidate = tuple[Tensor, Tolerance | None]
"""A further answer, and what is allowed around it if that is something else."""


@dataclass(frozen=True, slots=True)
class Excuse:
    """Where two results differ by convention, and by which choices.

    ``mask`` has the shape of the results, and says nothing about elements that do not differ.
    """

    mask: Mask
    note: str
    not_a_subgradient: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """What one comparison goes by.

    ``ball`` is what the oracle allows; without it the ``tolerance`` is asked for, and only when
    bits differ. ``got_candidates`` are further tensors that the implementation may show instead of
    the reference, element by element, because it flushes subnormal operands;
    ``reference_candidates`` are the same for the reference. ``excused`` says which elements differ
    by convention.
    """

    place: str
    against: str
    tolerance: Callable[[], Tolerance] = field(default=lambda: NOTHING)
    ball: Tolerance | None = None
    strict_zero: bool = False
    got_flushes: bool = False
    reference_flushes: bool = False
    got_candidates: tuple[Candidate, ...] = ()
    reference_candidates: tuple[Candidate, ...] = ()
    excused: Callable[[NDArray[Any], NDArray[Any]], Excuse | None] | None = None


def tensors(got: Tensor, reference: Tensor, rules: Rules) -> Finding | float:
    """A finding, or the largest share of the budget that an element takes (0 for equal bits).

    int32, bool and string elements have to be equal. complex64 is judged as its real and imaginary
    parts. All elements are looked at.
    """
    if got == reference:
        return 0.0
    if (found := _shape(got.shape, reference.shape, rules)) is not None:
        return found
    if got.dtype != reference.dtype:
        why = f"dtype of {title(rules.place)} differs: expected {reference.dtype}, got {got.dtype}"
        return Finding(kind="dtype", why=why, against=rules.against)
    if got.dtype in ("float32", "complex64"):
        return _floats(got, reference, rules)
    return _exact(got, reference, rules)


def _shape(got: tuple[int, ...], wanted: tuple[int, ...], rules: Rules) -> Finding | None:
    if got == wanted:
        return None
    why = f"shape of {title(rules.place)} differs: expected {list(wanted)}, got {list(got)}"
    return Finding(kind="shape", why=why, against=rules.against)


def _exact(got: Tensor, reference: Tensor, rules: Rules) -> Finding | float:
    import numpy as np  # noqa: PLC0415

    mine, theirs = got.numpy(), reference.numpy()
    differing = np.asarray(mine != theirs).reshape(-1)
    if rules.ball is not None and rules.ball.ball is not None and got.dtype != "string":
        # Where rounding may turn a decision, other integers are right too.
        apart = np.abs(mine.astype(np.float64) - theirs.astype(np.float64)).reshape(-1)
        differing &= apart > _radii(rules.ball)
    count = int(np.count_nonzero(differing))
    if count == 0:
        return 0.0
    excused = None if rules.excused is None else rules.excused(mine, theirs)
    rest = differing if excused is None else differing & ~excused.mask.reshape(-1)
    kind: Class = "numeric" if rest.any() else "convention"
    flat = int(np.argmax(rest if rest.any() else differing))
    pair = (theirs.reshape(-1), mine.reshape(-1))
    worst = element(rules.place, got.shape, flat, pair, (count, got.size))
    note = "" if excused is None or kind == "numeric" else excused.note
    why = sentence(worst, note)
    return Finding(kind=kind, why=why, against=rules.against, worst=worst)


def _floats(got: Tensor, reference: Tensor, rules: Rules) -> Finding | float:
    import numpy as np  # noqa: PLC0415

    from conformance.judge import special  # noqa: PLC0415

    mine, theirs = _flat(got), _flat(reference)
    if rules.ball is not None and not rules.strict_zero:
        # Most answers lie in their balls, and then nothing else is to be asked.
        share = _share(mine, theirs, rules.ball)
        if share is not None:
            return share
    same, odd = special.decide(
        mine,
        theirs,
        strict_zero=rules.strict_zero,
        got_flushes=rules.got_flushes,
        reference_flushes=rules.reference_flushes,
    )
    rest = ~(same | odd)
    # Asking for a budget may fail for want of a contract, so it waits for a number that needs one.
    tolerance = rules.ball or (rules.tolerance() if rest.any() else NOTHING)
    if tolerance.ball is not None:
        # Where nothing can be promised, everything is right, specials too.
        odd &= np.isfinite(_radii(tolerance))
    shares, ulps = _shares(mine, theirs, rest, tolerance)
    outside = odd | (shares > 1)
    if not outside.any():
        return float(shares.max(initial=0.0))
    outside &= ~_flushed(got, reference, rules, tolerance)
    if not outside.any():
        return float(shares[shares <= 1].max(initial=0.0))
    excused = None
    if rules.excused is not None and got.dtype == "float32":
        excused = rules.excused(mine.reshape(got.shape), theirs.reshape(got.shape))
    return _worst(got, (mine, theirs), (outside, odd), (shares, ulps), excused, tolerance, rules)


def _worst(  # noqa: PLR0913, PLR0917  the arrays of one comparison, handed on once
    got: Tensor,
    pair: tuple[Floats, Floats],
    masks: tuple[Mask, Mask],
    measured: tuple[NDArray[np.float64], NDArray[np.float64]],
    excused: Excuse | None,
    tolerance: Tolerance,
    rules: Rules,
) -> Finding:
    import numpy as np  # noqa: PLC0415

    mine, theirs = pair
    outside, odd = masks
    shares, ulps = measured
    odd = odd & outside
    kept = outside if excused is None else outside & ~excused.mask.reshape(-1)
    parts = 2 if got.dtype == "complex64" else 1
    elements = outside.reshape(-1, parts).any(axis=1)
    counts = (int(np.count_nonzero(elements)), got.size)
    kind: Class
    if odd.any():
        kind, at = "special", int(np.argmax(odd))
    elif kept.any():
        kind, at = "numeric", int(np.argmax(np.where(kept, shares, -1.0)))
    else:
        kind, at = "convention", int(np.argmax(outside))
    shown = (theirs, mine)
    if parts == 2:  # noqa: PLR2004  real and imaginary
        shown = (theirs.view(np.complex64), mine.view(np.complex64))
    ulp = budget = None
    if kind != "special":
        ulp = float(ulps[at])
        budget = _budget(tolerance, float(theirs[at]), at)
    worst = element(rules.place, got.shape, at // parts, shown, counts, ulp=ulp, budget=budget)
    match kind:
        case "special":
            note = _special_note(mine[at], theirs[at])
        case "numeric":
            note = f"{ulp:.4g} ulp, {budget:.4g} allowed"
        case _:
            note = "" if excused is None else excused.note
    strange = kind == "convention" and excused is not None and excused.not_a_subgradient
    return Finding(
        kind=kind,
        why=sentence(worst, note),
        against=rules.against,
        worst=worst,
        not_a_subgradient=strange,
    )


def _special_note(mine: np.float32, theirs: np.float32) -> str:
    return "sign of zero" if mine == 0 and theirs == 0 else ""


def _budget(tolerance: Tolerance, reference: float, at: int) -> float:
    import numpy as np  # noqa: PLC0415

    from conformance.judge.ulp import ulp  # noqa: PLC0415

    if tolerance.ulp is not None:
        return tolerance.ulp
    allowed = tolerance.atol + tolerance.rtol * abs(reference)
    if tolerance.ball is not None:
        allowed = float(_radii(tolerance)[at])
    return float(allowed / ulp(np.asarray([reference]))[0])


def _flat(tensor: Tensor) -> Floats:
    import numpy as np  # noqa: PLC0415

    return np.frombuffer(tensor.data, dtype="<f4")


def _numbers(data: bytes) -> Floats:
    import numpy as np  # noqa: PLC0415

    return np.frombuffer(data, dtype="<f4")


def _radii(tolerance: Tolerance) -> Floats:
    """The radius of each element."""
    if tolerance.ball is None:
        raise AssertionError("only a ball has radii")
    return _numbers(tolerance.ball.radius[tolerance.contract])


def _share(mine: Floats, theirs: Floats, tolerance: Tolerance) -> float | None:
    """The largest share of the radius that an element takes; None if not all are in their balls."""
    import numpy as np  # noqa: PLC0415

    if tolerance.ball is None:
        return None
    radii = _radii(tolerance)
    with np.errstate(invalid="ignore"):
        apart = np.abs(np.subtract(mine, theirs, dtype=np.float64) - _numbers(tolerance.ball.rest))
        if not (apart <= radii).all():
            return None
    # Where nothing is allowed nothing was taken, and where everything is, nothing either.
    counts = (radii > 0) & np.isfinite(radii)
    return float(np.divide(apart, radii, out=np.zeros_like(apart), where=counts).max(initial=0))


def _shares(
    mine: Floats, theirs: Floats, rest: Mask, tolerance: Tolerance
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The share of the budget and the distance in ULP of each element; 0 outside ``rest``.

    With no budget at all, a distance takes infinitely much of it.
    """
    import numpy as np  # noqa: PLC0415

    from conformance.judge.ulp import distance  # noqa: PLC0415

    shares = np.zeros(mine.shape)
    ulps = np.zeros(mine.shape)
    if not rest.any():
        return shares, ulps
    reference = theirs[rest]
    apart, unit = distance(mine[rest], reference)
    if tolerance.ball is not None:
        beyond = _numbers(tolerance.ball.rest)[rest].astype(np.float64)
        apart = np.abs(mine[rest].astype(np.float64) - reference.astype(np.float64) - beyond)
    ulps[rest] = apart / unit
    if tolerance.ball is not None:
        allowed = _radii(tolerance)[rest].astype(np.float64)
    elif tolerance.ulp is not None:
        allowed = tolerance.ulp * unit
    else:
        allowed = tolerance.atol + tolerance.rtol * np.abs(reference.astype(np.float64))
    taken = np.full(apart.shape, np.inf)
    np.divide(apart, allowed, out=taken, where=allowed > 0)
    taken[apart == 0] = 0.0
    shares[rest] = taken
    return shares, ulps


def _flushed(got: Tensor, reference: Tensor, rules: Rules, tolerance: Tolerance) -> Mask:
    """Where one side shows what the other gives for the operands with subnormals flushed."""
    import numpy as np  # noqa: PLC0415

    from conformance.judge import special  # noqa: PLC0415

    found: Mask = np.zeros(_flat(got).shape, dtype=np.bool_)
    sides = ((got, rules.got_candidates), (reference, rules.reference_candidates))
    for shown, candidates in sides:
        for candidate, own in candidates:
            if candidate.shape != shown.shape or candidate.dtype != shown.dtype:
                continue
            mine, theirs = _flat(shown), _flat(candidate)
            same, odd = special.decide(mine, theirs)
            shares, _ = _shares(mine, theirs, ~(same | odd), own or tolerance)
            found |= ~odd & (shares <= 1)
    return found


def stated(got: Tensor, expected: Decimals, rules: Rules) -> Finding | None:
    """A finding where a tensor does not agree with the decimals that a case states, or None.

    The dtype is not compared, but truth values agree only with bool, numbers only with the rest. A
    complex element agrees with a decimal where its imaginary part is zero.
    """
    if (found := _shape(got.shape, expected.shape, rules)) is not None:
        return found
    truths = [item in decimals.TRUTHS for item in expected.items]
    if got.dtype == "string" or (truths and set(truths) != {got.dtype == "bool"}):
        kind = "truth values" if truths and all(truths) else "numbers"
        why = f"dtype of {title(rules.place)} differs: expected {kind}, got {got.dtype}"
        return Finding(kind="dtype", why=why, against=rules.against)
    elements = got.numpy().reshape(-1)
    decided = [_decide(item, elements[i], rules) for i, item in enumerate(expected.items)]
    wrong = [i for i, decision in enumerate(decided) if decision != "same"]
    if not wrong:
        return None
    at = next((i for i in wrong if decided[i] == "special"), wrong[0])
    worst = Worst(
        place=rules.place,
        index=index_of(at, got.shape),
        expected=expected.items[at],
        got=text(elements[at]),
        got_bits=bits(elements[at]),
        differing=len(wrong),
        of=got.size,
    )
    kind_of: Class = "special" if decided[at] == "special" else "numeric"
    why = sentence(worst, "as the case states it")
    return Finding(kind=kind_of, why=why, against=rules.against, worst=worst)


def _decide(item: str, element: Any, rules: Rules) -> decimals.Decision:
    import numpy as np  # noqa: PLC0415

    if isinstance(element, np.complexfloating):
        if element.imag != 0:
            return "special" if not np.isfinite(element.imag) else "numeric"
        element = element.real
    if isinstance(element, np.floating):
        return decimals.decide(
            item, float(element), strict_zero=rules.strict_zero, flushes=rules.got_flushes
        )
    return decimals.equals(item, int(element))
