"""Which sources one side of a comparison has, and what differs between two of them over a real server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from argosy.machinery.objects import Resource
from argosy.server.api.previewing.comparisons import instead_of
from argosy.server.context import APPLICATIONS
from argosy.server.errors import ApiError
from tests.kit.argocd_server import argocd_server
from tests.server.api.test_told_over_several import application, repository, until

NAMESPACES = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
APP: dict[str, Any] = {
    "metadata": {"name": "web"},
    "spec": {"source": {"repoURL": "r", "path": "new"}},
    "status": {
        "history": [
            {"id": 0, "revision": "a" * 40, "source": {"repoURL": "r", "path": "old"}},
            {"id": 7, "revision": "b" * 40},
        ]
    },
}


def test_a_deployment_of_the_history_has_the_sources_that_it_had_then() -> None:
    found = instead_of(APP, "to", "history:0")
    assert (found.sources[0].path, found.revisions) == ("old", ("a" * 40,))
    assert instead_of(APP, "to", "git").sources[0].path == "new"
    assert instead_of(APP, "to", "revision:v2").revisions == ("v2",)


@pytest.mark.parametrize("text", ["history:1", "history:7", "history:", "revision:", "revision:a,b", "nonsense", ""])
def test_a_side_that_is_none_is_refused_by_its_parameter(text: str) -> None:
    with pytest.raises(ApiError):
        instead_of(APP, "from", text)


def test_two_revisions_and_what_lives_are_compared_without_secrets(tmp_path: Path) -> None:
    async def scenario() -> None:
        url, first, second = repository(tmp_path)
        async with argocd_server(tmp_path / "data") as api:
            await api.create(NAMESPACES, {"metadata": {"name": "team"}, "apiVersion": "v1", "kind": "Namespace"})
            obj = application(url, first)
            obj["metadata"].pop("annotations")
            await api.create(APPLICATIONS, obj)
            place = "/applications/argocd/web/compare"
            both = f"{place}?from=revision:{first}&to=revision:{second}"
            found = await until(api, both, lambda one: one["differing"])
            assert (found["before"], found["after"]) == ([first], [second])
            (changed,) = (one for one in found["differing"] if one["kind"] == "ConfigMap")
            assert (changed["before"]["data"], changed["after"]["data"]) == ({"k": "one"}, {"k": "two"})
            assert "hunter" not in json.dumps(found)

            status, _ = await api.call("POST", "/api/v1/applications/web/sync", {"revision": first})
            assert status == 200
            await until(api, "/applications/argocd/web", lambda one: one["row"]["sync"] == "Synced")
            found = await until(api, f"{place}?from=live&to=history:0", lambda one: True)
            assert (found["differing"], found["same"]) == ([], 2)
            found = await until(api, f"{place}?from=revision:{second}&to=live", lambda one: True)
            (changed,) = (one for one in found["differing"] if one["kind"] == "ConfigMap")
            assert (changed["before"]["data"], changed["after"]["data"]) == ({"k": "two"}, {"k": "one"})
            for wrong in ("from=git&to=git", "from=live&to=x", "from=history:9&to=live"):
                status, told = await api.call("GET", f"/api/argosy/v1{place}?{wrong}")
                assert status in (400, 404), told

    asyncio.run(scenario())
