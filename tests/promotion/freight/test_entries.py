"""A Stage is woken by what concerns it of a piece of Freight, however many others share the piece."""

from __future__ import annotations

from pathlib import Path

from argosy.machinery.objects import JsonObject, Key
from argosy.promotion.kinds import FREIGHT
from tests.kit.promotion import PromotionWorld
from tests.promotion.test_stories import DIRECT, template

OUT: JsonObject = {"uses": "compose-output", "as": "out", "config": {"id": "x"}}


def test_a_promotion_into_one_stage_wakes_none_that_has_nothing_to_do_with_it(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        world.write("repo", {"a.txt": "x"})
        world.project()
        world.warehouse("w", world.repository("repo"))
        for number in range(12):
            world.make("Stage", f"s-{number}", {"requestedFreight": DIRECT, "promotionTemplate": template(OUT)})
        world.pass_time(30)
        (name,) = world.freight()
        before = world.turns("stage-controller")

        world.promote("s-0", name)
        world.run_until(lambda: "s-0" in (world.get(FREIGHT, Key("demo", name)) or {})["status"].get("verifiedIn", {}))
        world.pass_time(30)

        assert world.turns("stage-controller") - before < 12


def test_a_stage_is_woken_by_what_happens_before_it_and_by_an_approval(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        world.write("repo", {"a.txt": "x"})
        world.project()
        world.warehouse("w", world.repository("repo"))
        (name,) = world.freight()
        names = ("test", "prod", "other")
        policies = [{"stageSelector": {"name": stage}, "autoPromotionEnabled": True} for stage in names]
        world.make("ProjectConfig", "demo", {"promotionPolicies": policies})
        for stage, sources in (("prod", {"stages": ["test"]}), ("other", {"stages": ["never"]})):
            request = {"origin": {"kind": "Warehouse", "name": "w"}, "sources": sources}
            world.make("Stage", stage, {"requestedFreight": [request], "promotionTemplate": template(OUT)})
        world.make("Stage", "test", {"requestedFreight": DIRECT, "promotionTemplate": template(OUT)})

        def verified() -> set[str]:
            return set(((world.get(FREIGHT, Key("demo", name)) or {}).get("status") or {}).get("verifiedIn") or ())

        began = world.clock.now()
        world.run_until(lambda: verified() == {"test", "prod"})
        approval = {"status": {"approvedFor": {"other": {"approvedAt": "2026-01-01T00:00:00Z"}}}}
        world.patch(FREIGHT, name, approval, "demo", subresource="status")
        world.run_until(lambda: verified() == {"test", "prod", "other"})

        assert (world.clock.now() - began).total_seconds() < 60
