"""Cases that were read before, so that an unchanged file is not parsed again.

An entry is named by the SHA-256 of all that its cases depend on: the file's bytes, the shared axes
that it names, how it is called, the names of the bundled tf.js and the code that reads files. It
starts with the SHA-256 of its own content; what is damaged is read anew. Files with problems are
never kept.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

import msgspec

from conformance.language.names import ApiNames
from conformance.suite.case import Case

MOST_ENTRIES = 500
_SUM = 32
_AXES = re.compile(rb"^axes:[ \t]*(\S+)", re.MULTILINE)
_HERE = Path(__file__).resolve().parent
_CODE = (_HERE, _HERE.parent / "language", _HERE.parent / "laws")


class Cache:
    """The entries of one user. Where there is no place to keep any, nothing is kept."""

    def __init__(self, names: ApiNames, folder: Path | None = None) -> None:
        """Use ``folder``, by default the one that the platform has for caches."""
        if folder is None:
            import platformdirs  # noqa: PLC0415  only where no folder is given

            folder = platformdirs.user_cache_path("tfjs-conformance") / "cases"
        self._folder = folder
        common = hashlib.sha256(msgspec.json.encode([names.version, len(names.functions)]))
        for place in _CODE:
            for entry in sorted(os.scandir(place), key=lambda found: found.name):
                if entry.name.endswith(".py"):
                    about = entry.stat()
                    common.update(f"{entry.name} {about.st_mtime_ns} {about.st_size}\n".encode())
        self._common = common

    def get(self, path: Path, shown: str) -> tuple[Path, list[Case] | None]:
        """Where the cases of a file are kept, and the cases, if they are.

        Raises:
            OSError: the file cannot be read.
        """
        key = self._common.copy()
        data = path.read_bytes()
        key.update(f"{shown}\0".encode() + data)
        for axes in _AXES.findall(data):
            key.update(b"\0" + (path.parent / axes.decode().strip("'\"")).read_bytes())
        place = self._folder / f"{key.hexdigest()}.msgpack"
        try:
            data = place.read_bytes()
            if hashlib.sha256(data[_SUM:]).digest() == data[:_SUM]:
                return place, msgspec.msgpack.decode(data[_SUM:], type=list[Case])
        except (OSError, msgspec.DecodeError):
            pass
        return place, None

    def put(self, place: Path, cases: list[Case]) -> None:
        """Keep the cases of a file; older entries give way when there are too many."""
        content = msgspec.msgpack.encode(cases)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
                file.write(hashlib.sha256(content).digest() + content)
            Path(file.name).replace(place)
            entries = sorted(self._folder.glob("*.msgpack"), key=lambda old: old.stat().st_mtime)
            for old in entries[: max(0, len(entries) - MOST_ENTRIES)]:
                old.unlink(missing_ok=True)
        except OSError:
            return
