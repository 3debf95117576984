"""Events of the simulation: writes of the one recorder that all controllers share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from argosy.cluster.workloads.decision import Event, Write
from argosy.cluster.workloads.recorder import Recorder
from argosy.machinery.event_correlation import BURST, COMBINED
from argosy.machinery.objects import JsonObject

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n", "uid": "u1"}}


def say(recorder: Recorder, message: str, now: datetime = NOON) -> Write | None:
    asked = recorder.write_for(Event(POD, "R", message, component="kubelet", host="node-1"), now)
    return None if asked is None else asked[0]


def body(write: Write | None) -> JsonObject:
    assert write is not None
    assert isinstance(write.body, dict)
    return write.body


def test_the_same_event_is_counted_up() -> None:
    recorder = Recorder()
    first, second = say(recorder, "again"), say(recorder, "again", NOON + timedelta(seconds=5))
    assert first is not None
    assert second is not None
    assert (first.verb, body(first)["count"], first.key) == ("create", 1, second.key)
    assert (second.verb, body(second)["count"]) == ("patch", 2)
    assert body(second)["lastTimestamp"] == "2030-01-01T12:00:05Z"
    assert body(first)["source"] == {"component": "kubelet", "host": "node-1"}


def test_an_event_that_was_refused_is_created_again() -> None:
    recorder = Recorder()
    asked = recorder.write_for(Event(POD, "R", "again", component="kubelet"), NOON)
    assert asked is not None
    recorder.lost(asked[1])
    again = recorder.write_for(Event(POD, "R", "again", component="kubelet"), NOON)
    assert again is not None
    assert again[0].verb == "create"


def test_ten_similar_events_become_one() -> None:
    recorder = Recorder()
    messages = [body(say(recorder, f"number {number}"))["message"] for number in range(12)]
    assert [message.startswith(COMBINED) for message in messages] == [False] * 9 + [True] * 3


def test_a_source_that_says_too_much_is_cut_off_and_recovers_slowly() -> None:
    recorder = Recorder()
    assert sum(say(recorder, "x") is not None for _ in range(int(BURST) + 5)) == BURST
    assert say(recorder, "x", NOON + timedelta(seconds=299)) is None
    assert say(recorder, "x", NOON + timedelta(seconds=301)) is not None
