"""Reports of rehearsals for who may see them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from argosy.machinery.objects import Resource
from argosy.server.rehearsal_reports import config_map
from tests.kit.argocd_server import argocd_server
from tests.server.api.test_views import signed_in

CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
PLACE = "/api/argosy/v1/rehearsals"
REPORT: dict[str, Any] = {
    "name": "night", "outcome": "failed", "reason": "Stage shop/staging: verification Failed", "seed": 7,
    "timeline": [
        {
            "after": "6s", "at": "2030-01-01T00:00:06Z", "kind": "Stage", "namespace": "shop", "name": "staging",
            "cluster": "", "severity": "broken", "text": "verification failed",
        }
    ],
    "differences": [],
}  # fmt: skip


def test_reports_are_listed_and_shown_to_who_may_see_them_and_to_nobody_else(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            await api.configure("argocd-cm", {"accounts.alice": "login"})
            policy = "p, alice, objects, get, argosy.dev/Rehearsal/argocd/day, allow"
            await api.configure("argocd-rbac-cm", {"policy.csv": policy})
            for name in ("night", "day"):
                await api.create(CONFIG_MAPS, config_map("argocd", {**REPORT, "name": name}))
            other = {"metadata": {"name": "rehearsal-none", "namespace": "argocd"}, "data": {"a": "b"}}
            await api.create(CONFIG_MAPS, {"apiVersion": "v1", "kind": "ConfigMap", **other})
            alice = await signed_in(api, "alice")

            status, found = await api.call("GET", PLACE)
            assert (status, {one["name"] for one in found["rehearsals"]}) == (200, {"night", "day"})
            (row,) = [one for one in found["rehearsals"] if one["name"] == "night"]
            assert (row["outcome"], row["reason"]) == ("failed", REPORT["reason"])
            status, report = await api.call("GET", f"{PLACE}/night")
            assert (status, report["timeline"], report["gates"]) == (200, REPORT["timeline"], [])

            status, found = await api.call("GET", PLACE, token=alice)
            assert [one["name"] for one in found["rehearsals"]] == ["day"]
            assert (await api.call("GET", f"{PLACE}/day", token=alice))[0] == 200
            hidden, absent = [await api.call("GET", f"{PLACE}/{name}", token=alice) for name in ("night", "never")]
            assert hidden[0] == absent[0] == 404
            assert str(hidden[1]).replace("night", "never") == str(absent[1])
            assert (await api.call("GET", f"{PLACE}/none"))[0] == 404, "a ConfigMap of another use is not a report"

    asyncio.run(scenario())
