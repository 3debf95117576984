"""What happens on a disk that is full: a real one, of a few megabytes, where this user may mount one."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from argosy.cluster.store import Store
from argosy.cluster.store.backup import BackupError, backup
from argosy.cluster.store.sqlite import SqliteJournal
from argosy.machinery.objects import JsonObject, Key
from argosy.runtime.clock import RealClock

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of 12 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(place)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def thing(name: str, *, size: int = 0, leaving: bool = False) -> JsonObject:
    metadata: JsonObject = {"name": name}
    if leaving:
        metadata["deletionTimestamp"] = "2026-01-01T12:00:00Z"
    return {"metadata": metadata, "data": "x" * size}


def fill(store: Store) -> int:
    """Writes until nothing is accepted any more; how many were."""
    table = store.table("", "things")
    for number in range(1000):
        try:
            store.put(table, Key("n", f"a{number}"), thing(f"a{number}", size=100_000), None)
            store.flush()
        except OSError:
            return number
        assert store.broken is None, "what was accepted is written, from the reserve at the last"
    raise AssertionError("never full")


@pytest.mark.parametrize("full", [False, True])
def test_a_full_disk_takes_deletes_and_what_is_leaving_and_all_again_when_there_is_room(disk: Path, full: bool) -> None:
    ballast = disk / "somebody-else"
    ballast.write_bytes(bytes(3 << 20))
    store = Store(lambda: NOON, SqliteJournal(disk / "cluster.db", full=full))
    store.load()
    count = fill(store)
    table = store.table("", "things")
    assert "disk is full" in store.trouble
    with pytest.raises(OSError, match="only deletes are accepted"):
        store.put(table, Key("n", "b"), thing("b"), None)
    first = table.entries[Key("n", "a0")]
    store.delete(table, store.put(table, first.key, thing("a0", leaving=True), first))
    store.delete(table, table.entries[Key("n", "a1")])
    store.flush()
    assert store.broken is None
    ballast.unlink()
    assert store.trouble == ""
    store.put(table, Key("n", "b"), thing("b"), None)
    store.close()

    again = Store(lambda: NOON, SqliteJournal(disk / "cluster.db"))
    again.load()
    assert len(again.table("", "things").entries) == count - 2 + 1
    again.close()


def test_a_start_on_a_full_disk_says_so(disk: Path) -> None:
    SqliteJournal(disk / "cluster.db").close()
    with (disk / "somebody-else").open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(bytes(4096))
    with pytest.raises(OSError, match=r"the disk of .*/disk is full: make room there"):
        store = Store(lambda: NOON, SqliteJournal(disk / "cluster.db"))
        store.put(store.table("", "things"), Key("n", "b"), thing("b", size=10_000), None)
        store.flush()
        raise store.broken or AssertionError("it was written")


def test_a_backup_onto_a_full_disk_says_so_and_leaves_nothing_there(disk: Path, tmp_path: Path) -> None:
    SqliteJournal(tmp_path / "cluster" / "cluster.db").close()
    with (disk / "somebody-else").open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(bytes(4096))
    with pytest.raises(BackupError, match=r"the disk of .*/disk is full: make room there, or name a FILE on another"):
        backup(tmp_path / "cluster", disk / "b.tar", NOON)
    assert [found.name for found in disk.iterdir()] == ["somebody-else"]


async def turn() -> None:
    """The loop does once whatever is due."""
    passed = asyncio.Event()
    asyncio.get_running_loop().call_soon(passed.set)
    await passed.wait()


class Refusing(SqliteJournal):
    """A disk that refuses for as long as a test wants."""

    refuses = True

    def commit(self, changes: object) -> None:
        if self.refuses:
            raise OSError(28, "No space left on device")
        super().commit(changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("full", [False, True])
def test_a_refused_batch_fails_for_all_its_writers_and_is_written_first_when_there_is_room(
    tmp_path: Path, full: bool
) -> None:
    async def main() -> None:
        journal = Refusing(tmp_path / "cluster.db", full=full)
        store = Store(lambda: NOON, journal)
        store.load()
        table, batches = store.table("", "things"), []
        store.subscribe(lambda changes: batches.append([change.key.name for change in changes]))

        async def writer(name: str) -> str:
            if store.broken is None:
                store.put(table, Key("n", name), thing(name), None)
            try:
                await store.durable()
            except OSError as error:
                return str(error.strerror)
            return "acknowledged"

        async def later() -> str:
            await turn()  # the first batch is with the worker thread by now, or refused
            return await writer("b")

        assert set(await asyncio.gather(writer("a"), later())) == {"No space left on device"}
        assert table.shown == 0
        assert batches == []
        journal.refuses = False
        with pytest.raises(OSError, match="No space"):  # this attempt begins the next try
            store.put(table, Key("n", "c"), thing("c"), None)
        async with asyncio.timeout(30):
            while store.trouble:  # looking tries again
                await RealClock().sleep(0.005)
        store.put(table, Key("n", "c"), thing("c"), None)
        await store.durable()
        assert [name for batch in batches for name in batch] in (["a", "b", "c"], ["a", "c"])
        assert table.shown == len(table.ring)
        store.close()

    asyncio.run(main())


def test_watchers_see_a_batch_when_it_is_on_disk_and_not_the_one_after_it(tmp_path: Path) -> None:
    async def main() -> None:
        store = Store(lambda: NOON, SqliteJournal(tmp_path / "cluster.db", full=True))
        store.load()
        table, seen = store.table("", "things"), []
        store.subscribe(lambda changes: seen.append((changes[-1].rev, table.shown)))
        for number in range(50):
            store.put(table, Key("n", f"a{number}"), thing(f"a{number}"), None)
            await turn()
        await store.durable()
        store.close()
        assert [shown for _, shown in seen] == [rev - 1 for rev, _ in seen], "revision 2 is the first of all"

    asyncio.run(main())
