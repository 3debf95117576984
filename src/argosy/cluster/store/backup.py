"""Backups of a data directory: taken while a cluster runs, verified, and restored at the newest or an older revision.

A backup is one tar file with the database as SQLite copies it in one read transaction, the keys, and a manifest with
their digests. It contains Secrets and the CA's key: only its owner may read it.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import count
from pathlib import Path

import orjson

from argosy.cluster.store.integrity import faults_of_database, known_of
from argosy.cluster.store.marker import Mark, MarkerFile, boot_of_machine, read_mark
from argosy.cluster.store.sqlite import MARKER, SqliteJournal
from argosy.cluster.store.store import Store

DATABASE = "cluster.db"
KEYS = ("pki/ca.crt", "pki/ca.key", "pki/service-account.key")
MANIFEST = "manifest.json"
FORMAT = 1


class BackupError(Exception):
    """The message says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    cluster: str
    revision: int
    oldest: int
    """The oldest revision that can be restored."""
    objects: int
    made: str
    files: dict[str, str]
    """SHA-256 by name."""
    format: int = FORMAT


def backup(directory: Path, target: Path, now: datetime) -> Manifest:
    """Writes `target` completely or not at all. A running cluster continues. Raises BackupError, OSError."""
    source = directory / DATABASE
    if not source.exists():
        raise BackupError(f"{source} is missing: there is no cluster to back up in this directory")
    try:
        return _backed_up(directory, source, target, now)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        place = target.absolute().parent
        raise BackupError(f"the disk of {place} is full: make room there, or name a FILE on another disk") from None


def _backed_up(directory: Path, source: Path, target: Path, now: datetime) -> Manifest:
    with tempfile.TemporaryDirectory(dir=target.absolute().parent, prefix=".backup-") as scratch:
        copy = Path(scratch) / DATABASE
        _copy_database(source, copy)
        if faults := faults_of_database(copy):
            raise BackupError(f"{source} is damaged, so no backup was made of it: {faults[0]}")
        files = {DATABASE: copy.read_bytes()}
        files |= {name: (directory / name).read_bytes() for name in KEYS if (directory / name).exists()}
        known = known_of(copy)
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        manifest = Manifest(known.cluster, known.revision, known.oldest, known.objects, now.isoformat(), digests)
        _write_archive(Path(scratch) / "backup.tar", manifest, files, now)
        verify(Path(scratch) / "backup.tar")
        (Path(scratch) / "backup.tar").replace(target)
    return manifest


def _copy_database(source: Path, copy: Path) -> None:
    os.close(os.open(copy, os.O_CREAT | os.O_WRONLY, 0o600))
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as read,
            closing(sqlite3.connect(copy)) as written,
        ):
            read.backup(written)
            written.execute("PRAGMA journal_mode=DELETE")  # one file, without a log next to it
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_FULL":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        raise BackupError(f"{source} cannot be copied: {error}") from error


def _write_archive(path: Path, manifest: Manifest, files: dict[str, bytes], now: datetime) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            for name, content in {MANIFEST: orjson.dumps(asdict(manifest)), **files}.items():
                member = tarfile.TarInfo(name)
                member.size, member.mode, member.mtime = len(content), 0o600, int(now.timestamp())
                archive.addfile(member, io.BytesIO(content))
        file.flush()
        os.fsync(file.fileno())


def verify(path: Path) -> Manifest:
    """The contents of the backup. Raises BackupError when it is incomplete."""
    return _read(path)[0]


def _read(path: Path) -> tuple[Manifest, dict[str, bytes]]:
    try:
        with tarfile.open(path, mode="r:") as archive:
            found = {member.name: _content(archive, member) for member in archive if member.isfile()}
        fields = orjson.loads(found.pop(MANIFEST))
        manifest = Manifest(**fields)
    except FileNotFoundError:
        raise BackupError(f"{path} is missing") from None
    except (tarfile.TarError, OSError, KeyError, TypeError, ValueError) as error:
        raise BackupError(f"{path} is not a backup of Argosy's, or it is damaged: {type(error).__name__}") from error
    if manifest.format > FORMAT:
        raise BackupError(f"{path} has backup format {manifest.format}; this program knows formats up to {FORMAT}")
    for name, digest in manifest.files.items():
        if name not in (DATABASE, *KEYS) or hashlib.sha256(found.get(name, b"")).hexdigest() != digest:
            raise BackupError(f"{path} is damaged: {name} in it is not what was written")
    return manifest, {name: found[name] for name in manifest.files}


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return file.read() if file is not None else b""


def restore(path: Path, directory: Path, now: datetime, revision: int | None = None) -> tuple[int, Path | None]:
    """Restores a backup. The old data is moved aside; returns that location along with the new revision.

    `revision`: the state of that revision instead of the newest. The counter continues from whichever is newer, the
    backup or the old data, so that every client lists again. Raises BackupError, OSError.
    """
    manifest, files = _read(path)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    marker = MarkerFile(directory / MARKER)
    try:
        before = read_mark(directory / MARKER)
        with tempfile.TemporaryDirectory(dir=directory, prefix=".restore-") as scratch:
            fresh = Path(scratch)
            for name, content in files.items():
                (fresh / name).parent.mkdir(mode=0o700, exist_ok=True)
                (fresh / name).touch(mode=0o600)
                (fresh / name).write_bytes(content)
            if revision is not None:
                _rewind(fresh / DATABASE, manifest, revision, now)
            reached = _forget_history(fresh / DATABASE, before.revision if before else 0)
            kept = _set_aside(directory)
            for name in files:
                (directory / name).parent.mkdir(mode=0o700, exist_ok=True)
                (fresh / name).replace(directory / name)
        marker.write(Mark(manifest.cluster, boot_of_machine(), reached, reached), sync=True)
    finally:
        marker.close()
    return reached, kept


def _rewind(database: Path, manifest: Manifest, revision: int, now: datetime) -> None:
    """Restores the state of `revision`: objects created later are deleted, changed or deleted ones are restored."""
    if not manifest.oldest <= revision <= manifest.revision:
        raise BackupError(
            f"revision {revision} is not in this backup: it holds {manifest.oldest} to {manifest.revision}"
        )
    store = Store(lambda: now, SqliteJournal(database))
    try:
        store.load()
        for table in store.tables():
            then = {entry.key: entry for entry in table.scan_at(revision)}
            for key, entry in list(table.entries.items()):
                if key not in then:
                    store.delete(table, entry)
            for key, entry in then.items():
                if (live := table.entries.get(key)) is None or live.rev != entry.rev:
                    store.put(table, key, orjson.loads(entry.encoded), live)
    finally:
        store.close()
    database.with_name(MARKER).unlink()


def _forget_history(database: Path, other: int) -> int:
    """No watch may resume across a restore. Returns the new revision."""
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        (own,) = db.execute("SELECT value FROM meta WHERE name = 'revision'").fetchone()
        reached = max(int(own), other) + 1
        db.execute("DELETE FROM log")
        db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", [("revision", reached), ("compacted", reached)])
    return reached


def _set_aside(directory: Path) -> Path | None:
    """Moves the existing data into a folder of its own."""
    names = [DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", *KEYS]
    there = [name for name in names if (directory / name).exists()]
    if not there:
        return None
    kept = next(place for number in count(1) if not (place := directory / f"replaced-{number}").exists())
    (kept / "pki").mkdir(mode=0o700, parents=True)
    kept.chmod(0o700)
    for name in there:
        (directory / name).replace(kept / name)
    return kept
