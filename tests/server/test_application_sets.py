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


def with_own_project(made: dict[str, Any], project: str) -> dict[str, Any]:
    """Its generator's own template says of which project the Applications are."""
    made["spec"]["generators"][0]["list"]["template"] = {"metadata": {}, "spec": {"project": project}}
    return made


def test_a_generator_of_a_set_leads_into_no_project_that_one_has_no_right_in(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            await api.configure("argocd-cm", {"accounts.alice": "apiKey"})
            policy = "p, alice, applicationsets, *, default/*, allow"
            await api.configure("argocd-rbac-cm", {"policy.csv": policy})
            for name in ("default", "other"):
                spec = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}]}
                await api.call("POST", "/api/v1/projects", {"project": {"metadata": {"name": name}, "spec": spec}})
            async with asyncio.timeout(60):
                while (made := await api.call("POST", "/api/v1/account/alice/token", {}))[0] != 200:  # noqa: ASYNC110  # nothing tells
                    await asyncio.sleep(0.05)  # noqa: TID251  # of a real server
            token, path = made[1]["token"], "/api/v1/applicationsets"
            outside = with_own_project(appset("s"), "other")
            assert (await api.call("POST", path, appset("s"), token=token))[0] == 200
            for given, where in (
                (outside, f"{path}?upsert=true"),
                (with_own_project(appset("t"), "other"), path),
                ({"applicationSet": with_own_project(appset("t"), "other")}, f"{path}/generate"),
                ({"spec": outside["spec"]}, "/api/argosy/v1/applicationsets/argocd/s/preview"),
            ):
                assert (await api.call("POST", where, given, token=token))[0] == 403, where
            assert (await api.call("POST", f"{path}?upsert=true", outside))[0] == 200, "the administrator may"

    asyncio.run(scenario())


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
            status, found = await api.call("POST", path, with_own_project(appset("t"), "{{.name}}"))
            assert (status, found["code"]) == (400, 3), "and that of a generator, too"
            status, found = await api.call("POST", path, appset("t", project="none"))
            assert (status, found["code"]) == (400, 3)

    asyncio.run(scenario())
