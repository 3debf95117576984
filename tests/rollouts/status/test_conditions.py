from __future__ import annotations

from datetime import UTC, datetime, timedelta

from argosy.machinery import timestamps
from argosy.rollouts.status.conditions import Conditions, has_timed_out
from tests.kit.rollouts import canary

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_setting_the_same_status_and_reason_changes_nothing() -> None:
    conditions = Conditions([], NOON)
    assert conditions.set("Paused", "True", "RolloutPaused", "one")
    assert not conditions.set("Paused", "True", "RolloutPaused", "two")
    assert conditions.items[0]["message"] == "one"


def test_a_changed_condition_comes_last_and_keeps_its_transition_time_while_its_status_stays() -> None:
    conditions = Conditions([], NOON)
    conditions.set("Progressing", "True", "A", "")
    conditions.set("Available", "True", "B", "")
    later = Conditions(conditions.items, NOON + timedelta(hours=1))
    later.set("Progressing", "True", "C", "")
    assert [item["type"] for item in later.items] == ["Available", "Progressing"]
    assert later.items[1]["lastTransitionTime"] == timestamps.seconds(NOON)
    assert later.items[1]["lastUpdateTime"] == timestamps.seconds(NOON + timedelta(hours=1))


def test_progress_times_out_at_its_deadline_and_not_before() -> None:
    condition = {"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}
    condition["lastUpdateTime"] = timestamps.seconds(NOON)
    rollout = canary(status={"conditions": [condition]})
    conditions = rollout.status.conditions
    assert not has_timed_out(rollout, conditions, NOON + timedelta(seconds=599))
    assert has_timed_out(rollout, conditions, NOON + timedelta(seconds=600))
