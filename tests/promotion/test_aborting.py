"""A Promotion that is aborted in the queue takes nothing else with it (kargo#6810)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from argosy.machinery.objects import JsonObject, Key
from argosy.promotion.kinds import FREIGHT, PROMOTIONS
from argosy.promotion.promotions.questions import RunStep
from tests.kit.promotion import PromotionWorld
from tests.promotion.test_stories import DIRECT, template

OUT: JsonObject = {"uses": "file-write", "as": "out", "config": {"path": "a", "contents": "x"}}


def aborted(world: PromotionWorld, promotion: str) -> None:
    patch = {"metadata": {"annotations": {"kargo.akuity.io/abort": "terminate"}}}
    world.patch(PROMOTIONS, promotion, patch, "demo")
    world.run_until(lambda: world.phase(promotion) == "Aborted")


def verified(world: PromotionWorld, name: str) -> bool:
    piece = world.get(FREIGHT, Key("demo", name)) or {}
    return "test" in ((piece.get("status") or {}).get("verifiedIn") or {})


def test_the_running_one_ends_well_and_what_it_brought_is_verified(tmp_path: Path) -> None:
    holding = [True]

    async def slow(question: RunStep) -> None:
        while holding:
            await world.clock.sleep(1)

    with PromotionWorld(tmp_path, slow=slow) as world:
        world.write("repo", {"a.txt": "x"})
        world.project()
        world.warehouse("w", world.repository("repo"))
        world.make("Stage", "test", {"requestedFreight": DIRECT, "promotionTemplate": template(OUT)})
        (name,) = world.freight()
        running = world.promote("test", name)
        world.run_until(lambda: world.phase(running) == "Running")
        world.pass_time(2)
        queued = world.promote("test", name)
        world.pass_time(2)

        aborted(world, queued)

        world.pass_time(2)
        status = world.stage("test")["status"]
        assert status["currentPromotion"]["name"] == running
        assert "lastPromotion" not in status
        holding.clear()
        world.run_until(lambda: world.phase(running) == "Succeeded")
        world.run_until(lambda: verified(world, name))
        assert world.stage("test")["status"]["lastPromotion"]["name"] == running


def two_origins(world: PromotionWorld) -> dict[str, str]:
    """A Stage of two Warehouses; the Freight of each."""
    world.project()
    for name in ("one", "two"):
        world.write(name, {"a.txt": "x"})
        world.warehouse(name, world.repository(name))
    requests = [{"origin": {"kind": "Warehouse", "name": name}, "sources": {"direct": True}} for name in ("one", "two")]
    world.make("Stage", "test", {"requestedFreight": requests, "promotionTemplate": template(OUT)})
    return {one["origin"]["name"]: one["metadata"]["name"] for one in world.list(FREIGHT, "demo")}


def held(world: PromotionWorld) -> dict[str, Any]:
    history = world.stage("test")["status"].get("freightHistory") or [{}]
    return {origin.removeprefix("Warehouse/"): item["name"] for origin, item in (history[0].get("items") or {}).items()}


def succeeds(world: PromotionWorld, promotion: str) -> None:
    world.run_until(lambda: world.phase(promotion) == "Succeeded")


def test_a_stage_of_several_origins_keeps_what_it_has_of_the_others(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        freight = two_origins(world)
        for name in ("one", "two"):
            promotion = world.promote("test", freight[name])
            succeeds(world, promotion)
        world.run_until(lambda: held(world) == freight)

        world.kill()  # so that it is aborted before its turn
        queued = world.promote("test", freight["one"])
        patch = {"metadata": {"annotations": {"kargo.akuity.io/abort": "terminate"}}}
        world.patch(PROMOTIONS, queued, patch, "demo")
        world.start()
        world.run_until(lambda: world.phase(queued) == "Aborted")
        world.pass_time(10)
        assert held(world) == freight

        again = world.promote("test", freight["two"])
        world.run_until(lambda: world.phase(again) == "Succeeded")
        world.pass_time(10)

        assert held(world) == freight
