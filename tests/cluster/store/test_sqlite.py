"""What the journal promises: an acknowledged write is there after a kill, and watches resume over a restart."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from argosy.cluster.store import Change, Store
from argosy.cluster.store.entry import Entry
from argosy.cluster.store.sqlite import FORGOTTEN_AT_ONCE, FORGOTTEN_BYTES, SqliteJournal
from argosy.machinery.objects import Key

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
WRITER = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from argosy.cluster.store import Store
from argosy.cluster.store.sqlite import SqliteJournal
from argosy.machinery.objects import Key

async def main():
    journal = SqliteJournal(Path(sys.argv[1]), full=sys.argv[2] == "full")
    store = Store(lambda: datetime(2026, 1, 1, tzinfo=UTC), journal)
    store.load()
    table = store.table("", "things")
    number = 0
    while True:
        store.put(table, Key("n", f"a{number}"), {"metadata": {"name": f"a{number}"}}, None)
        await store.durable()
        print(number, flush=True)
        number += 1

asyncio.run(main())
"""


def opened(path: Path) -> Store:
    store = Store(lambda: NOON, SqliteJournal(path))
    store.load()
    return store


@pytest.mark.parametrize("durability", ["normal", "full"])
def test_an_acknowledged_write_survives_a_kill(tmp_path: Path, durability: str) -> None:
    path = tmp_path / "cluster.db"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path), durability], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    acknowledged = [int(writer.stdout.readline()) for _ in range(30)]
    os.kill(writer.pid, signal.SIGKILL)
    acknowledged += [int(line) for line in writer.stdout.read().split("\n")[:-1]]
    writer.stdout.close()
    writer.wait()

    store = opened(path)
    stored = store.table("", "things").entries
    assert all(Key("n", f"a{number}") in stored for number in acknowledged)
    assert store.revision == max(entry.rev for entry in stored.values())
    store.close()


def test_nothing_is_shown_before_the_disk_has_it(tmp_path: Path) -> None:
    async def main() -> None:
        store = Store(lambda: NOON, SqliteJournal(tmp_path / "cluster.db", full=True))
        store.load()
        table = store.table("", "things")
        seen: list[int] = []
        store.subscribe(lambda changes: seen.extend(change.rev for change in changes))
        store.put(table, Key("", "a"), {"metadata": {"name": "a"}}, None)
        assert table.shown == 0
        assert seen == []
        await store.durable()
        assert table.shown == 1
        assert seen == [2]
        store.close()

    asyncio.run(main())


def test_a_restart_keeps_objects_revisions_and_history(tmp_path: Path) -> None:
    store = opened(tmp_path / "cluster.db")
    table = store.table("g", "things")
    first = store.put(table, Key("n", "a"), {"metadata": {"name": "a"}, "x": 1}, None)
    second = store.put(table, Key("n", "a"), {"metadata": {"name": "a"}, "x": 2}, first)
    gone = store.put(table, Key("n", "b"), {"metadata": {"name": "b"}}, None)
    store.delete(table, gone)
    store.close()

    again = opened(tmp_path / "cluster.db")
    table = again.table("g", "things")
    assert again.revision == 5
    assert [entry.obj["x"] for entry in table.scan()] == [2]
    assert table.entries[Key("n", "a")].created_rev == first.rev
    kinds = [(change.rev, change.old is not None, change.new is not None) for change in table.ring]
    assert kinds == [(2, False, True), (second.rev, True, True), (4, False, True), (5, True, False)]
    again.close()


def test_history_begins_where_a_former_state_is_missing(tmp_path: Path) -> None:
    store = opened(tmp_path / "cluster.db")
    table = store.table("", "things")
    first = store.put(table, Key("", "a"), {"metadata": {"name": "a"}}, None)
    store.flush()
    store.compact(first.rev)
    store.put(table, Key("", "a"), {"metadata": {"name": "a"}, "x": 1}, first)
    store.close()

    again = opened(tmp_path / "cluster.db")
    assert again.compacted == again.revision
    assert again.table("", "things").ring == []
    again.close()


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    opened(tmp_path / "sub" / "cluster.db").close()
    assert stat.S_IMODE((tmp_path / "sub" / "cluster.db").stat().st_mode) == 0o600


def test_a_file_that_is_no_store_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "cluster.db"
    path.write_text("hello, this is not a database, and long enough to be read as one" * 100)
    with pytest.raises(OSError, match=r"cluster\.db cannot be opened"):
        SqliteJournal(path)


def filled(path: Path) -> bytes:
    """The bytes of a closed store with a few hundred objects."""
    store = Store(lambda: NOON, SqliteJournal(path))
    store.load()
    table = store.table("", "things")
    for number in range(300):
        store.put(table, Key("n", f"a{number}"), {"metadata": {"name": f"a{number}"}, "data": "x" * 200}, None)
    store.close()
    return path.read_bytes()


