"""Events: repetitions are counted, floods combined and cut off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from argosy.cluster.workloads.decision import Happening, Write
from argosy.cluster.workloads.recorder import BURST, COMBINED, Recorder

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n", "uid": "u1"}}


def say(recorder: Recorder, message: str, now: datetime = NOON) -> Write | None:
    asked = recorder.write_for(Happening(about=POD, reason="R", message=message, component="kubelet"), now)
    if asked is None:
        return None
    write, key = asked
    stored = {**write.body, "metadata": {**write.body["metadata"], "name": "e", "namespace": "n", "uid": "e1"}}
    recorder.stored(key, {"apiVersion": "v1", "kind": "Event", **stored})
    return write


def test_the_same_event_is_counted_up() -> None:
    recorder = Recorder()
    first, second = say(recorder, "again"), say(recorder, "again", NOON + timedelta(seconds=5))
    assert first is not None
    assert second is not None
    assert (first.verb, first.body["count"]) == ("create", 1)
    assert (second.verb, second.body["count"]) == ("merge", 2)
    assert second.body["lastTimestamp"] == "2030-01-01T12:00:05Z"


def test_ten_similar_events_become_one() -> None:
    recorder = Recorder()
    writes = [say(recorder, f"number {number}") for number in range(12)]
    messages = [write.body["message"] for write in writes if write is not None]
    assert [message.startswith(COMBINED) for message in messages] == [False] * 9 + [True] * 3


def test_a_source_that_says_too_much_is_cut_off_and_recovers_slowly() -> None:
    recorder = Recorder()
    assert sum(say(recorder, "x") is not None for _ in range(BURST + 5)) == BURST
    assert say(recorder, "x", NOON + timedelta(seconds=299)) is None
    assert say(recorder, "x", NOON + timedelta(seconds=301)) is not None
