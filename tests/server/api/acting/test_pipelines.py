"""What can be done in a pipeline: selected artefacts become Freight, and a refusal names the missing permission."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from argosy.apis.kargo import Warehouse
from argosy.apis.kargo.warehouse import DiscoveredArtifacts
from argosy.apis.schema import read
from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.promotion.warehouses.artifacts import freight_of
from argosy.server.api.acting.pipelines import has_steps, subscriptions_of, with_choice
from argosy.server.errors import ApiError
from tests.kit.argocd_server import Api, argocd_server

KARGO = "kargo.akuity.io"
PATIENCE = 120.0
"""Seconds: of a process that others keep waiting."""
FOUND: dict[str, Any] = {
    "git": [{"repoURL": "https://git.example/a.git", "commits": [{"id": "c2", "subject": "two"}, {"id": "c1"}]}],
    "images": [{"repoURL": "r/shop", "references": [{"tag": "1.2", "digest": "sha256:2"}, {"tag": "1.1"}]}],
    "charts": [{"repoURL": "oci://r/chart", "versions": ["2.0.0", "1.0.0"]}],
}
WAREHOUSE: dict[str, Any] = {"metadata": {"name": "images", "namespace": "shop"}, "spec": {}}


def test_freight_is_made_of_what_is_chosen_and_of_the_newest_for_the_rest() -> None:
    chosen = read(DiscoveredArtifacts, with_choice(FOUND, {"git/0": "c1", "charts/0": "1.0.0"}))
    made = freight_of(read(Warehouse, WAREHOUSE), chosen)
    assert made is not None
    assert (made.commits[0].id, made.images[0].tag, made.charts[0].version) == ("c1", "1.2", "1.0.0")
    assert FOUND["git"][0]["commits"][0]["id"] == "c2"


@pytest.mark.parametrize(
    ("key", "value"), [("git/1", "c1"), ("git/0", "c9"), ("nonsense", ""), ("images/0", "sha256:9")]
)
def test_a_choice_that_is_none_is_refused_by_its_field(key: str, value: str) -> None:
    with pytest.raises(ApiError, match=rf"body\.chosen\.{key}"):
        with_choice(FOUND, {key: value})


def test_discoveries_are_listed_by_repository_the_newest_first() -> None:
    told = subscriptions_of(FOUND)
    assert [(one["key"], [item["id"] for item in one["found"]]) for one in told] == [
        ("git/0", ["c2", "c1"]),
        ("images/0", ["1.2", "1.1"]),
        ("charts/0", ["2.0.0", "1.0.0"]),
    ]


def test_a_stage_without_steps_has_nothing_to_promote() -> None:
    assert not has_steps({"spec": {"promotionTemplate": {"spec": {"steps": []}}}})
    assert has_steps({"spec": {"promotionTemplate": {"spec": {"steps": [{"uses": "fail"}]}}}})


def resource(plural: str, kind: str, *, namespaced: bool = True) -> Resource:
    return Resource(KARGO, "v1alpha1", plural, kind, namespaced=namespaced)


def made(kind: str, name: str, **fields: Any) -> JsonObject:
    metadata: JsonObject = {"name": name} if kind == "Project" else {"name": name, "namespace": "shop"}
    return {"apiVersion": f"{KARGO}/v1alpha1", "kind": kind, "metadata": metadata, **fields}


def a_stage(name: str, **sources: Any) -> JsonObject:
    steps = [{"uses": "compose-output", "as": "out", "config": {"tag": "x"}}]
    asked = [{"origin": {"kind": "Warehouse", "name": "images"}, "sources": sources}]
    return made("Stage", name, spec={"requestedFreight": asked, "promotionTemplate": {"spec": {"steps": steps}}})


async def a_pipeline(api: Api) -> None:
    """test takes directly, prod only after test; the Warehouse has found two tags."""
    await api.create(resource("projects", "Project", namespaced=False), made("Project", "shop"))
    spec = {
        "freightCreationPolicy": "Manual",
        "interval": "24h",
        "subscriptions": [{"image": {"repoURL": "r.example/shop"}}],
    }

    async def there(plural: str, kind: str, obj: JsonObject) -> None:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    await api.create(resource(plural, kind), obj)
                    return
                except Exception as error:  # the Project's namespace comes by and by
                    if getattr(error, "code", 0) not in (403, 404, 409, 422):
                        raise
                    await asyncio.sleep(0.1)  # noqa: TID251  # of a real server

    await there("warehouses", "Warehouse", made("Warehouse", "images", spec=spec))
    await there("stages", "Stage", a_stage("test", direct=True))
    await there("stages", "Stage", a_stage("prod", stages=["test"]))
    references = [{"tag": "1.2", "digest": "sha256:2"}, {"tag": "1.1", "digest": "sha256:1"}]
    found = {
        "discoveredAt": "2026-01-01T00:00:00Z",
        "images": [{"repoURL": "r.example/shop", "references": references}],
    }
    await api.cluster.client.write(
        requests.patch(
            resource("warehouses", "Warehouse"),
            Key("shop", "images"),
            {"status": {"discoveredArtifacts": found}},
            PatchType.MERGE,
            subresource="status",
        )
    )


async def until(api: Api, path: str, holds: Any) -> Any:
    async with asyncio.timeout(PATIENCE):
        while True:
            status, found = await api.call("GET", f"/api/argosy/v1{path}")
            if status == 200 and holds(found):
                return found
            await asyncio.sleep(0.05)  # noqa: TID251  # of a real server


def test_freight_is_made_by_hand_approved_promoted_and_promoted_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            await a_pipeline(api)
            place = "/api/argosy/v1/warehouses/shop/images"
            told = await until(api, "/warehouses/shop/images/artefacts", lambda one: one["subscriptions"])
            assert [one["id"] for one in told["subscriptions"][0]["found"]] == ["1.2", "1.1"]
            body = {"alias": "by-hand", "chosen": {"images/0": "1.1"}}
            assert (await api.call("POST", f"{place}/freight", {**body, "chosen": {"images/0": "9"}}))[0] == 400
            status, answer = await api.call("POST", f"{place}/freight", body)
            assert (status, answer) == (200, {"message": "Freight by-hand was made"})
            (piece,) = (await until(api, "/freight", lambda one: one["matched"] == 1))["rows"]
            assert (piece["facts"]["alias"], piece["facts"]["content"]) == ("by-hand", "r.example/shop:1.1")

            prod = "/api/argosy/v1/stages/shop/prod"
            chosen = {"freight": piece["name"]}
            assert (await api.call("POST", f"{prod}/promote", chosen))[0] != 200
            status, told = await api.call("POST", "/api/argosy/v1/stages/shop/test/promote-downstream", chosen)
            assert status == 400, told
            status, answer = await api.call("POST", f"{prod}/approve", chosen)
            assert (status, answer["message"]) == (200, "by-hand is approved for prod")
            await until(api, "/stages/shop/prod/freight", lambda one: one["freight"][0]["available"])
            status, answer = await api.call("POST", "/api/argosy/v1/stages/shop/test/promote-downstream", chosen)
            assert status == 200, answer
            (row,) = (await until(api, "/promotions", lambda one: one["facets"]["state"].get("Succeeded")))["rows"]
            status, answer = await api.call("POST", f"/api/argosy/v1/promotions/shop/{row['name']}/retry", {})
            assert status == 200, answer
            await until(api, "/promotions", lambda one: one["matched"] == 2)
            status, answer = await api.call("POST", f"/api/argosy/v1/promotions/shop/{row['name']}/abort", {})
            assert (status, answer["error"]["code"]) == (400, "FAILED_PRECONDITION")
            assert (await api.call("POST", f"{prod}/refresh", {}))[0] == 200
            assert (await api.call("POST", f"{place}/refresh", {}))[0] == 200
            for absent in ("stages/shop/none/verify", "promotions/shop/none/abort", "warehouses/shop/none/refresh"):
                assert (await api.call("POST", f"/api/argosy/v1/{absent}", {}))[0] == 404

    asyncio.run(scenario())


def test_a_caller_without_a_permission_changes_nothing_and_gets_its_name(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            await a_pipeline(api)
            from argosy.server.configuration import decoded

            secrets = Resource("", "v1", "secrets", "Secret")
            initial = await api.cluster.client.get(requests.Get(secrets, Key("argocd", "argocd-initial-admin-secret")))
            await api.configure("argocd-cm", {"accounts.alice": "login"})
            await api.configure("argocd-rbac-cm", {"policy.csv": f"p, alice, objects, get, {KARGO}/*/shop/*, allow"})
            body = {"currentPassword": decoded(initial)["password"], "name": "alice", "newPassword": "alice-password"}
            assert (await api.call("PUT", "/api/v1/account/password", body))[0] == 200
            token = await api.sign_in("alice", "alice-password")
            async with asyncio.timeout(PATIENCE):
                while (await api.call("GET", "/api/argosy/v1/stages/shop/test", token=token))[0] != 200:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)  # noqa: TID251  # of a real server
            status, _ = await api.call(
                "POST", "/api/argosy/v1/warehouses/shop/images/freight", {"alias": "mine", "chosen": {}}
            )
            assert status == 200
            (piece,) = (await until(api, "/freight", lambda one: one["matched"] == 1))["rows"]
            for path, given, right in (
                ("stages/shop/test/approve", {"freight": piece["name"]}, f"action/promote, {KARGO}/Stage/shop/test"),
                ("stages/shop/test/promote-downstream", {"freight": piece["name"]}, f"{KARGO}/Stage/shop/prod"),
                ("stages/shop/test/verify", {}, f"action/verify, {KARGO}/Stage/shop/test"),
                ("warehouses/shop/images/freight", {"alias": "", "chosen": {}}, "action/create-freight"),
            ):
                status, told = await api.call("POST", f"/api/argosy/v1/{path}", given, token=token)
                assert (status, right in told["error"]["message"]) == (403, True), told
            assert (await api.call("GET", "/api/argosy/v1/promotions"))[1]["matched"] == 0

    asyncio.run(scenario())
