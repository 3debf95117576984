"""Each timer of the room, in virtual time: what it waits for comes at its instant, neither sooner nor later."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject, Key
from argosy.promotion import Settings
from argosy.promotion.kinds import FREIGHT, PROMOTIONS, WAREHOUSES
from tests.kit.promotion import PromotionWorld

DIRECT = {"origin": {"kind": "Warehouse", "name": "w"}, "sources": {"direct": True}}
COMPOSE = {"uses": "compose-output", "as": "out", "config": {"id": "x"}}


def stage(world: PromotionWorld, name: str, *steps: JsonObject, **sources: Any) -> None:
    request = {**DIRECT, "sources": sources} if sources else DIRECT
    template = {"spec": {"steps": list(steps or (COMPOSE,))}}
    world.make("Stage", name, {"requestedFreight": [request], "promotionTemplate": template})


def begun(world: PromotionWorld) -> str:
    """A project with one piece of Freight."""
    world.write("repo", {"a.txt": "x"})
    world.project()
    world.warehouse("w", world.repository("repo"))
    (name,) = world.freight()
    return name


def seconds_since(world: PromotionWorld, start: datetime) -> float:
    return (world.clock.now() - start).total_seconds()


def status(world: PromotionWorld, promotion: str) -> JsonObject:
    found = world.get(PROMOTIONS, Key("demo", promotion)) or {}
    return found.get("status") or {}


def test_freight_is_promoted_at_the_end_of_its_soak_time(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        piece = begun(world)
        policy = {"stageSelector": {"name": "prod"}, "autoPromotionEnabled": True}
        world.make("ProjectConfig", "demo", {"promotionPolicies": [policy]})
        stage(world, "test")
        stage(world, "prod", stages=["test"], requiredSoakTime="90m")
        world.promote("test", piece)

        def soaking() -> datetime | None:
            found = (world.get(FREIGHT, Key("demo", piece)) or {}).get("status") or {}
            since = (found.get("currentlyIn") or {}).get("test", {}).get("since")
            return timestamps.parse(since) if since else None

        world.run_until(lambda: soaking() is not None)
        since = soaking()
        assert since is not None
        came = world.run_until(lambda: any(one["spec"]["stage"] == "prod" for one in world.list(PROMOTIONS, "demo")))
        assert timedelta(minutes=90) <= came - since <= timedelta(minutes=90, seconds=2)


def test_a_warehouse_looks_again_after_its_interval(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        begun(world)
        start = world.clock.now()
        world.write("repo", {"a.txt": "y"})
        world.run_until(lambda: len(world.freight()) == 2)
        assert 3599 <= seconds_since(world, start) <= 3601


def test_a_discovery_that_failed_is_tried_again_later_and_later(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        world.project()
        start = world.clock.now()
        url = f"http://127.0.0.1:{world.git_port}/late.git"
        world.make("Warehouse", "w", {"interval": "1h", "subscriptions": [{"git": {"repoURL": url, "branch": "main"}}]})
        world.run_until(lambda: world.condition(WAREHOUSES, "w", "Healthy") == "False")
        world.pass_time(4.0)  # it has been tried at 0, 1 and 3
        world.write("late", {"a.txt": "x"})
        world.run_until(lambda: len(world.freight()) == 1)
        assert 6.9 <= seconds_since(world, start) <= 7.5


def test_a_step_that_errs_is_tried_again_as_often_as_it_may(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        piece = begun(world)
        config = {"url": "http://127.0.0.1:1/", "method": "GET"}
        stage(world, "test", {"uses": "http", "config": config, "retry": {"errorThreshold": 3}})
        promotion = world.promote("test", piece)
        world.run_until(lambda: world.phase(promotion) == "Errored")
        found = status(world, promotion)
        taken = timestamps.parse(found["finishedAt"]) - timestamps.parse(found["startedAt"])
        assert found["stepExecutionMetadata"][0]["errorCount"] == 3
        assert timedelta(seconds=3) <= taken <= timedelta(seconds=5)


def test_a_step_that_waits_ends_at_its_timeout(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        piece = begun(world)
        config = {"url": f"http://127.0.0.1:{world.registry_port}/v2/", "successExpression": "response.status == 418"}
        stage(world, "test", {"uses": "http", "config": config, "retry": {"timeout": "95s"}})
        promotion = world.promote("test", piece)
        world.run_until(lambda: world.phase(promotion) == "Running")
        asked = world.registry.requests_count
        world.run_until(lambda: world.phase(promotion) not in ("", "Pending", "Running"))
        found = status(world, promotion)
        taken = timestamps.parse(found["finishedAt"]) - timestamps.parse(found["startedAt"])
        assert timedelta(seconds=95) <= taken <= timedelta(seconds=97)
        assert world.registry.requests_count - asked <= 10


def test_old_promotions_are_removed_once_an_hour(tmp_path: Path) -> None:
    settings = Settings(retained_promotions=1, min_promotion_age=timedelta(hours=5))
    with PromotionWorld(tmp_path, settings=settings) as world:
        piece = begun(world)
        stage(world, "test")
        start = world.clock.now()
        for _ in range(3):
            promotion = world.promote("test", piece)
            world.run_until(lambda name=promotion: world.phase(name) == "Succeeded")  # type: ignore[misc]
            world.pass_time(60)
        world.run_until(lambda: len(world.list(PROMOTIONS, "demo")) == 1)
        assert 5 * 3600 <= seconds_since(world, start) <= 6 * 3600 + 120
        assert [one["metadata"]["name"] for one in world.list(PROMOTIONS, "demo")] == [promotion]
