"""A backup is taken from a running cluster, is verified, and restores the newest or an older state."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from argosy.cluster.http.keys import Keys
from argosy.cluster.store import Store
from argosy.cluster.store.backup import BackupError, backup, restore, verify
from argosy.cluster.store.integrity import faults_of_directory
from argosy.cluster.store.marker import read_mark
from argosy.cluster.store.sqlite import SqliteJournal
from argosy.machinery.objects import Key

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def opened(directory: Path, identity: str = "c-1") -> Store:
    store = Store(lambda: NOON, SqliteJournal(directory / "cluster.db", identity=identity))
    store.load()
    return store


def put(store: Store, name: str, value: int = 0) -> int:
    table, key = store.table("", "things"), Key("n", name)
    entry = store.put(table, key, {"metadata": {"name": name}, "value": value}, table.entries.get(key))
    store.flush()
    return entry.rev


def values(store: Store) -> dict[str, int]:
    return {entry.key.name: entry.obj["value"] for entry in store.table("", "things").scan()}


def make(directory: Path) -> list[int]:
    """A closed directory with some history; the revisions."""
    Keys.load_or_make(directory / "pki", NOON)
    directory.chmod(0o700)
    store = opened(directory)
    revisions = [put(store, "a", 1), put(store, "b", 1), put(store, "a", 2)]
    store.delete(store.table("", "things"), store.table("", "things").entries[Key("n", "b")])
    store.flush()
    revisions += [store.revision, put(store, "c", 1)]
    store.close()
    return revisions


def test_what_is_written_while_a_backup_is_made_harms_neither(tmp_path: Path) -> None:
    """The backup runs as the command does: another process."""
    store = opened(tmp_path)
    number = 0
    code = (
        "import sys; from datetime import UTC, datetime; from pathlib import Path\n"
        "from argosy.cluster.store.backup import backup\n"
        "print(backup(Path(sys.argv[1]), Path(sys.argv[2]), datetime(2026, 1, 1, tzinfo=UTC)).revision)"
    )
    backing_up = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path), str(tmp_path / "b.tar")], stdout=subprocess.PIPE, text=True
    )
    while backing_up.poll() is None:
        number += 1
        put(store, f"a{number % 500}", number)
    assert backing_up.stdout is not None
    revision = int(backing_up.stdout.read())
    backing_up.stdout.close()
    assert backing_up.returncode == 0
    assert verify(tmp_path / "b.tar").revision == revision
    assert faults_of_directory(tmp_path) == [f for f in faults_of_directory(tmp_path) if "open to other users" in f]
    store.close()
    restore(tmp_path / "b.tar", tmp_path / "again", NOON)
    again = opened(tmp_path / "again")
    assert max(values(again).values(), default=0) == revision - 1, "whole, as it was at one moment"
    again.close()


@pytest.mark.parametrize(
    ("index", "wanted"),
    [
        (0, {"a": 1}),
        (1, {"a": 1, "b": 1}),
        (2, {"a": 2, "b": 1}),
        (3, {"a": 2}),
        (4, {"a": 2, "c": 1}),
        (None, {"a": 2, "c": 1}),
    ],
)
def test_every_revision_that_a_backup_holds_can_be_restored(
    tmp_path: Path, index: int | None, wanted: dict[str, int]
) -> None:
    revisions = make(tmp_path / "data")
    backup(tmp_path / "data", tmp_path / "b.tar", NOON)
    target = tmp_path / "new"
    reached, kept = restore(tmp_path / "b.tar", target, NOON, None if index is None else revisions[index])
    assert kept is None
    assert faults_of_directory(target) == []
    keys = Keys.load_or_make(target / "pki", NOON)
    assert keys.signing_key == Keys.load_or_make(tmp_path / "data" / "pki", NOON).signing_key
    store = opened(target)
    assert values(store) == wanted
    assert store.revision == store.compacted == reached > revisions[-1], "every client lists anew"
    store.close()


def test_existing_data_is_moved_aside_and_the_counter_never_decreases(tmp_path: Path) -> None:
    make(tmp_path / "data")
    backup(tmp_path / "data", tmp_path / "b.tar", NOON)
    store = opened(tmp_path / "data")
    newest = [put(store, "later", number) for number in range(20)][-1]
    store.close()
    reached, kept = restore(tmp_path / "b.tar", tmp_path / "data", NOON)
    assert reached > newest
    assert kept == tmp_path / "data" / "replaced-1"
    assert kept is not None
    with closing(sqlite3.connect(kept / "cluster.db")) as db:
        assert db.execute("SELECT value FROM meta WHERE name = 'revision'").fetchone() == (newest,)
    again = opened(tmp_path / "data")
    assert "later" not in values(again)
    again.close()
    mark = read_mark(tmp_path / "data" / "cluster.marker")
    assert mark is not None
    assert mark.cluster == "c-1"


def test_a_directory_in_use_is_not_restored_over(tmp_path: Path) -> None:
    make(tmp_path / "data")
    backup(tmp_path / "data", tmp_path / "b.tar", NOON)
    store = opened(tmp_path / "data")
    with pytest.raises(OSError, match="in use by another process"):
        restore(tmp_path / "b.tar", tmp_path / "data", NOON)
    assert values(store) == {"a": 2, "c": 1}
    store.close()


def test_a_revision_outside_of_the_backup_is_refused_with_those_it_holds(tmp_path: Path) -> None:
    revisions = make(tmp_path / "data")
    backup(tmp_path / "data", tmp_path / "b.tar", NOON)
    for revision in (0, revisions[-1] + 1):
        with pytest.raises(BackupError, match=f"it holds 1 to {revisions[-1]}"):
            restore(tmp_path / "b.tar", tmp_path / "new", NOON, revision)
    assert not (tmp_path / "new" / "cluster.db").exists()


def test_one_changed_byte_in_a_backup_is_found(tmp_path: Path) -> None:
    make(tmp_path / "data")
    backup(tmp_path / "data", tmp_path / "b.tar", NOON)
    content = bytearray((tmp_path / "b.tar").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "b.tar").write_bytes(content)
    with pytest.raises(BackupError, match="damaged"):
        restore(tmp_path / "b.tar", tmp_path / "new", NOON)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("content", [b"", b"hello", b"\0" * 20000])
def test_what_is_no_backup_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "b.tar").write_bytes(content)
    with pytest.raises(BackupError, match="not a backup of Argosy's"):
        verify(tmp_path / "b.tar")


def test_a_damaged_database_is_not_backed_up(tmp_path: Path) -> None:
    make(tmp_path)
    with closing(sqlite3.connect(tmp_path / "cluster.db")) as db:
        db.execute("UPDATE live SET obj = substr(obj, 1, 20) WHERE name = 'a'")
        db.commit()
    with pytest.raises(BackupError, match="things n/a at revision 4 is not an object"):
        backup(tmp_path, tmp_path / "b.tar", NOON)
    assert not (tmp_path / "b.tar").exists()


def test_a_backup_is_its_owners_alone(tmp_path: Path) -> None:
    make(tmp_path / "data")
    backup(tmp_path / "data", tmp_path / "b.tar", NOON)
    assert (tmp_path / "b.tar").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
