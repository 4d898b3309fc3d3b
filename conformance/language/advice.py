"""What to write instead of a name that a case cannot use."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from conformance.language.names import ApiNames

PROPERTIES = frozenset(
    {
        *("value", "grads", "grad", "gradFunc", "mean", "variance", "values", "indices"),
        *("result", "indexes"),
        *("selectedIndices", "selectedScores", "validOutputs"),
        *("outputIndices", "outputValues", "emptyRowIndicator", "reverseIndexMap", "outputShape"),
        *("nGrams", "nGramsSplits", "rtNestedSplits", "rtDenseValues"),
        *("outputNestedSplits", "outputDenseValues"),
    }
)
"""What can be read from the results of gradients and of ops that have several."""

_ENVIRONMENT = "a case cannot change or see its environment; choose a backend with its address"
_LIFETIME = "the harness keeps and disposes tensors itself"
_READING = "return the tensor; the harness reads its values"
_EXTERNAL = "a case has no files, network or page; write its values under `inputs`"
_PLAIN = "a shape is known when the case is written: write the numbers"
_NO_REFLECTION = "only tensors and results of tf.js can be reached from a case"

_FUNCTIONS = {
    **dict.fromkeys(
        (
            *("backend", "engine", "env", "ENV", "findBackend", "getBackend", "removeBackend"),
            *("registerBackend", "registerKernel", "registerGradient", "unregisterGradient"),
            *("setBackend", "setPlatform", "ready", "version", "version_core", "wasm", "webgl"),
            *("enableProdMode", "enableDebugMode", "getKernel", "getGradient", "unregisterKernel"),
        ),
        _ENVIRONMENT,
    ),
    **dict.fromkeys(
        ("dispose", "disposeVariables", "keep", "tidy", "memory", "profile", "time"), _LIFETIME
    ),
    **dict.fromkeys(
        ("io", "browser", "data", "node", "loadLayersModel", "loadGraphModel"), _EXTERNAL
    ),
}
_METHODS = {
    **dict.fromkeys(
        ("data", "dataSync", "array", "arraySync", "bytes", "buffer", "print"), _READING
    ),
    **dict.fromkeys(("dispose", "throwIfDisposed"), _LIFETIME),
    **dict.fromkeys(("map", "forEach", "reduce", "filter"), "call the function for each item"),
    **dict.fromkeys(("call", "apply", "bind"), "call the function itself: `f(x)`"),
}
_PROPERTIES = {
    **dict.fromkeys(("shape", "size", "rank", "length", "dtype", "strides"), _PLAIN),
    **dict.fromkeys(("constructor", "prototype", "__proto__"), _NO_REFLECTION),
}
_NAMES = {
    **dict.fromkeys(
        ("globalThis", "window", "self", "global", "process", "require", "document", "eval"),
        _NO_REFLECTION,
    ),
    "Math": "write the number, or the function of tf.js",
    "arguments": "write `(...)` with a name for each parameter",
}


def for_function(path: str, names: ApiNames) -> str | None:
    """What to write instead of the unknown ``tf.path``."""
    if path.split(".", maxsplit=1)[0] in _FUNCTIONS:
        return _FUNCTIONS[path.split(".", maxsplit=1)[0]]
    inside = sorted(f for f in names.functions if f.startswith(f"{path}."))
    if inside:
        return f"name one of its functions, such as tf.{inside[0]}"
    if path in names.methods:
        return f"it is a method: `x.{path}(…)`"
    return _same_name(path, names) or _nearest(f"tf.{path}", (f"tf.{f}" for f in names.functions))


def for_method(name: str, names: ApiNames) -> str | None:
    """What to write instead of the unknown ``.name(…)``."""
    special = _METHODS.get(name) or _PROPERTIES.get(name)
    if special is not None:
        return special
    if name in PROPERTIES:
        return f"`.{name}` is a property, not a method"
    return _same_name(name, names) or _nearest(f".{name}", (f".{m}" for m in names.methods))


def for_property(name: str, names: ApiNames) -> str:
    """What to write instead of the unknown property ``.name``."""
    if name in names.methods:
        return f"it is a method, so call it: `.{name}(…)`"
    special = _PROPERTIES.get(name) or _METHODS.get(name)
    return (
        special
        or _nearest(name, PROPERTIES)
        or f"what can be read: {', '.join(f'.{p}' for p in sorted(PROPERTIES))}"
    )


def for_name(name: str, bound: Iterable[str], names: ApiNames) -> str | None:
    """What to write instead of a name that nothing binds."""
    known = _NAMES.get(name) or _same_name(name, names)
    return known or _nearest(name, bound) or "names are parameters, constants and `tf`"


def _same_name(name: str, names: ApiNames) -> str | None:
    last = name.rsplit(".", maxsplit=1)[-1]
    same = sorted(f for f in names.functions if f.rsplit(".", maxsplit=1)[-1] == last)
    return f"did you mean tf.{same[0]}?" if same else None


def _nearest(name: str, known: Iterable[str]) -> str | None:
    # difflib is quadratic in the length, and no name of tf.js is longer.
    nearest = difflib.get_close_matches(name[:64], sorted(known), n=1)
    return f"did you mean {nearest[0]}?" if nearest else None
