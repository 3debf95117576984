"""`argosy controller`: the controllers against an API server over HTTP, one replica at work."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from argosy.cli.app.applications import APPLICATIONS
from argosy.cli.assembly.installing import control_plane_objects, install, lacking
from argosy.cli.outside import Outside
from argosy.cli.process import ControlPlane
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import RealClock
from argosy.runtime.http.client import HttpClient
from argosy.runtime.http.kubeconfig import load_kubeconfig
from argosy.runtime.supervisor import Supervisor
from tests.kit.served import served

CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")


def repository(directory: Path) -> Path:
    directory.mkdir()
    (directory / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {value: from git}\n")
    who = ["-c", "user.name=t", "-c", "user.email=t@t.invalid"]
    for arguments in (["init", "--quiet"], ["add", "."], [*who, "commit", "--quiet", "-m", "first"]):
        subprocess.run(["git", "-C", str(directory), *arguments], check=True, capture_output=True)
    return directory


def application(url: str) -> JsonObject:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "web", "namespace": "argocd"},
        "spec": {
            "project": "default",
            "source": {"repoURL": url, "path": ".", "targetRevision": "HEAD"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
            "syncPolicy": {"automated": {}},
        },
    }


@pytest.mark.parametrize("own_machine", [True, False])
def test_applications_are_synced_over_http_and_local_repositories_only_where_allowed(
    tmp_path: Path, own_machine: bool
) -> None:
    source = repository(tmp_path / "repository")

    async def scenario() -> tuple[JsonObject, bool]:

        clock, rng = RealClock(), SystemRng()
        async with served() as server:
            file = tmp_path / "kubeconfig"
            file.write_text(json.dumps(server.by_certificate))
            async with HttpClient(load_kubeconfig(file, clock), clock, rng) as client:
                await install(client, control_plane_objects("argocd"), "test", clock, rng)
                plane = ControlPlane(
                    client, clock, rng, Outside(cache_directory=tmp_path / "cache", own_machine=own_machine)
                )
                try:
                    async with Supervisor(clock, rng) as parts, asyncio.timeout(60):
                        plane.run_in(parts)
                        await client.write(requests.create(APPLICATIONS, application(str(source))))
                        app = await _until(client, clock, _is_told)
                        page = await client.page(requests.List(resource=CONFIG_MAPS, namespace="default"))
                finally:
                    await plane.close()
                return app, any(obj["metadata"]["name"] == "a" for obj in page.items)

    app, applied = asyncio.run(scenario())
    assert applied is own_machine
    conditions = {item["type"]: item["message"] for item in app["status"].get("conditions") or ()}
    assert ("ComparisonError" in conditions) is not own_machine


def test_what_a_cluster_lacks_is_named_before_anybody_waits_for_it(tmp_path: Path) -> None:
    async def scenario() -> list[str]:
        clock, rng = RealClock(), SystemRng()
        async with served() as server:
            file = tmp_path / "kubeconfig"
            file.write_text(json.dumps(server.by_certificate))
            async with HttpClient(load_kubeconfig(file, clock), clock, rng) as client:
                found = [await lacking(client, "argocd")]
                await install(client, control_plane_objects("argocd"), "test", clock, rng)
                client.forget_resources()
                return [*found, await lacking(client, "elsewhere"), await lacking(client, "argocd")]

    assert asyncio.run(scenario()) == ["kind applications.argoproj.io", "namespace 'elsewhere'", ""]


async def _until(client: HttpClient, clock: RealClock, goal: Callable[[JsonObject], bool]) -> JsonObject:
    while True:
        app = await client.get(requests.Get(APPLICATIONS, Key("argocd", "web")))
        if goal(app):
            return app
        await clock.sleep(0.05)


def _is_told(app: JsonObject) -> bool:
    status = app.get("status") or {}
    if any(item["type"] == "ComparisonError" for item in status.get("conditions") or ()):
        return True
    return (status.get("sync") or {}).get("status") == "Synced"


def test_an_api_server_that_is_away_is_one_line_and_code_20(tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\n"
        "contexts: [{name: a, context: {cluster: a}}]\n"
        "clusters: [{name: a, cluster: {server: 'http://127.0.0.1:9'}}]\n"
    )
    command = [sys.executable, "-m", "argosy.cli.main", "controller", "--kubeconfig", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 20, done.stderr
    assert done.stderr.startswith("argosy controller: ")
    assert done.stderr.count("\n") == 1


def test_the_black_box_run_finds_the_modules_that_it_replaces() -> None:
    tool = (
        Path(os.environ.get("ARGOSY_SHARED") or Path(__file__).parents[3] / "shared") / "tools" / "local_controller.py"
    )
    if not tool.exists():
        pytest.skip(f"there is no {tool}")
    done = subprocess.run([sys.executable, str(tool), "controller", "--help"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: argosy controller")
