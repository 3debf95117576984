"""Events: folded and limited as client-go's recorder does, and never in the way of a controller."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

from argosy.machinery.event_correlation import BURST, COMBINED, MESSAGE_LIMIT, Correlator, Happened, event_object
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clients.wrapping import WrappingClient
from argosy.runtime.clock import RealClock
from argosy.runtime.events import TURN_SECONDS, WAITING_LIMIT, EventRecorder
from tests.kit.world import CONFIG_MAPS, EVENTS, World, config_map

SYNCED = Happened(
    involved=("v1", "ConfigMap", "default", "a", "uid-1"),
    type="Normal",
    reason="Synced",
    message="all is well",
    component="gitops",
)


def test_the_same_event_is_counted_onto_the_first() -> None:
    correlator = Correlator()
    verdicts = [correlator.judge(SYNCED, now) for now in (0.0, 5.0, 10.0)]
    assert [(v.event.count, v.is_new) for v in verdicts if v] == [(1, True), (2, False), (3, False)]
    assert len({v.event.name for v in verdicts if v}) == 1


def test_ten_similar_ones_become_one() -> None:
    correlator = Correlator()
    verdicts = [correlator.judge(replace(SYNCED, message=f"try {n}"), float(n)) for n in range(14)]
    texts = [v.happened.message for v in verdicts if v]
    # client-go: tools/record/events_cache.go, EventAggregate: the tenth different message is the first combined one.
    assert texts[:9] == [f"try {n}" for n in range(9)]
    assert texts[9:] == [f"{COMBINED}try {n}" for n in range(9, 14)]
    assert [v.event.count for v in verdicts[9:] if v] == [1, 2, 3, 4, 5]


def test_similar_ones_that_come_slowly_stay_apart() -> None:
    correlator = Correlator()
    verdicts = [correlator.judge(replace(SYNCED, message=f"try {n}"), n * 601.0) for n in range(30)]
    assert all(v is not None and not v.happened.message.startswith(COMBINED) for v in verdicts)


def test_one_object_may_say_25_things_at_once_and_one_more_every_five_minutes() -> None:
    correlator = Correlator()
    said = [correlator.judge(replace(SYNCED, reason=f"R{n}"), 0.0) for n in range(40)]
    assert sum(v is not None for v in said) == BURST
    assert correlator.judge(replace(SYNCED, reason="soon"), 299.0) is None
    assert correlator.judge(replace(SYNCED, reason="later"), 301.0) is not None
    other = replace(SYNCED, involved=("v1", "ConfigMap", "default", "b", "uid-2"))
    assert correlator.judge(other, 0.0) is not None


def test_a_message_is_cut_to_what_the_server_takes() -> None:
    verdict = Correlator().judge(replace(SYNCED, message="x" * 5000), 0.0)
    assert verdict is not None
    assert len(verdict.happened.message) == MESSAGE_LIMIT


def test_events_about_cluster_scoped_objects_live_in_default() -> None:
    with World() as world:
        verdict = Correlator().judge(replace(SYNCED, involved=("v1", "Namespace", "", "prod", "u")), 0.0)
        assert verdict is not None
        assert event_object(verdict, world.clock.now())["metadata"]["namespace"] == "default"


def test_recorded_events_reach_the_server_with_their_counts() -> None:
    with World() as world:
        recorder = EventRecorder(world.client, world.clock, "gitops")
        world.supervisor.add("events", recorder.run)
        obj = world.run(world.client.create(CONFIG_MAPS, config_map("a")))
        for _ in range(3):
            recorder.record(obj, "Synced", "all is well")
            world.pass_time(2)
        recorder.record(obj, "Failed", "no such chart", event_type="Warning")
        world.settle()
        found = world.run(world.client.list(EVENTS, "default")).items
        assert Counter((e["reason"], e["type"], e.get("count")) for e in found) == {
            ("Synced", "Normal", 3): 1,
            ("Failed", "Warning", 1): 1,
        }
        synced = next(e for e in found if e["reason"] == "Synced")
        assert synced["involvedObject"]["uid"] == obj["metadata"]["uid"]
        assert (synced["firstTimestamp"], synced["lastTimestamp"]) == ("2030-01-01T00:00:00Z", "2030-01-01T00:00:04Z")


class Refusing(WrappingClient):
    async def write(self, request: Write) -> JsonObject:
        raise StatusError(403, "Forbidden", "no")


def test_a_server_that_refuses_events_fails_nobody() -> None:
    with World() as world:
        refusing: Client = Refusing(world.client)
        recorder = EventRecorder(refusing, world.clock, "gitops")
        world.supervisor.add("events", recorder.run)
        recorder.record(config_map("a"), "Synced", "all is well")
        world.settle()
        assert recorder.dropped_count == 1


def test_a_flood_is_dropped_instead_of_kept() -> None:
    with World() as world:
        recorder = EventRecorder(world.client, world.clock, "gitops")
        for _ in range(WAITING_LIMIT + 5):
            recorder.record(config_map("a"), "Synced", "all is well")
        assert recorder.dropped_count == 5


class Worked(RealClock):
    """Time passes with work alone."""

    time = 0.0

    def monotonic(self) -> float:
        return self.time


class Busy(WrappingClient):
    """Each write is work for this process, as with the embedded server."""

    def __init__(self, clock: Worked) -> None:
        self.clock, self.written = clock, 0

    async def write(self, request: Write) -> JsonObject:
        self.clock.time += 0.001
        self.written += 1
        return {}


def test_a_flood_is_written_in_small_parts_between_the_work_of_others() -> None:
    clock = Worked()
    client, longest = Busy(clock), 0.0
    events = EventRecorder(client, clock, "gitops")
    for number in range(300):
        events.record(config_map(f"a-{number}"), "Synced", "all is well")

    async def main() -> None:
        nonlocal longest
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(events.flush())
            while client.written < 300:
                before = clock.time
                await clock.sleep(0)
                longest = max(longest, clock.time - before)

    asyncio.run(main())
    assert longest <= TURN_SECONDS + 0.001
