"""tf.js's names for Python programs: ``from reference_impl import tfjs as tf``.

``tf.add(x, y)``, ``tf.losses.huberLoss(a, b)``, ``tf.valueAndGrads(f)([x, y])["value"]``: the same
functions as those of a case. A method of tensors is here by its name as well, the receiver first;
where a function and a method of one name differ, a tensor as first argument means the method.
"""

from __future__ import annotations

import keyword
from typing import Any

from reference_impl.coercion import is_tensor
from reference_impl.namespace import Namespace, standard


class _Path:
    """A namespace below tf, such as ``tf.losses``."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __getattr__(self, name: str) -> Any:
        return _found(f"{self._path}.{name}")


def _found(path: str) -> Any:
    known = standard()
    # Python's own words are written with an underscore behind them.
    bare = path.removesuffix("_")
    path = bare if keyword.iskeyword(bare) else path
    function, method = known.functions.get(path), known.methods.get(path)
    if function is None or method is None or function is method:
        found = function or method
    else:
        found = _either(path, function, method)
    if found is None and not _is_namespace(known, path):
        raise AttributeError(f"tf.{path} does not exist in this implementation")
    return found or _Path(path)


def _is_namespace(known: Namespace, path: str) -> bool:
    return any(name.startswith(f"{path}.") for name in known.functions)


def _either(path: str, function: Any, method: Any) -> Any:
    def call(*given: Any) -> Any:
        means_method = bool(given) and is_tensor(given[0])
        if means_method and path == "where":
            # tf.where starts with the condition, x.where with the values where it holds.
            means_method = given[0].dtype.name != "bool"
        return (method if means_method else function)(*given)

    return call


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return _found(name)
