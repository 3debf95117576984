"""The journal on disk: one SQLite file in WAL mode, a log of changes and the live objects (spec 19).

One writer, the store. A commit is one transaction for all writes of a loop turn. `synchronous=NORMAL` survives the
death of the process; FULL waits for the disk and survives that of the machine.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from shutil import copyfile

from argosy.cluster.store.entry import Change
from argosy.cluster.store.journal import Loaded, LogRow, Row
from argosy.machinery.objects import Key

_SCHEMA = """
CREATE TABLE IF NOT EXISTS live (
  grp TEXT, plural TEXT, namespace TEXT, name TEXT, rev INTEGER NOT NULL, created_rev INTEGER NOT NULL,
  obj BLOB NOT NULL, PRIMARY KEY (grp, plural, namespace, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log (
  rev INTEGER PRIMARY KEY, grp TEXT NOT NULL, plural TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
  created_rev INTEGER NOT NULL, deleted INTEGER NOT NULL, obj BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""
FORMAT = 1
"""Goes up when older programs must not open the file."""


class SqliteJournal:
    durable = True

    def __init__(self, path: Path, *, full: bool = False) -> None:
        """Raises OSError when the file cannot be opened or belongs to a newer program."""
        self.slow = full
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # objects include Secrets
        self._floor = 0
        try:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=32)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute(f"PRAGMA synchronous={'FULL' if full else 'NORMAL'}")
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.executescript(_SCHEMA)
            self._check_format(path)
        except sqlite3.DatabaseError as error:
            if _is_damage(error):
                raise self._damaged(str(error)) from error
            raise OSError(f"{path} cannot be opened as a cluster store: {error}") from error

    def _check_format(self, path: Path) -> None:
        found = self._meta("format")
        if found > FORMAT:
            raise OSError(f"{path} has store format {found}; this program knows formats up to {FORMAT}")
        self._set_meta("format", FORMAT)

    def _meta(self, name: str) -> int:
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def _set_meta(self, name: str, value: int) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def load(self) -> Loaded:
        """Raises OSError when the file is damaged; a copy of it is kept then."""
        try:
            live, log = self._rows()
        except sqlite3.DatabaseError as error:
            raise self._damaged(str(error)) from error
        rows: list[Row | LogRow] = [*live, *log]
        for row in rows:
            if row.encoded[:1] != b"{" or row.encoded[-1:] != b"}":
                raise self._damaged(f"the object {row.plural} {row.key} is no JSON")
        revision = self._meta("revision")
        newest = max((row.rev for row in rows), default=0)
        if newest > revision:
            raise self._damaged(f"it holds revision {newest} and says that {revision} is the newest")
        return Loaded(revision, self._meta("compacted"), live, log)

    def _rows(self) -> tuple[list[Row], list[LogRow]]:
        live = [
            Row(group, plural, Key(namespace, name), rev, created, obj)
            for group, plural, namespace, name, rev, created, obj in self._db.execute("SELECT * FROM live")
        ]
        log = [
            LogRow(group, plural, Key(namespace, name), rev, created, bool(deleted), obj)
            for rev, group, plural, namespace, name, created, deleted, obj in self._db.execute(
                "SELECT * FROM log ORDER BY rev"
            )
        ]
        return live, log

    def _damaged(self, why: str) -> OSError:
        """The error, after the files were copied as they are: whatever is tried next, nothing more gets lost."""
        kept = next(place for number in count(1) if not (place := Path(f"{self._path}.damaged-{number}")).exists())
        for suffix in ("", "-wal"):
            source = Path(f"{self._path}{suffix}")
            if source.exists():
                copied = Path(f"{kept}{suffix}")
                os.close(os.open(copied, os.O_CREAT | os.O_WRONLY, 0o600))
                copyfile(source, copied)
        self._db.close()  # only now: it would carry the write-ahead log over into the damaged file
        return OSError(
            f"{self._path} is damaged: {why}. A copy is kept as {kept}. Restore the file from a backup, "
            "or move it away to begin with an empty cluster"
        )

    def commit(self, changes: Sequence[Change]) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._write(changes)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise OSError(0, f"the store refused a commit: {error}") from error
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def _write(self, changes: Sequence[Change]) -> None:
        log, gone = [], []
        live: dict[tuple[str, str, str, str], tuple[object, ...]] = {}
        for change in changes:
            key, deleted = change.key, change.new is None
            entry = change.last if change.new is None else change.new
            place = (change.group, change.plural, key.namespace, key.name)
            log.append((change.rev, *place, entry.created_rev, deleted, entry.encoded))
            if deleted:
                live.pop(place, None)
                gone.append(place)
            else:
                live[place] = (*place, entry.rev, entry.created_rev, entry.encoded)
        self._db.executemany("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?)", log)
        if gone:
            self._db.executemany("DELETE FROM live WHERE grp = ? AND plural = ? AND namespace = ? AND name = ?", gone)
        self._db.executemany("INSERT OR REPLACE INTO live VALUES (?, ?, ?, ?, ?, ?, ?)", live.values())
        self._set_meta("revision", changes[-1].rev)
        if self._floor:
            self._db.execute("DELETE FROM log WHERE rev <= ?", (self._floor,))
            self._set_meta("compacted", self._floor)
            self._floor = 0

    def compact(self, floor: int) -> None:
        """Done with the next commit: the connection may be in use by the worker thread now."""
        self._floor = floor

    def close(self) -> None:
        self._db.close()


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Of a store; a file that never was one is merely refused."""
    return getattr(error, "sqlite_errorname", "").startswith("SQLITE_CORRUPT")
