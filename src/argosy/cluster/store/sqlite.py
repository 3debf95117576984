"""The journal on disk: one SQLite file in WAL mode, a log of changes and the live objects (spec 19).

One writer, the store. A commit is one transaction for all writes of an event loop turn. `synchronous=NORMAL` survives
a crash of the process; FULL waits for the disk and survives a crash of the machine.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import sqlite3
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from shutil import copyfile

from argosy.cluster.store.carrying import Carrier, carry_over
from argosy.cluster.store.entry import Change
from argosy.cluster.store.journal import Loaded, LogRow, Row
from argosy.cluster.store.marker import Mark, MarkerFile, boot_of_machine, read_mark
from argosy.cluster.store.reserve import Reserve
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
"""Increased whenever older programs must not open the file."""
CHECKPOINT_BYTES = 4 << 20
"""A write-ahead log of this size is checkpointed into the database."""
LOG_BYTES = 64 << 20
"""At this size it is checkpointed before anything else is done."""
FORGOTTEN_AT_ONCE = 128
"""Rows of history that are deleted along with one commit."""
FORGOTTEN_BYTES = 1 << 20
SCARCE = 1 << 20
"""Bytes that are left on a disk that counts as full."""
MARKER = "cluster.marker"
COMMITS_PER_LOOK = 16
"""How often that size is checked."""
_log = logging.getLogger(__name__)


class SqliteJournal:
    """`full`: each batch is on disk before it is acknowledged. `identity`: the id given to a new cluster.

    Other processes (`argosy cluster backup`) may read; only one process writes.
    """

    durable = True

    def __init__(self, path: Path, *, full: bool = False, identity: str = "unnamed") -> None:
        """Raises OSError, with a message that says what to do, when the files cannot be used as they are."""
        self.slow = full
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        keep_unwritten(path.parent)
        self._mark_path = path.with_name(MARKER)
        self._marker = MarkerFile(self._mark_path)
        self._floor = 0
        self._commits = 0
        self._carrier = Carrier(path, self._marker)
        self._reserve = Reserve(path.with_name(f"{path.name}.reserve"))
        self._low = False
        try:
            self._open_with_room(identity)
        except BaseException:
            self._marker.close()
            raise
        self._low = not self._reserve.hold()

    def _open_with_room(self, identity: str) -> None:
        """On a full disk only the reserve is left to start with."""
        try:
            self._open(identity)
        except sqlite3.Error as error:
            if self._reserve.release():
                self._open_with_room(identity)
                return
            if shutil.disk_usage(self._path.parent).free < SCARCE:
                raise OSError(f"the disk of {self._path.parent} is full: make room there, 16 MiB at least") from error
            raise OSError(f"{self._path} cannot be opened as a cluster store: {error}") from error

    def _open(self, identity: str) -> None:
        mark = read_mark(self._mark_path)
        self._refuse_missing(mark)
        keep_private(self._path)
        self._db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, cached_statements=32)
        try:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute(f"PRAGMA synchronous={'FULL' if self.slow else 'NORMAL'}")
            self._db.execute("PRAGMA wal_autocheckpoint=0")
            self._check(mark)  # before anything is written, which would overwrite what can still be recovered
            self._db.executescript(_SCHEMA)
            self._set_meta("format", FORMAT)
            known = self._text("cluster")
            if not known:
                self._db.execute("INSERT OR REPLACE INTO meta VALUES ('cluster', ?)", (identity,))
        except sqlite3.DatabaseError as error:
            if _is_damage(error):
                raise self._damaged(str(error)) from error
            self._db.close()
            raise
        self._mark = Mark(known or identity, boot_of_machine(), self._meta("revision"), mark.synced if mark else 0)
        self._marker.write(self._mark)

    def _refuse_missing(self, mark: Mark | None) -> None:
        """A missing database is not a new cluster."""
        if self._path.exists():
            return
        if mark is not None and mark.revision:
            raise OSError(
                f"{self._path} is missing: cluster {mark.cluster} with revision {mark.revision} was here. Restore it "
                f"with 'argosy cluster restore', or delete {self._mark_path} to begin with an empty cluster"
            )
        log = Path(f"{self._path}-wal")
        if log.exists() and log.stat().st_size:
            raise OSError(
                f"{self._path} is missing, and its write-ahead log is there: put the database back from a backup, "
                f"or move {log} away to begin with an empty cluster"
            )
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))  # objects include Secrets

    def _check(self, mark: Mark | None) -> None:
        """Raises OSError for a newer program's file, or when the file has less than is known to have been committed."""
        if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
            found, revision, cluster = 0, 0, ""
        else:
            found, revision, cluster = self._meta("format"), self._meta("revision"), self._text("cluster")
        if found > FORMAT:
            self._db.close()
            raise OSError(f"{self._path} has store format {found}; this program knows formats up to {FORMAT}")
        if mark is None:
            return
        if cluster and cluster != mark.cluster:
            self._db.close()
            raise OSError(
                f"{self._path} belongs to cluster {cluster}, and this directory to cluster {mark.cluster}: "
                f"put the right file back, or delete {self._mark_path} to go on with this one"
            )
        reached = mark.promised(boot_of_machine())
        if revision < reached:
            raise self._damaged(
                f"it holds revision {revision} and {reached} was reached, so its write-ahead log is missing or damaged "
                f"(or an older file was put here: then delete {self._mark_path})"
            )

    def _text(self, name: str) -> str:
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

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
                raise self._damaged(f"the object {row.plural} {row.key} is not JSON")
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
        """The error, after the files were copied as they are: later attempts then lose nothing more."""
        kept = next(place for number in count(1) if not (place := Path(f"{self._path}.damaged-{number}")).exists())
        for suffix in ("", "-wal"):
            source = Path(f"{self._path}{suffix}")
            if source.exists():
                copied = Path(f"{kept}{suffix}")
                os.close(os.open(copied, os.O_CREAT | os.O_WRONLY, 0o600))
                copyfile(source, copied)
        self._db.close()  # only now: it would checkpoint the write-ahead log into the damaged file
        self._marker.close()
        return OSError(
            f"{self._path} is damaged: {why}. A copy is kept as {kept}. Restore the file from a backup "
            f"('argosy cluster restore'), or move it and {self._mark_path.name} away to begin with an empty cluster"
        )

    def is_low(self) -> bool:
        """The disk was full, and the reserve that was released for it cannot be allocated again yet."""
        if self._low:
            self._low = not self._reserve.hold()
        return self._low

    def commit(self, changes: Sequence[Change]) -> None:
        try:
            self._transact(changes)
        except sqlite3.Error as error:
            if not self._commit_from_reserve(changes, error):
                raise self._refusal(error) from error
        self._note(changes[-1].rev)

    def _commit_from_reserve(self, changes: Sequence[Change], error: sqlite3.Error) -> bool:
        if not _is_full(error) or not self._reserve.release():
            return False
        self._low = True
        _log.error("the disk of %s is full: only deletes are accepted until there is room again", self._path.parent)
        try:
            self._transact(changes)
        except sqlite3.Error:
            return False
        return True

    def _refusal(self, error: sqlite3.Error) -> OSError:
        if _is_full(error):
            return OSError(errno.ENOSPC, f"the disk of {self._path.parent} is full: make room there")
        return OSError(errno.EIO, f"the store refused a commit: {error}")

    def _transact(self, changes: Sequence[Change]) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._write(changes)
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def _note(self, revision: int) -> None:
        """Updates the marker, and starts a checkpoint when the write-ahead log has grown."""
        self._commits += 1
        is_synced = self._commits % COMMITS_PER_LOOK == 0 and self._look_at_log(revision)
        synced = revision if self.slow or is_synced else max(self._mark.synced, self._carrier.carried)
        self._mark = replace(self._mark, revision=revision, synced=synced)
        with suppress(OSError):  # the marker lags behind then, which refuses nothing
            self._marker.write(self._mark)

    def _look_at_log(self, revision: int) -> bool:
        """Whether everything was checkpointed here, synchronously: for when the background one cannot keep up."""
        with suppress(OSError, sqlite3.Error):
            size = Path(f"{self._path}-wal").stat().st_size
            if size >= LOG_BYTES:
                return carry_over(self._db)
            if size >= CHECKPOINT_BYTES:
                self._carrier.begin(revision)
        return False

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
            self._set_meta("compacted", self._floor)
            self._forget_some()

    def _forget_some(self) -> None:
        """The oldest rows of the history to delete, limited by number and bytes; at least one."""
        old = "SELECT rev, length(obj) FROM log WHERE rev <= ? ORDER BY rev LIMIT ?"
        rows = self._db.execute(old, (self._floor, FORGOTTEN_AT_ONCE)).fetchall()
        size, upto = 0, 0
        for rev, length in rows:
            size += length
            if upto and size > FORGOTTEN_BYTES:
                break
            upto = rev
        self._db.execute("DELETE FROM log WHERE rev <= ?", (upto,))
        if len(rows) < FORGOTTEN_AT_ONCE and (not rows or upto == rows[-1][0]):
            self._floor = 0

    def compact(self, floor: int) -> None:
        """Deleted along with the next commits, some at a time: the worker thread may be using the connection now."""
        self._floor = floor

    def close(self) -> None:
        self._carrier.wait()
        self._db.close()  # checkpoints the write-ahead log, and syncs
        with suppress(OSError):
            self._marker.write(replace(self._mark, synced=self._mark.revision), sync=True)
        self._marker.close()
        self._reserve.release()


def keep_private(path: Path) -> None:
    """Objects include Secrets: a file that others can read is reported, and restricted again."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        path.chmod(0o600)
        _log.warning("%s was open to other users (mode %04o) and holds Secrets: its mode is 0600 now", path, mode)


def keep_unwritten(directory: Path) -> None:
    """Anyone who may write there could replace the database with another one."""
    found = directory.stat()
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o022 and not mode & stat.S_ISVTX and found.st_uid == os.geteuid():
        directory.chmod(mode & ~0o022)
        _log.warning("others could write to %s (mode %04o): its mode is %04o now", directory, mode, mode & ~0o022)


def _is_full(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorname", "") in ("SQLITE_FULL", "SQLITE_IOERR_WRITE")


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Copies only a store's files; a file that never was a store is merely refused."""
    return getattr(error, "sqlite_errorname", "").startswith("SQLITE_CORRUPT")
