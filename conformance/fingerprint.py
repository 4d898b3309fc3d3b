"""What decides the oracle's answers, in one digest: its code and the libraries it computes with.

Answers of another fingerprint are never taken for its own, so a changed oracle needs no version
number that somebody could forget to raise.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from importlib import metadata, util
from pathlib import Path

_HERE = Path(__file__).resolve().parent
# The modules of TensorFlow: the oracle imports none of them.
_NOT_THE_ORACLES = "ops"
_LIBRARIES = ("python-flint", "numpy")


def fingerprint() -> bytes:
    """The digest of the installed oracle, 32 bytes; the oracle itself is not imported."""
    versions = ((library, _version(library).encode()) for library in _LIBRARIES)
    return _digest(itertools.chain(_sources(), versions))


def of_certificates() -> bytes:
    """The digest of what decides who is to blame, 32 bytes."""
    files = (
        path
        for folder in ("blame", "judge")
        for path in sorted((_HERE / folder).iterdir())
        if path.suffix in {".py", ".yaml"}
    )
    return _digest((path.relative_to(_HERE).as_posix(), path.read_bytes()) for path in files)


def _digest(parts: Iterable[tuple[str, bytes]]) -> bytes:
    digest = hashlib.blake2b(digest_size=32)
    for name, data in parts:
        digest.update(f"{name}\0{len(data)}\0".encode() + data)
    return digest.digest()


def _sources() -> Iterator[tuple[str, bytes]]:
    """The names and contents of all files that have a say, in a fixed order."""
    files = [
        _HERE / "protocol.py",
        _HERE / "tensors.py",
        *sorted((_HERE / "language").glob("*.py")),
    ]
    for path in files:
        yield path.relative_to(_HERE).as_posix(), path.read_bytes()
    package = util.find_spec("reference_impl")
    for folder in (package.submodule_search_locations if package else None) or ():
        root = Path(folder)
        for path in sorted(root.rglob("*.py")):
            name = path.relative_to(root)
            if name.parts[0] != _NOT_THE_ORACLES:
                yield f"reference_impl/{name.as_posix()}", path.read_bytes()


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "none"
