"""A terminal through Argo CD's API to a Pod behind another process' API server."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from argosy.machinery.objects import Resource
from tests.e2e.up_process import CLOCK, PATIENCE, Argosy, Repository
from tests.kit.argocd_server import SECRETS, Api, argocd_server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
APPLICATIONS = Resource("argoproj.io", "v1alpha1", "applications", "Application")
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: "web:1"}]}}
"""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Argosy]:
    made = Argosy(tmp_path / "elsewhere")
    made.up()
    try:
        yield made
    finally:
        made.end(signal.SIGKILL)


async def deployed(api: Api, elsewhere: Argosy, repository: Repository) -> str:
    """The name of the Pod."""
    secret = elsewhere.cluster_secret("far", {})
    await api.create(SECRETS, secret)
    spec = {
        "project": "default",
        "source": {"repoURL": str(repository.directory), "path": "conf", "targetRevision": "main"},
        "destination": {"name": "far", "namespace": "default"},
        "syncPolicy": {"automated": {}},
    }
    metadata = {"name": "one", "namespace": "argocd"}
    app = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata, "spec": spec}
    await api.create(APPLICATIONS, app)
    until = CLOCK.monotonic() + PATIENCE
    while True:
        found = await asyncio.to_thread(elsewhere.get, "pods", "-l", "app=web")
        running = [pod for pod in (found or {}).get("items", ()) if (pod.get("status") or {}).get("phase") == "Running"]
        if running:
            return str(running[0]["metadata"]["name"])
        assert CLOCK.monotonic() < until, found
        await CLOCK.sleep(0.5)


async def opened(api: Api, pod: str, shell: str, **more: str) -> aiohttp.ClientWebSocketResponse:
    """Once the Pod is in the Application's tree."""
    query = {"pod": pod, "container": "web", "appName": "one", "projectName": "default", "namespace": "default"}
    cookie = {"Cookie": f"argocd.token={api.token}"}
    until = CLOCK.monotonic() + PATIENCE
    while True:
        try:
            return await api.http.ws_connect(
                f"{api.server.url}/terminal", params={**query, "shell": shell, **more}, headers=cookie
            )
        except aiohttp.WSServerHandshakeError as error:
            assert error.status == 404, error
            assert CLOCK.monotonic() < until, "the Pod is not in the Application's tree"
            await CLOCK.sleep(0.5)


async def printed(socket: aiohttp.ClientWebSocketResponse) -> str:
    """Until it is closed."""
    found = ""
    async for message in socket:
        told: dict[str, Any] = json.loads(message.data)
        assert told["operation"] == "stdout"
        found += told["data"]
    return found


def test_a_terminal_reaches_a_pod_elsewhere_for_as_long_as_one_may(elsewhere: Argosy, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit({"conf/web.yaml": DEPLOYMENT})

    async def story() -> None:
        async with argocd_server(tmp_path / "here") as api:
            await api.configure("argocd-cm", {"exec.enabled": "true", "exec.shells": "nosuch,hostname,cat"})
            pod = await deployed(api, elsewhere, repository)

            assert f"{pod}\r\n" in await printed(await opened(api, pod, "hostname"))
            assert f"{pod}\r\n" in await printed(await opened(api, pod, "")), "the first that can be started"
            await refused(api)

            waiting = await opened(api, pod, "cat")
            await waiting.send_json({"operation": "resize", "cols": 80, "rows": 24})
            await api.call("POST", "/auth/logout", token="", headers={"Cookie": f"argocd.token={api.token}"})
            assert await asyncio.wait_for(printed(waiting), PATIENCE) == "", "closed when its session ended"

    asyncio.run(story())


async def refused(api: Api) -> None:
    """A Pod that is none of the Application's, and a page of another site."""
    query = "container=web&appName=one&projectName=default&namespace=default"
    cookie = {"Cookie": f"argocd.token={api.token}"}
    status, text = await api.call("GET", f"/terminal?pod=other&{query}", token="", headers=cookie)
    assert (status, text) == (404, "Pod doesn't belong to specified app\n")
    strange = {**cookie, "Origin": "https://evil.test"}
    status, _ = await api.call("GET", f"/terminal?pod=other&{query}", token="", headers=strange)
    assert status == 403
