"""Describes what is wrong with a data directory, without changing anything; a cluster may be running in it."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import orjson

from argosy.cluster.store.marker import boot_of_machine, read_mark
from argosy.cluster.store.sqlite import MARKER

SHOWN = 10
"""Maximum faults of one kind that are listed individually."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a database says about itself."""

    cluster: str
    revision: int
    oldest: int
    objects: int


def known_of(database: Path) -> Known:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        meta = dict(db.execute("SELECT name, value FROM meta"))
        (count,) = db.execute("SELECT count(*) FROM live").fetchone()
        revision = int(meta.get("revision", 0))
        return Known(str(meta.get("cluster", "unnamed")), revision, _oldest(db, revision, meta), int(count))


def _oldest(db: sqlite3.Connection, revision: int, meta: dict[str, object]) -> int:
    """History starts after the newest change whose previous state is not kept (as `Store.load` reads it)."""
    floor, seen = int(str(meta.get("compacted", 0))), set()
    for rev, *place, created, deleted in db.execute(
        "SELECT rev, grp, plural, namespace, name, created_rev, deleted FROM log ORDER BY rev"
    ):
        if tuple(place) not in seen and (deleted or created != rev):
            floor = int(rev)
        seen.add(tuple(place))
        if deleted:
            seen.discard(tuple(place))
    return min(max(floor, 1), revision)


def faults_of_directory(directory: Path) -> list[str]:
    """Empty when everything is well."""
    database, marker = directory / "cluster.db", directory / MARKER
    try:
        mark = read_mark(marker)  # read first: by now a running cluster has what it promises
    except OSError as error:
        return [str(error)]
    if not database.exists():
        if mark is None:
            return [f"{database} is missing: no cluster was ever started in this directory"]
        was = f"cluster {mark.cluster} with revision {mark.revision} was here"
        return [f"{database} is missing: {was}. Restore it with 'argosy cluster restore'"]
    faults = faults_of_database(database)
    if mark is not None and not faults:
        known = known_of(database)
        reached = mark.promised(boot_of_machine())
        if known.cluster != mark.cluster:
            faults.append(f"{database} belongs to cluster {known.cluster}, and {marker} to {mark.cluster}")
        elif known.revision < reached:
            faults.append(
                f"{database} holds revision {known.revision} and {reached} was reached: its write-ahead log is missing "
                "or damaged. Restore it with 'argosy cluster restore'"
            )
    return [*faults, *_open_to_others(directory)]


def faults_of_database(database: Path) -> list[str]:
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
            found = [str(row[0]) for row in db.execute(f"PRAGMA integrity_check({SHOWN})")]
            if found != ["ok"]:
                return [f"{database} is damaged: {text}. Restore it with 'argosy cluster restore'" for text in found]
            return [f"{database}: {text}" for text in _faults_of_rows(db)][:SHOWN]
    except sqlite3.Error as error:
        return [f"{database} cannot be read: {error}. Restore it with 'argosy cluster restore'"]


def _faults_of_rows(db: sqlite3.Connection) -> Iterator[str]:
    newest = 0
    for table in ("live", "log"):
        for plural, namespace, name, rev, obj in db.execute(f"SELECT plural, namespace, name, rev, obj FROM {table}"):  # noqa: S608
            newest = max(newest, rev)
            place = f"{plural} {namespace}/{name}" if namespace else f"{plural} {name}"
            try:
                held = orjson.loads(obj)["metadata"]["name"]
            except (orjson.JSONDecodeError, KeyError, TypeError):
                yield f"{place} at revision {rev} is not an object. Restore it with 'argosy cluster restore'"
                continue
            if held != name:
                yield f"{place} at revision {rev} holds another object. Restore it with 'argosy cluster restore'"
    row = db.execute("SELECT value FROM meta WHERE name = 'revision'").fetchone()
    if newest > (int(row[0]) if row else 0):
        yield f"it holds revision {newest} and says that {row[0] if row else 0} is the newest"


def _open_to_others(directory: Path) -> Iterator[str]:
    for path in (directory, *sorted(directory.glob("cluster.db*")), *sorted((directory / "pki").glob("*.key"))):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            right = "0700" if path.is_dir() else "0600"
            yield f"{path} is open to other users (mode {mode:04o}) and holds keys or Secrets: chmod {right} {path}"
