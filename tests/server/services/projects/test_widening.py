"""Nobody gives a project more than they may use themselves, by whatever way."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from argosy.server.services.projects.widening import widened
from tests.kit.argocd_server import argocd_server

HERE = {"server": "https://here", "namespace": "a"}


@pytest.mark.parametrize(
    ("change", "needed"),
    [
        ({}, []),
        ({"destinations": []}, []),
        ({"destinations": [HERE, {"server": "https://there", "namespace": "a"}]}, [("clusters", "https://there")]),
        ({"destinations": [HERE, {"name": "there", "namespace": "a"}]}, [("clusters", "there")]),
        ({"sourceRepos": ["https://one", "*"]}, [("repositories", "*")]),
        ({"clusterResourceWhitelist": [{"group": "*", "kind": "*"}]}, [("clusters", "https://here")]),
        ({"namespaceResourceBlacklist": []}, [("clusters", "https://here")]),
        (
            {"destinationServiceAccounts": [{"server": "*", "namespace": "*", "defaultServiceAccount": "a:root"}]},
            [("clusters", "https://here")],
        ),
    ],
)
def test_each_field_that_gives_more_needs_its_right(change: dict[str, Any], needed: list[tuple[str, str]]) -> None:
    before = {
        "destinations": [HERE],
        "sourceRepos": ["https://one"],
        "namespaceResourceBlacklist": [{"group": "", "kind": "Secret"}],
    }
    assert [(resource, target) for resource, _, target in widened(before, {**before, **change})] == needed


def test_who_may_make_and_change_a_project_does_not_widen_it_by_making_it_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            await api.configure("argocd-cm", {"accounts.alice": "apiKey"})
            await api.configure("argocd-rbac-cm", {"policy.csv": "p, alice, projects, *, team, allow"})
            async with asyncio.timeout(60):
                while (made := await api.call("POST", "/api/v1/account/alice/token", {}))[0] != 200:  # noqa: ASYNC110  # nothing tells
                    await asyncio.sleep(0.05)  # noqa: TID251  # of a real server
            token = made[1]["token"]

            async def again(**spec: Any) -> int:
                given = {"project": {"metadata": {"name": "team"}, "spec": spec}, "upsert": True}
                status, found = await api.call("POST", "/api/v1/projects", given, token=token)
                assert status in (200, 403), found
                return status

            assert await again(description="ours") == 200
            assert await again(description="still ours") == 200
            assert await again(sourceRepos=["*"]) == 403
            assert await again(destinations=[{"server": "*", "namespace": "*"}]) == 403
            assert await again(destinations=[{"name": "prod", "namespace": "*"}]) == 403

    asyncio.run(scenario())
