"""Goldens: the oracle's answers, kept so that nobody computes the same one twice.

An answer is found by what was asked, the contracts and the fingerprint of the oracle, whatever the
name of the case. The user's own file is read and written; further files, which a team or a CI job
shares, are only read.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from conformance.goldens_file import GoldensFile, Warn
from conformance.outcomes import Certificate
from conformance.problems import UsageError
from conformance.protocol import Acceptance, Returned, Started, Threw

LIMIT_VARIABLE = "TFJS_CONFORMANCE_GOLDENS_LIMIT"
"""The environment variable with the size of the user's own file, in MiB."""
_LIMIT_MIB = 1024
_MOST_PENDING = 256
_LONGEST_PENDING = 2.0


class Golden(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Something that is kept.

    It is an answer (one of the first three, with the acceptance), or who answers, or what the steps
    of a case say of an implementation's answer.
    """

    returned: Returned | None = None
    threw: Threw | None = None
    unsupported: str | None = None
    acceptance: Acceptance | None = None
    started: Started | None = None
    certificate: Certificate | None = None


_decoder = msgspec.msgpack.Decoder(Golden)
_encoder = msgspec.msgpack.Encoder()


class Goldens:
    """All answers that are kept: in the user's own file, if any, and in those that are shared.

    As a context it writes what is outstanding, and closes the files.
    """

    def __init__(self, own: GoldensFile | None, shared: Sequence[GoldensFile] = ()) -> None:
        """Use open files; the own one comes first."""
        self._own = own
        self._files = [*([own] if own else []), *shared]
        self._pending: dict[bytes, bytes] = {}
        self._since = 0.0
        self._trusts = True

    def get(self, keys: Iterable[bytes]) -> dict[bytes, tuple[Golden, int]]:
        """What is kept of these, and its size in bytes."""
        missing = list(keys)
        found: dict[bytes, tuple[Golden, int]] = {}
        for file in self._files:
            if not missing:
                break
            for key, data in file.get(missing).items():
                try:
                    found[key] = _decoder.decode(data), len(data)
                except msgspec.DecodeError:
                    continue  # whole, but from somebody who writes something else
            missing = [key for key in missing if key not in found]
        return found

    def put(self, key: bytes, golden: Golden) -> None:
        """Keep an answer; it is written with others, soon."""
        if self._own is None or not self._trusts:
            return
        if not self._pending:
            self._since = time.monotonic()
        self._pending[key] = _encoder.encode(golden)
        late = time.monotonic() > self._since + _LONGEST_PENDING
        if late or len(self._pending) >= _MOST_PENDING:
            self._write()

    def forget(self, key: bytes) -> None:
        """Do not keep the answer that was given last."""
        self._pending.pop(key, None)

    def distrust(self) -> None:
        """Keep nothing more of whoever answers: it misbehaved."""
        self._trusts = False
        self._pending.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._write()
        for file in self._files:
            file.close()

    def _write(self) -> None:
        pending, self._pending = self._pending, {}
        if self._own is not None:
            self._own.put(pending)


def opened(shared: Iterable[Path], warn: Warn) -> Goldens:
    """The user's own answers and those in the shared files.

    Raises:
        UsageError: a shared file does not exist, or the limit in the environment is no number.
    """
    others: list[GoldensFile] = []
    limit = own_limit()
    for path in shared:
        if not path.is_file():
            raise UsageError(f"there are no stored answers at {path}", "leave --goldens away")
        others.append(GoldensFile(path, warn, read_only=True))
    return Goldens(GoldensFile(own_path(), warn, limit=limit), others)


def own_path() -> Path:
    """Where the user's own answers are."""
    import platformdirs  # noqa: PLC0415  the command line must start without it

    return platformdirs.user_cache_path("tfjs-conformance") / "goldens.sqlite"


def own_limit() -> int:
    """How many bytes the user's own answers may take.

    Raises:
        UsageError: the environment variable holds no number of MiB.
    """
    text = os.environ.get(LIMIT_VARIABLE) or str(_LIMIT_MIB)
    if not text.isdecimal() or not int(text):
        raise UsageError(
            f"{LIMIT_VARIABLE} is {text!r}", f"write a number of MiB, for example {_LIMIT_MIB}"
        )
    return int(text) << 20
