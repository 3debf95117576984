"""When a Warehouse looks for artefacts again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from argosy.apis.kargo import Freight, Warehouse
from argosy.apis.schema import read
from argosy.machinery.controller import Decision
from argosy.machinery.objects import JsonObject
from argosy.machinery.patches.mergepatch import merge_patch
from argosy.machinery.requests import Write
from argosy.promotion.names import REFRESH
from argosy.promotion.warehouses.discovery import decide
from argosy.promotion.warehouses.questions import Found
from argosy.promotion.warehouses.seen import Discovering, Failing, Seen

NOW = datetime(2030, 1, 1, tzinfo=UTC)
URL = "https://git.example.com/app.git"


def warehouse() -> JsonObject:
    return {
        "metadata": {"name": "w", "namespace": "demo", "uid": "1", "resourceVersion": "1", "generation": 1},
        "spec": {"interval": "24h", "subscriptions": [{"git": {"repoURL": URL}}]},
    }


def seen(obj: JsonObject, memory: Any, *answers: Found) -> Seen:
    made = read(Freight, {"metadata": {"name": "f", "namespace": "demo"}})
    day = timedelta(hours=24)
    return Seen(warehouse=read(Warehouse, obj), memory=memory, answers=answers or None, existing=made, interval=day)


def carried_out(obj: JsonObject, decision: Decision) -> JsonObject:
    for step in decision.steps:
        if isinstance(step, Write) and isinstance(step.body, dict):
            obj = cast(JsonObject, merge_patch(obj, {"status": step.body["status"]}))
    return obj


def test_a_refresh_that_is_asked_for_while_the_end_of_a_discovery_is_written_is_not_lost() -> None:
    memory = Discovering(f"1//{NOW.isoformat()}#0", 1, "")
    answer = Found({"repoURL": URL, "commits": [{"id": "1" * 40, "branch": "main", "subject": "one"}]})
    obj = carried_out(warehouse(), decide(seen(warehouse(), memory, answer), NOW))
    assert obj["status"]["discoveredArtifacts"]["git"]

    # The write was carried out, its answer was lost, and the refresh came in between: the same turn again.
    obj["metadata"]["annotations"] = {REFRESH: "now"}
    again = decide(seen(obj, memory, answer), NOW)
    assert (again.steps, again.wake_at, again.memory) == ((), None, None), "a changed memory brings the next look"
    assert isinstance(decide(seen(obj, None), NOW).memory, Discovering)


def test_without_a_refresh_the_next_discovery_is_due_after_the_interval() -> None:
    memory = Discovering(f"1//{NOW.isoformat()}#0", 1, "")
    answer = Found({"repoURL": URL, "commits": [{"id": "1" * 40, "branch": "main", "subject": "one"}]})
    obj = carried_out(warehouse(), decide(seen(warehouse(), memory, answer), NOW))
    assert decide(seen(obj, None), NOW + timedelta(hours=1)) == Decision(wake_at=NOW + timedelta(hours=24))
    assert isinstance(decide(seen(obj, None), NOW + timedelta(hours=24)).memory, Discovering)


def test_a_failed_discovery_is_tried_again_after_a_while_or_when_a_refresh_is_asked_for() -> None:
    memory = Discovering(f"1//{NOW.isoformat()}#0", 1, "")
    failed = decide(seen(warehouse(), memory, Found(error="no such repository")), NOW)
    assert failed.memory == Failing(1, NOW + timedelta(seconds=1))
    obj = carried_out(warehouse(), failed)
    assert decide(seen(obj, failed.memory), NOW) == Decision(wake_at=NOW + timedelta(seconds=1))
    obj["metadata"]["annotations"] = {REFRESH: "now"}
    assert isinstance(decide(seen(obj, failed.memory), NOW).memory, Discovering)
