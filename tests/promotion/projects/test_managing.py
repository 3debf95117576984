"""Statistics of a Project, and what it looks at them for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from argosy.apis.kargo import Project
from argosy.apis.kubernetes.views.core import Namespace
from argosy.apis.schema import read
from argosy.machinery.api import PatchType
from argosy.machinery.controller import Decision
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write
from argosy.promotion.kinds import PROJECTS, STAGES
from argosy.promotion.names import FINALIZER, PROJECT
from argosy.promotion.projects.managing import READY, Seen, decide
from tests.kit.promotion import PromotionWorld
from tests.promotion.test_stories import DIRECT

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
COMPOSE = {"spec": {"steps": [{"uses": "compose-output", "as": "out", "config": {"id": "x"}}]}}


def stats(world: PromotionWorld) -> JsonObject:
    return dict(((world.get(PROJECTS, Key("", "demo")) or {}).get("status") or {}).get("stats") or {})


def test_stages_and_warehouses_are_counted_and_the_healthy_ones_apart(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        world.write("repo", {"a": "1"})
        world.project()
        world.warehouse("w", world.repository("repo"))
        world.make("Stage", "idle", {"requestedFreight": DIRECT, "promotionTemplate": COMPOSE})
        world.make("Stage", "test", {"requestedFreight": DIRECT, "promotionTemplate": COMPOSE})
        world.make("Stage", "flow", {"requestedFreight": DIRECT})
        world.pass_time(5)
        counted = {"count": 1, "health": {"healthy": 1}}
        assert stats(world) == {"warehouses": counted, "stages": {"count": 2, "health": {}}}

        promotion = world.promote("test", world.freight()[0])
        world.run_until(lambda: world.phase(promotion) == "Succeeded")
        world.pass_time(5)
        assert stats(world)["stages"] == {"count": 2, "health": {"healthy": 1}}


def test_a_project_looks_only_at_changes_that_affect_its_statistics(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        world.project()
        for number in range(3):
            world.make("Stage", f"s-{number}", {"requestedFreight": DIRECT, "promotionTemplate": COMPOSE})
        world.pass_time(5)
        turns = world.engine.turns("project-controller")
        for number in range(3):
            mark: JsonObject = {"metadata": {"annotations": {"mark": str(number)}}}
            world.run(world.kubectl.patch(STAGES, f"s-{number}", "demo", mark, PatchType.MERGE))
            world.pass_time(1)

        assert world.engine.turns("project-controller") == turns


def test_many_stages_that_come_at_once_are_reported_in_the_end(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        world.project()
        for number in range(20):
            world.make("Stage", f"s-{number}", {"requestedFreight": DIRECT, "promotionTemplate": COMPOSE})
        world.pass_time(5)
        assert stats(world)["stages"]["count"] == 20


def counted(told_ago: float | None) -> Decision:
    """What is decided of statistics that changed, which were written so many seconds ago."""
    metadata = {
        "name": "demo",
        "uid": "u",
        "resourceVersion": "7",
        "finalizers": [FINALIZER],
        "labels": {PROJECT: "true"},
    }
    ready: JsonObject = {"type": "Ready", "status": "True", "reason": "Synced", "message": READY}
    ready |= {"lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": 0}
    project = {"metadata": metadata, "status": {"conditions": [ready]}}
    told_at = None if told_ago is None else NOON - timedelta(seconds=told_ago)
    space = read(Namespace, {"metadata": metadata})
    return decide(
        Seen(project=read(Project, project), namespace=space, stats={"stages": {"count": 2}}, stats_written_at=told_at),
        NOON,
    )


@pytest.mark.parametrize("told_ago", [None, 1.0, 60.0])
def test_statistics_are_written_at_once_where_they_rested_for_a_second(told_ago: float | None) -> None:
    found = counted(told_ago)
    (write,) = found.steps
    assert isinstance(write, Write)
    assert write.body["status"] == {"stats": {"stages": {"count": 2}}}
    assert found.memory == NOON


def test_statistics_that_change_again_within_a_second_wait_for_its_end() -> None:
    """A thousand Stages made at once would be a thousand writes of their Project, as if it never settled."""
    assert counted(0.25) == Decision(wake_at=NOON + timedelta(seconds=0.75))


def test_a_deleted_project_keeps_finalizers_that_others_gave_its_namespace_since_it_was_read() -> None:
    """The API server refuses a list of finalizers that was made from another version."""
    metadata: JsonObject = {"name": "demo", "uid": "u", "resourceVersion": "7", "finalizers": [FINALIZER, "theirs"]}
    project = read(Project, {"metadata": {**metadata, "deletionTimestamp": "2026-01-01T00:00:00Z"}})
    space = read(Namespace, {"metadata": metadata})
    found = decide(Seen(project=project, namespace=space, stats={}), NOON)
    released = found.steps[0]
    assert isinstance(released, Write)
    assert released.body == {"metadata": {"finalizers": ["theirs"], "uid": "u", "resourceVersion": "7"}}


def test_a_namespace_without_our_finalizer_is_deleted_without_another_write() -> None:
    deleted: JsonObject = {"name": "demo", "uid": "u", "resourceVersion": "7", "finalizers": [FINALIZER]}
    project = read(Project, {"metadata": {**deleted, "deletionTimestamp": "2026-01-01T00:00:00Z"}})
    space = read(Namespace, {"metadata": {"name": "demo", "uid": "n", "resourceVersion": "9"}})
    found = decide(Seen(project=project, namespace=space, stats={}), NOON)
    made = [(step.verb, step.resource.kind) for step in found.steps if isinstance(step, Write)]
    assert made == [("delete", "Namespace"), ("patch", "Project")]
