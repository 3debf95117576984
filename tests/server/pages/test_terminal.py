"""`/terminal` says clearly why there is none, to those who might have one, and nothing to others."""

from __future__ import annotations

import asyncio
from pathlib import Path

from argosy.machinery.objects import Resource
from tests.kit.argocd_server import argocd_server

APPLICATIONS = Resource("argoproj.io", "v1alpha1", "applications", "Application")
QUERY = "pod=p&container=c&appName=one&projectName=default&namespace=web"


def test_a_terminal_answers_by_rights_first(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            cookie = {"Cookie": f"argocd.token={api.token}"}
            status, _ = await api.call("GET", f"/terminal?{QUERY}", token="", headers=cookie)
            assert status == 404, "it is switched off"
            await api.configure("argocd-cm", {"exec.enabled": "true"})
            for _ in range(100):
                status, text = await api.call("GET", f"/terminal?{QUERY}", token="")
                if status != 404:
                    break
                await asyncio.sleep(0.05)  # noqa: TID251  # of a real server
            assert (status, text) == (400, "Auth cookie not found\n")
            status, text = await api.call("GET", f"/terminal?{QUERY}", token=api.token)
            assert (status, text) == (400, "Auth cookie not found\n"), (
                "a header is not a cookie: other sites can send none"
            )
            broken = {"Cookie": "argocd.token=a.b.c"}
            assert await api.call("GET", f"/terminal?{QUERY}", token="", headers=broken) == (401, "Invalid token\n")
            status, text = await api.call("GET", "/terminal?pod=p", token="", headers=cookie)
            assert (status, text) == (400, "Missing required parameters: container, appName, projectName, namespace\n")
            status, text = await api.call("GET", f"/terminal?{QUERY}", token="", headers=cookie)
            assert status == 404, "there is no such Application"
            metadata = {"name": "one", "namespace": "argocd"}
            source = {"repoURL": "https://git.example.com/a.git", "path": "a"}
            destination = {"server": "https://kubernetes.default.svc", "namespace": "web"}
            spec = {"project": "default", "source": source, "destination": destination}
            body = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata, "spec": spec}
            await api.create(APPLICATIONS, body)
            status, text = await api.call("GET", f"/terminal?{QUERY}", token="", headers=cookie)
            assert (status, text) == (404, "Pod doesn't belong to specified app\n")

    asyncio.run(scenario())
