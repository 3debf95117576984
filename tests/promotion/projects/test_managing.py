"""Statistics of a Project, and what it looks at them for."""

from __future__ import annotations

from pathlib import Path

from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key
from argosy.promotion.kinds import PROJECTS, STAGES
from tests.kit.promotion import PromotionWorld
from tests.promotion.test_stories import DIRECT

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


def test_a_project_looks_only_at_changes_that_its_statistics_tell_of(tmp_path: Path) -> None:
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