@pytest.mark.parametrize("damage", ["cut", "zeros", "garbage", "half an object", "revision"])
def test_a_damaged_file_is_refused_with_what_to_do_and_a_copy_is_kept(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "cluster.db"
    whole = filled(path)
    middle = len(whole) // 2
    if damage in ("half an object", "revision"):
        sql = {
            "half an object": "UPDATE live SET obj = substr(obj, 1, 20) WHERE name = 'a7'",
            "revision": "UPDATE meta SET value = 5 WHERE name = 'revision'",
        }[damage]
        database = sqlite3.connect(path)
        database.execute(sql)
        database.commit()
        database.close()
    else:
        tail = {"cut": b"", "zeros": bytes(len(whole) - middle), "garbage": b"\xa5" * (len(whole) - middle)}[damage]
        path.write_bytes(whole[:middle] + tail)
    damaged = path.read_bytes()
    with pytest.raises(OSError, match=r"cluster\.db is damaged: .* A copy is kept as .*damaged-1\. Restore") as refused:
        SqliteJournal(path).load()
    assert "x" * 20 not in str(refused.value)
    copy = tmp_path / "cluster.db.damaged-1"
    assert copy.read_bytes()[:4096][100:] == damaged[:4096][100:]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with pytest.raises(OSError, match=r"damaged-2"):
        SqliteJournal(path).load()


def test_what_cannot_be_encoded_fails_its_writer_and_no_other(tmp_path: Path) -> None:
    async def main() -> None:
        store = Store(lambda: NOON, SqliteJournal(tmp_path / "cluster.db"))
        store.load()
        table = store.table("", "things")
        store.put(table, Key("n", "a"), {"metadata": {"name": "a"}}, None)
        with pytest.raises(TypeError):
            store.put(table, Key("n", "b"), {"metadata": {"name": "b"}, "wave": 1 << 70}, None)
        store.put(table, Key("n", "c"), {"metadata": {"name": "c"}}, None)
        await store.durable()
        assert sorted(key.name for key in table.entries) == ["a", "c"]
        store.close()

    asyncio.run(main())


def test_a_commit_that_stumbles_leaves_no_transaction_open(tmp_path: Path) -> None:
    store = Store(lambda: NOON, journal := SqliteJournal(tmp_path / "cluster.db"))
    store.load()
    bad = Entry(Key("n", "b"), 2, 2, {"metadata": {"name": "b"}, "wave": 1 << 70})
    with pytest.raises(TypeError):
        journal.commit([Change("", "things", 2, None, bad)])
    good = Entry(Key("n", "c"), 3, 3, {"metadata": {"name": "c"}})
    journal.commit([Change("", "things", 3, None, good)])
    journal.close()


def test_a_directory_that_others_may_write_to_is_closed_to_them_and_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = tmp_path / "shared"
    place.mkdir()
    place.chmod(0o777)
    opened(place / "cluster.db").close()
    assert stat.S_IMODE(place.stat().st_mode) == 0o755
    assert "others could write to" in caplog.text
    place.chmod(0o750)
    caplog.clear()
    opened(place / "cluster.db").close()
    assert stat.S_IMODE(place.stat().st_mode) == 0o750
    assert caplog.text == ""


def test_old_history_is_deleted_a_few_rows_with_each_commit_and_never_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "cluster.db"
    store = Store(lambda: NOON, SqliteJournal(path))
    store.load()
    table = store.table("", "things")

    def put(number: int) -> None:
        store.put(table, Key("n", f"a{number}"), {"metadata": {"name": f"a{number}"}}, None)
        store.flush()

    def rows() -> int:
        with sqlite3.connect(path) as reader:
            return int(reader.execute("SELECT count(*) FROM log").fetchone()[0])

    for number in range(3 * FORGOTTEN_AT_ONCE):
        put(number)
    floor = store.revision - 5
    store.compact(floor)
    before = rows()
    put(1000)
    assert rows() == before + 1 - FORGOTTEN_AT_ONCE
    store.close()

    again = Store(lambda: NOON, SqliteJournal(path))
    again.load()
    assert again.compacted == floor
    assert all(change.rev > floor for change in again.table("", "things").ring)
    again.close()


def test_large_rows_of_history_go_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "cluster.db"
    store = opened(path)
    table = store.table("", "things")

    def put(name: str, size: int) -> None:
        store.put(table, Key("n", name), {"metadata": {"name": name}, "x": "y" * size}, None)
        store.flush()

    def rows() -> int:
        with sqlite3.connect(path) as reader:
            return int(reader.execute("SELECT count(*) FROM log").fetchone()[0])

    for number in range(3):
        put(f"large-{number}", FORGOTTEN_BYTES)
    store.compact(store.revision)
    for left in (2, 1, 0):
        put(f"small-{left}", 1)
        assert rows() == left + (3 - left)
    put("last", 1)
    assert rows() == 4
    store.close()
