"""Programs of 2 to 8 ops, made at random: which ops they are made of, and what is left out."""

from __future__ import annotations

from random import Random

import numpy as np

from tests.acceptance import rows_elementwise, rows_shapes, rows_windows  # noqa: F401  they register
from tests.acceptance.maker import MODERATE, ROWS, Maker, Program, Unfit, calls_of

KINDS = {
    "elementwise": {"elementwise": 1.0},
    "small": {"elementwise": 4.0, "reduction": 2.0, "moving": 1.5, "step": 0.7, "matrix": 1.0,
              "normalization": 0.5, "loss": 0.5, "signal": 0.3, "recurrent": 0.2},
    "windows": {"elementwise": 1.0, "reduction": 0.5, "window": 2.0, "image": 0.7,
                "normalization": 0.7},
}  # fmt: skip
"""How much each kind of op counts in the programs of this kind."""
SHARES = {"elementwise": 0.45, "small": 0.45, "windows": 0.1}
_TRIES = 60

LEFT_OUT = {
    "bitwiseAnd": "integers alone", "broadcastArgs": "integers alone",
    "math.confusionMatrix": "integers alone", "lowerBound": "places, no gradient",
    "upperBound": "places, no gradient", "searchSorted": "places, no gradient",
    "sparse.sparseFillEmptyRows": "mostly integers", "sparse.sparseReshape": "integers alone",
    "raggedRange": "no gradient", "unique": "no gradient, and equal numbers",
    "image.nonMaxSuppression": "places, no gradient",
    "image.nonMaxSuppressionPadded": "places, no gradient",
    "image.nonMaxSuppressionWithScore": "places, no gradient",
    "image.threshold": "jumps on 256 levels", "browser.fromPixels": "pixels, no gradient",
    "multinomial": "random", "rand": "random", "randomGamma": "random", "randomNormal": "random",
    "randomStandardNormal": "random", "randomUniform": "random", "randomUniformInt": "random",
    "truncatedNormal": "random",
    ".resizeBilinear": "image.resizeBilinear",
    ".resizeNearestNeighbor": "image.resizeNearestNeighbor",
}  # fmt: skip
"""The ops of the oracle that no program has, each with the reason."""


def program(seed, kind=None, size=9, first=None):
    """The program of this seed.

    Args:
        seed: decides all.
        kind: one of ``KINDS``; by default one of them by ``SHARES``.
        size: how many elements a tensor has, windows apart.
        first: an op that it has to have.
    """
    random = Random(seed)  # noqa: S311  reproducible, not secret
    kind = kind or random.choices(list(SHARES), SHARES.values())[0]
    while True:
        found = _attempt(random, seed, kind, size, first)
        if found is not None:
            return found


def _attempt(random, seed, kind, size, first):
    maker = Maker(random, random.randint(2, 8), size)
    if first is None and kind != "windows":
        maker.input(maker.shape(), MODERATE)
    last, count, wanted, held = None, 0, first, None
    for _ in range(_TRIES):
        name = wanted or _drawn(random, kind)
        before = dict(maker.known), dict(maker.inputs)
        try:
            expression = ROWS[name][1](maker)
            last = maker.state(expression, 8 - count)
        except Unfit:
            maker.known, maker.inputs = before
            continue
        held, wanted = held or (last if wanted else None), None
        count += calls_of(expression)
        if count >= maker.most:
            break
    if last is None or (first is not None and held not in maker.used(last)):
        return None
    return _written(maker, seed, kind, last)


def _drawn(random, kind):
    shares = KINDS[kind]
    group = random.choices(list(shares), shares.values())[0]
    return random.choice([name for name, (of, _) in ROWS.items() if of == group])


def _written(maker, seed, kind, last):
    used = maker.used(last)
    statements = {name: text for name, text in maker.statements.items() if name in used}
    inputs = {name: array for name, array in maker.inputs.items() if name in used}
    if sum(map(calls_of, statements.values())) < 2 or not inputs:
        return None
    *before, (_, result) = statements.items()
    constants = "".join(f"const {name} = {text}; " for name, text in before)
    body = f"{{ {constants}return {result}; }}" if before else result
    shape = maker.known[last].shape
    signs = np.array([maker.choice(-1, 1) for _ in range(int(np.prod(shape)))])
    sizes = np.array([maker.random.uniform(0.2, 2) for _ in signs])
    return Program(
        seed=seed,
        kind=kind,
        source=f"({', '.join(inputs)}) => {body}",
        ops=tuple(op for name in statements for op in maker.calls[name]),
        inputs=inputs,
        dy=(signs * sizes).astype(np.float32).reshape(shape),
    )
