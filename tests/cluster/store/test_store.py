"""Batches, order, and what happens when the disk refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from argosy.cluster.store import Change, Store
from argosy.cluster.store.journal import NoJournal
from argosy.cluster.store.store import HISTORY_BYTES
from argosy.machinery.objects import Key

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class FullDisk(NoJournal):
    durable = True

    def commit(self, changes: Sequence[Change]) -> None:
        raise OSError(28, "No space left on device")


def put(store: Store, name: str) -> None:
    store.put(store.table("", "things"), Key("", name), {"metadata": {"name": name}}, None)


def test_the_writes_of_one_turn_are_one_batch_in_order() -> None:
    async def main() -> list[list[int]]:
        store, batches = Store(lambda: NOON), []
        stop = store.subscribe(lambda changes: batches.append([change.rev for change in changes]))
        for name in "ab":
            put(store, name)
        await asyncio.get_running_loop().run_in_executor(None, lambda: None)
        put(store, "c")
        store.flush()
        stop()
        put(store, "d")
        store.flush()
        return batches

    assert asyncio.run(main()) == [[2, 3], [4]]


def test_a_disk_that_refuses_fails_the_writer_and_ends_all_writing() -> None:
    async def main() -> None:
        store = Store(lambda: NOON, FullDisk())
        put(store, "a")
        with pytest.raises(OSError, match="No space left"):
            await store.durable()
        assert store.table("", "things").shown == 0, "no watcher saw what is not on disk"
        with pytest.raises(OSError, match="No space left"):
            put(store, "b")

    asyncio.run(main())


def test_history_is_kept_for_five_minutes() -> None:
    now = NOON
    store = Store(lambda: now)
    put(store, "a")
    store.flush()
    for name in "bcd":
        now += timedelta(minutes=2)
        put(store, name)
        store.flush()
    assert store.compacted == 2
    assert [change.rev for change in store.table("", "things").ring] == [3, 4, 5]


def test_the_end_of_a_burst_is_forgotten_with_the_first_change_after_five_minutes() -> None:
    now = NOON
    store = Store(lambda: now)
    for name in "abc":
        now += timedelta(seconds=1)
        put(store, name)
        store.flush()
    burst = store.revision
    now += timedelta(minutes=5)
    put(store, "at five minutes sharp")
    store.flush()
    assert store.compacted < burst, "it is kept for five minutes in full"
    now += timedelta(seconds=10)
    put(store, "later")
    store.flush()
    assert store.compacted == burst


def test_a_fork_shares_objects_and_nothing_else() -> None:
    store = Store(lambda: NOON)
    put(store, "a")
    copy = store.fork(lambda: NOON)
    put(copy, "b")
    put(store, "c")
    assert copy.revision == store.revision == 3
    one, other = store.table("", "things"), copy.table("", "things")
    assert one.entries[Key("", "a")] is other.entries[Key("", "a")]
    assert [entry.key.name for entry in other.scan()] == ["a", "b"]
    assert [entry.key.name for entry in one.scan()] == ["a", "c"]


def test_a_heavy_history_is_kept_for_a_shorter_time() -> None:
    async def main() -> Store:
        store = Store(lambda: NOON)
        large = "x" * (HISTORY_BYTES // 8)
        for number in range(12):
            body = {"metadata": {"name": f"n{number}"}, "data": large}
            store.put(store.table("", "things"), Key("", f"n{number}"), body, None)
            store.flush()
        return store

    store = asyncio.run(main())
    kept = [change.new.size for change in store.table("", "things").ring if change.new is not None]
    assert HISTORY_BYTES // 4 < sum(kept) <= HISTORY_BYTES
    assert store.compacted > 1
