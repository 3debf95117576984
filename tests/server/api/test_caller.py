"""Rights asked in bulk, over the wire: of Argo CD's resources and of our own."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.kit.argocd_server import Api, argocd_server

PROMOTE = {"resource": "objects", "action": "action/promote", "object": "kargo.akuity.io/Stage/shop/prod"}
SYNC = {"resource": "applications", "action": "sync", "object": "default/web"}


async def _allowed(api: Api, *rights: dict[str, str]) -> tuple[int, Any]:
    return await api.call("POST", "/api/argosy/v1/rights", {"rights": list(rights)})


def test_rights_are_answered_in_order_for_every_kind_of_object(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            assert await _allowed(api, PROMOTE, SYNC) == (200, {"allowed": [True, True]})
            some = {"resource": "applications", "action": "create"}
            assert await _allowed(api, some, {**some, "action": "nonsense"}) == (200, {"allowed": [True, False]})
            status, refused = await _allowed(api, {**SYNC, "resource": "nonsense"})
            assert status == 400
            assert "body.rights[0].resource: 'nonsense' is none of" in refused["error"]["message"]

    asyncio.run(scenario())


def test_who_may_promote_is_reported_by_rule_and_by_binding(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            asked = "resource=objects&action=action/promote&object=kargo.akuity.io/Stage/shop/prod"
            status, found = await api.call("GET", f"/api/argosy/v1/rights/holders?{asked}")
            assert status == 200
            assert found["policy"] == [
                {"subject": "admin", "through": ["role:admin"], "rule": "p, role:admin, objects, action/*, *, allow"}
            ]
            assert "Group system:masters" in [one["subject"] for one in found["kubernetes"]]
            status, refused = await api.call("GET", "/api/argosy/v1/rights/holders?resource=x")
            assert status == 400
            assert "resource: 'x' is none of" in refused["error"]["message"]

    asyncio.run(scenario())
