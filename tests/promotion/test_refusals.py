"""What the API server refuses is reported where a user looks, and delays nothing else."""

from __future__ import annotations

from pathlib import Path

from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write
from argosy.machinery.status import StatusError
from argosy.promotion.kinds import FREIGHT, PROMOTIONS, WAREHOUSES
from argosy.runtime.client import Client
from argosy.runtime.clients.wrapping import WrappingClient
from tests.kit.promotion import PromotionWorld
from tests.promotion.test_stories import template

OUT: JsonObject = {"uses": "compose-output", "as": "out", "config": {"id": "x"}}


class Refusing(WrappingClient):
    """Refuses to create Freight while a test wants, and Promotions of what one Warehouse found."""

    def __init__(self, inner: Client) -> None:
        super().__init__(inner)
        self.refuses_freight = False
        self.refused_freight = ""

    async def write(self, request: Write) -> JsonObject:
        if request.verb == "create" and request.resource == FREIGHT and self.refuses_freight:
            raise StatusError(403, "Forbidden", "the quota of Freight is used up")
        if request.verb == "create" and request.resource == PROMOTIONS and _freight(request) == self.refused_freight:
            raise StatusError(403, "Forbidden", "not this one")
        return await super().write(request)


def _freight(request: Write) -> str:
    return str((request.body or {})["spec"]["freight"])


def refusing(directory: Path) -> tuple[PromotionWorld, list[Refusing]]:
    made: list[Refusing] = []

    def wrap(client: Client) -> Client:
        made.append(Refusing(client))
        return made[-1]

    return PromotionWorld(directory, wrap=wrap), made


def conditions(world: PromotionWorld, name: str) -> dict[str, JsonObject]:
    found = world.get(WAREHOUSES, Key("demo", name)) or {}
    return {one["type"]: one for one in (found.get("status") or {}).get("conditions") or ()}


def test_freight_that_is_refused_is_reported_by_its_warehouse_until_it_is_made(tmp_path: Path) -> None:
    world, clients = refusing(tmp_path)
    with world:
        world.write("repo", {"a.txt": "x"})
        world.project()
        clients[-1].refuses_freight = True
        subscription = {"git": {"repoURL": world.repository("repo"), "branch": "main"}}
        world.make("Warehouse", "w", {"interval": "1h", "subscriptions": [subscription]})

        world.run_until(lambda: conditions(world, "w").get("Ready", {}).get("reason") == "FreightCreationFailure")

        assert "the quota of Freight is used up" in conditions(world, "w")["Ready"]["message"]
        clients[-1].refuses_freight = False
        world.run_until(lambda: conditions(world, "w")["Ready"]["status"] == "True")
        assert conditions(world, "w")["FreightCreated"]["reason"] == "NewFreight"
        assert len(world.freight()) == 1


def test_a_promotion_that_is_refused_holds_up_no_other_origin(tmp_path: Path) -> None:
    world, clients = refusing(tmp_path)
    with world:
        world.project()
        for name in ("one", "two"):
            world.write(name, {"a.txt": "x"})
            world.warehouse(name, world.repository(name))
        freight = {one["origin"]["name"]: one["metadata"]["name"] for one in world.list(FREIGHT, "demo")}
        clients[-1].refused_freight = freight["one"]
        policies = [{"stageSelector": {"name": "test"}, "autoPromotionEnabled": True}]
        world.make("ProjectConfig", "demo", {"promotionPolicies": policies})
        origins = [{"kind": "Warehouse", "name": name} for name in ("one", "two")]
        requests = [{"origin": origin, "sources": {"direct": True}} for origin in origins]
        world.make("Stage", "test", {"requestedFreight": requests, "promotionTemplate": template(OUT)})

        def promoted() -> set[str]:
            return {one["spec"]["freight"] for one in world.list(PROMOTIONS, "demo")}

        world.run_until(lambda: promoted() == {freight["two"]})
        assert world.stage("test")["status"]["autoPromotionEnabled"]

        clients[-1].refused_freight = ""
        world.run_until(lambda: promoted() == {freight["one"], freight["two"]})
