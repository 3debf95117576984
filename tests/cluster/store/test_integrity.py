"""Each damage of a data directory is reported in a sentence that says what to do, and looking changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from argosy.cluster.store import Store
from argosy.cluster.store.integrity import faults_of_directory
from argosy.cluster.store.sqlite import SqliteJournal
from argosy.machinery.objects import Key

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def make(directory: Path) -> None:
    directory.chmod(0o700)
    store = Store(lambda: NOON, SqliteJournal(directory / "cluster.db", identity="c-1"))
    store.load()
    for number in range(400):
        name = f"a{number}"
        store.put(store.table("", "things"), Key("n", name), {"metadata": {"name": name}, "data": "x" * 200}, None)
    store.close()


def sql(statement: str) -> Callable[[Path], object]:
    def damage(directory: Path) -> None:
        with closing(sqlite3.connect(directory / "cluster.db")) as db:
            db.execute(statement)
            db.commit()

    return damage


def overwrite(directory: Path) -> None:
    content = (directory / "cluster.db").read_bytes()
    middle = len(content) // 2
    (directory / "cluster.db").write_bytes(content[:middle] + b"\xa5" * 9000 + content[middle + 9000 :])


DAMAGES: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "nothing": (lambda directory: None, []),
    "the database is gone": (
        lambda directory: (directory / "cluster.db").unlink(),
        ["is missing: cluster c-1 with revision 401 was here. Restore it with 'argosy cluster restore'"],
    ),
    "it is empty": (lambda directory: (directory / "cluster.db").write_bytes(b""), ["Restore it"]),
    "it is overwritten": (overwrite, ["Restore it"]),
    "it is another file": (lambda directory: (directory / "cluster.db").write_text("hello" * 999), ["cannot be read"]),
    "an object is cut": (
        sql("UPDATE live SET obj = substr(obj, 1, 20) WHERE name = 'a7'"),
        ["things n/a7 at revision 9 is not an object. Restore it"],
    ),
    "an object is another": (
        sql("UPDATE live SET name = 'b7' WHERE name = 'a7'"),
        ["things n/b7 at revision 9 holds another object"],
    ),
    "the counter is behind the objects": (
        sql("UPDATE meta SET value = 5 WHERE name = 'revision'"),
        ["holds revision 401 and says that 5 is the newest"],
    ),
    "the marker is damaged": (lambda directory: (directory / "cluster.marker").write_text("?"), ["Delete it"]),
    "files are open to others": (
        lambda directory: (directory / "cluster.db").chmod(0o664),
        ["is open to other users (mode 0664) and holds keys or Secrets: chmod 0600"],
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_reported_with_the_remedy(tmp_path: Path, name: str) -> None:
    damage, wanted = DAMAGES[name]
    make(tmp_path)
    damage(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    found = faults_of_directory(tmp_path)
    assert bool(found) is bool(wanted)
    for text in wanted:
        assert any(text in fault for fault in found), found
    assert "x" * 20 not in str(found)
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir() if not path.name.endswith(("-shm", "-wal"))}
    assert after == before


def test_an_older_state_than_was_reached_is_reported(tmp_path: Path) -> None:
    make(tmp_path)
    sql("DELETE FROM live WHERE rev > 300")(tmp_path)
    sql("DELETE FROM log WHERE rev > 300")(tmp_path)
    sql("UPDATE meta SET value = 300 WHERE name = 'revision'")(tmp_path)
    assert ["holds revision 300 and 401 was reached" in fault for fault in faults_of_directory(tmp_path)] == [True]


def test_a_directory_without_a_cluster_is_reported(tmp_path: Path) -> None:
    assert ["no cluster was ever started" in fault for fault in faults_of_directory(tmp_path)] == [True]
