"""ApplicationSets by the API: rights, a dry run, what is generated, and what one may not see."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.kit.argocd_server import argocd_server


def appset(name: str, project: str = "default") -> dict[str, Any]:
    source = {"repoURL": "https://git.example.com/x.git", "path": ".", "targetRevision": "HEAD"}
    destination = {"server": "https://kubernetes.default.svc", "namespace": "x"}
    template = {"metadata": {"name": "{{.name}}"}, "spec": {"project": project, "source": source}}
    template["spec"]["destination"] = destination  # type: ignore[index]
    generators = [{"list": {"elements": [{"name": f"{name}-a"}, {"name": f"{name}-b"}]}}]
    spec = {"goTemplate": True, "generators": generators, "template": template}
    return {"metadata": {"name": name}, "spec": spec}


def test_sets_are_tried_made_listed_and_deleted(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            path = "/api/v1/applicationsets"
            status, found = await api.call("POST", f"{path}/generate", {"applicationSet": appset("s")})
            assert (status, [app["metadata"]["name"] for app in found["applications"]]) == (200, ["s-a", "s-b"])
            status, found = await api.call("POST", f"{path}?dryRun=true", appset("s"))
            assert (status, [item["name"] for item in found["status"]["resources"]]) == (200, ["s-a", "s-b"])
            status, _ = await api.call("GET", f"{path}/s")
            assert status == 404, "a dry run leaves nothing"
            status, _ = await api.call("POST", path, appset("s"))
            assert status == 200
            changed = appset("s")
            changed["spec"]["generators"] = []
            status, found = await api.call("POST", path, changed)
            assert (status, found["code"]) == (400, 3)
            status, _ = await api.call("POST", f"{path}?upsert=true", changed)
            assert status == 200
            status, found = await api.call("GET", path)
            assert [item["metadata"]["name"] for item in found["items"]] == ["s"]
            status, _ = await api.call("DELETE", f"{path}/s")
            assert status == 200
            status, found = await api.call("POST", path, appset("t", project="{{.name}}"))
            assert (status, found["code"]) == (400, 3), "a project must be literal"
            status, found = await api.call("POST", path, appset("t", project="none"))
            assert (status, found["code"]) == (400, 3)

    asyncio.run(scenario())
