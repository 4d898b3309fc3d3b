"""A file of stored answers: SQLite, one row each, named by a digest of all that decides it.

Every row has a check sum; what does not match is as if it were not there. Several runs may share a
file: transactions are short, and whoever finds it locked for too long goes on without it. A file
that is no database any more is moved aside, and a new one begun. No write-ahead log is used, so the
file is whole by itself and can be copied, and read where nothing can be written.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

SCHEMA = 1
_BUSY_SECONDS = 2.0
# A day: to note every use of every answer would cost more than to read them.
_FRESH_SECONDS = 86_400
# What is kept when there is too much, so that not every write has to make room.
_KEPT_SHARE = 0.9
# Far below SQLite's limit on the parameters of one statement.
_AT_ONCE = 256
_DAMAGES = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_TABLE = """CREATE TABLE IF NOT EXISTS golden (
    key BLOB PRIMARY KEY, checksum BLOB NOT NULL, answer BLOB NOT NULL, used INTEGER NOT NULL)"""

T = TypeVar("T")
Warn = Callable[[str], None]


class GoldensFile:
    """One file of answers; whatever is wrong with it costs one warning and no run."""

    def __init__(self, path: Path, warn: Warn, *, limit: int = 0, read_only: bool = False) -> None:
        """Open or begin a file. ``limit`` is in bytes; with ``read_only`` nothing is written."""
        self.path = path
        self._warn = warn
        self._limit = limit
        self._writes = not read_only
        self._read_only = read_only
        self._was_damaged = False
        self._stale: set[bytes] = set()
        self._connection: sqlite3.Connection | None = None
        self._open()

    def get(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """The answers that are there and undamaged, by key."""
        wanted = list(keys)
        found: dict[bytes, bytes] = {}
        for begin in range(0, len(wanted), _AT_ONCE):
            read = functools.partial(self._get, keys=wanted[begin : begin + _AT_ONCE])
            found |= self._try(read, found)
        return found

    def put(self, answers: Mapping[bytes, bytes]) -> None:
        """Keep answers, in one transaction; the longest unused give way when there are too many."""
        if self._writes and (answers or self._stale):
            self._try(lambda db: self._put(db, answers), None, writing=True)

    def size(self) -> tuple[int, int]:
        """The number of answers, and the bytes that they take."""
        return self._try(
            lambda db: (_one(db, "SELECT count(*) FROM golden"), _used_bytes(db)), (0, 0)
        )

    def clear(self) -> None:
        """Forget all answers."""
        self._try(_clear, None, writing=True)

    def close(self) -> None:
        """Note what was used, and close the file."""
        self.put({})
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> None:
        try:
            if not self._read_only:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            how = "mode=ro&immutable=1" if self._read_only else "mode=rwc"
            self._connection = sqlite3.connect(
                f"{self.path.resolve().as_uri()}?{how}", uri=True,
                timeout=_BUSY_SECONDS, isolation_level=None,
            )  # fmt: skip
            # A damaged row may claim to be text that is none; that must not end the reading.
            self._connection.text_factory = bytes
        except (OSError, sqlite3.Error) as error:
            self._give_up(error)
            return
        self._try(self._prepare, None)

    def _prepare(self, db: sqlite3.Connection) -> None:
        # To wait for the disk would hold up other runs for long. What a power failure leaves half
        # written is found damaged, and computed again.
        db.execute("PRAGMA synchronous = OFF")
        schema = _one(db, "PRAGMA user_version")
        if schema == 0 and not self._read_only:
            db.execute("PRAGMA auto_vacuum = INCREMENTAL")
            with _transaction(db):
                db.execute(_TABLE)
                db.execute(f"PRAGMA user_version = {SCHEMA}")
        elif schema != SCHEMA:
            raise sqlite3.OperationalError("it is no file of stored answers of this version")

    def _get(self, db: sqlite3.Connection, keys: list[bytes]) -> dict[bytes, bytes]:
        marks = ",".join("?" * len(keys))
        rows = db.execute(
            f"SELECT key, checksum, answer, used FROM golden WHERE key IN ({marks})",  # noqa: S608  only question marks
            keys,
        )
        found: dict[bytes, bytes] = {}
        fresh = time.time() - _FRESH_SECONDS
        for key, checksum, answer, used in rows:
            if isinstance(answer, bytes) and checksum == _checksum(key, answer):
                found[key] = answer
                if isinstance(used, int) and used < fresh:
                    self._stale.add(key)
        return found

    def _put(self, db: sqlite3.Connection, answers: Mapping[bytes, bytes]) -> None:
        now = int(time.time())
        stale, self._stale = self._stale, set()
        with _transaction(db):
            db.executemany("UPDATE golden SET used = ? WHERE key = ?", [(now, k) for k in stale])
            db.executemany(
                "INSERT OR REPLACE INTO golden VALUES (?, ?, ?, ?)",
                [(key, _checksum(key, answer), answer, now) for key, answer in answers.items()],
            )
        if answers:
            self._make_room(db)

    def _make_room(self, db: sqlite3.Connection) -> None:
        excess = _used_bytes(db) - self._limit
        if excess <= 0:
            return
        excess += int(self._limit * (1 - _KEPT_SHARE))
        leaving: list[tuple[int]] = []
        with _transaction(db):
            for row, size in db.execute(
                "SELECT rowid, length(answer) FROM golden ORDER BY used, rowid"
            ):
                if excess <= 0:
                    break
                leaving.append((row,))
                excess -= size
            db.executemany("DELETE FROM golden WHERE rowid = ?", leaving)
        _give_back(db)

    def _try(
        self, action: Callable[[sqlite3.Connection], T], otherwise: T, *, writing: bool = False
    ) -> T:
        if self._connection is None:
            return otherwise
        try:
            return action(self._connection)
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in _DAMAGES and not self._read_only and not self._was_damaged:
                self._begin_anew()
            elif writing and code not in _DAMAGES:
                self._writes = False
                self._warn(f"the oracle's answers are not kept: {self.path}: {error}")
            else:
                self._give_up(error)
        return otherwise

    def _begin_anew(self) -> None:
        """Move a damaged file aside, with the journal that belongs to it, and begin another."""
        self._was_damaged = True
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        aside = self.path.with_name(self.path.name + ".damaged")
        journal = self.path.with_name(self.path.name + "-journal")
        with contextlib.suppress(FileNotFoundError):  # another run has moved it already
            self.path.replace(aside)
        with contextlib.suppress(FileNotFoundError):
            journal.replace(aside.with_name(aside.name + "-journal"))
        self._warn(f"the stored answers in {self.path} were damaged: now {aside.name}; begun anew")
        self._open()

    def _give_up(self, error: Exception) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._writes = False
        self._warn(f"the stored answers in {self.path} are not used: {error}")


@contextlib.contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # a damaged file may have ended it already
            db.execute("ROLLBACK")
        raise


def _clear(db: sqlite3.Connection) -> None:
    with _transaction(db):
        db.execute("DELETE FROM golden")
    _give_back(db)


def _give_back(db: sqlite3.Connection) -> None:
    # Each step gives one page back; of the ways to run a statement, only this one takes all steps.
    db.executescript("PRAGMA incremental_vacuum")


def _one(db: sqlite3.Connection, query: str) -> int:
    return int(db.execute(query).fetchone()[0])


def _used_bytes(db: sqlite3.Connection) -> int:
    pages = _one(db, "PRAGMA page_count") - _one(db, "PRAGMA freelist_count")
    return pages * _one(db, "PRAGMA page_size")


def _checksum(key: bytes, answer: bytes) -> bytes:
    return hashlib.blake2b(answer, digest_size=16, key=key).digest()
