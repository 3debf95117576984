"""The room's main stories, in virtual time on the embedded API server."""

from __future__ import annotations

from pathlib import Path

from argosy.machinery.objects import JsonObject, Key
from argosy.promotion.kinds import FREIGHT, PROMOTIONS
from tests.kit.promotion import PromotionWorld, git

DIRECT = [{"origin": {"kind": "Warehouse", "name": "w"}, "sources": {"direct": True}}]


def template(*steps: JsonObject) -> JsonObject:
    return {"spec": {"steps": list(steps)}}


def test_a_commit_becomes_freight_and_a_promotion_takes_it_into_a_stage(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        commit = world.write("repo", {"a.txt": "x"}, message="first")
        world.project()
        world.warehouse("w", world.repository("repo"))
        (name,) = world.freight()
        piece = world.get(FREIGHT, Key("demo", name))
        assert piece is not None
        assert piece["commits"][0]["id"] == commit
        step = {
            "uses": "compose-output",
            "as": "out",
            "config": {"id": f"${{{{ commitFrom('{world.repository('repo')}').ID }}}}"},
        }
        world.make("Stage", "test", {"requestedFreight": DIRECT, "promotionTemplate": template(step)})

        promotion = world.promote("test", name)
        world.run_until(lambda: world.phase(promotion) == "Succeeded")
        world.run_until(
            lambda: "test" in ((world.get(FREIGHT, Key("demo", name)) or {}).get("status") or {}).get("verifiedIn", {})
        )

        found = world.get(PROMOTIONS, Key("demo", promotion))
        assert found is not None
        assert found["status"]["state"] == {"out": {"id": commit}}
        assert world.stage("test")["status"]["freightSummary"] == name


def test_a_repository_of_many_branches_is_discovered(tmp_path: Path) -> None:
    """What git requests is packed then, as it is longer than a kilobyte."""
    with PromotionWorld(tmp_path) as world:
        commit = world.write("repo", {"a.txt": "x"})
        for number in range(40):
            git(tmp_path / "repo.git", "branch", f"b-{number}", "main")
        world.project()
        world.warehouse("w", world.repository("repo"))
        (name,) = world.freight()
        piece = world.get(FREIGHT, Key("demo", name))
        assert piece is not None
        assert piece["commits"][0]["id"] == commit
