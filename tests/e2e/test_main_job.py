"""The main job with real programs: `argosy up` as its own process, unmodified kubectl, a real Git repository."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.up_process import Argosy, Repository, config, pause

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "registry.example/web:1"}]}
"""


@pytest.fixture
def argosy(tmp_path: Path) -> Iterator[Argosy]:
    made = Argosy(tmp_path / "data")
    made.up()
    try:
        yield made
    finally:
        if made.process is not None:
            made.end(signal.SIGKILL)


def test_an_application_is_synced_healed_followed_pruned_and_survives_a_restart(argosy: Argosy, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit({"conf/web.yaml": DEPLOYMENT, "conf/a.yaml": config("a", "1"), "conf/b.yaml": config("b", "1")})
    argosy.apply_application("web", repository)
    argosy.eventually(lambda: argosy.status("web") == ("Synced", "Healthy"), "Synced and Healthy")
    assert argosy.get("deployment", "web", "-n", "web")["status"]["readyReplicas"] == 2
    assert "SYNC STATUS" in argosy.kubectl("get", "applications", "-n", "argocd")

    argosy.kubectl("scale", "deployment", "web", "-n", "web", "--replicas=5")
    argosy.eventually(lambda: argosy.get("deployment", "web", "-n", "web")["spec"]["replicas"] == 2, "drift is healed")
    argosy.kubectl("delete", "configmap", "a", "-n", "web")
    argosy.eventually(lambda: argosy.get("configmap", "a", "-n", "web"), "what was deleted comes back")

    head = repository.commit({"conf/a.yaml": config("a", "2"), "conf/b.yaml": None})
    argosy.refresh("web")
    argosy.eventually(lambda: argosy.data_of("a", "web").get("value") == "2", "the commit is followed")
    argosy.eventually(lambda: argosy.get("configmap", "b", "-n", "web") is None, "what left Git is pruned")
    argosy.eventually(lambda: argosy.status("web") == ("Synced", "Healthy"), "Synced and Healthy again")
    app = argosy.get("application", "web", "-n", "argocd")
    assert app["status"]["sync"]["revision"] == head

    pods = {pod["metadata"]["uid"] for pod in argosy.get("pods", "-n", "web")["items"]}
    assert argosy.end() == 0
    argosy.up()
    assert argosy.status("web") == ("Synced", "Healthy")
    assert {pod["metadata"]["uid"] for pod in argosy.get("pods", "-n", "web")["items"]} == pods
    repository.commit({"conf/a.yaml": config("a", "3")})
    argosy.refresh("web")
    argosy.eventually(lambda: argosy.data_of("a", "web").get("value") == "3", "commits after the restart")


def test_the_command_line_sees_and_moves_the_same_applications(argosy: Argosy, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit({"conf/a.yaml": config("a", "1")})
    place = ["--repo", str(repository.directory), "--path", "conf", "--dest-namespace", "default"]
    assert argosy.command("app", "create", "one", *place, "--set-finalizer").stdout == "application 'one' created\n"
    synced = argosy.command("app", "sync", "one", "--timeout", "60")
    assert synced.returncode == 0, synced.stderr
    assert "Sync Status:        Synced" in synced.stdout, repr(synced.stdout)

    repository.commit({"conf/a.yaml": config("a", "2")})
    assert argosy.command("app", "get", "one", "--refresh", "--timeout", "60").returncode == 0
    difference = argosy.command("app", "diff", "one")
    assert difference.returncode == 1, difference.stderr
    assert '>   value: "2"' in difference.stdout.splitlines()
    assert argosy.command("app", "sync", "one", "--timeout", "60").returncode == 0
    assert argosy.command("app", "diff", "one").returncode == 0
    pattern = 'select(.metadata.name | test("^a$")) | .data.value'
    ignored = [{"kind": "ConfigMap", "jqPathExpressions": [pattern]}]
    argosy.kubectl(
        *("patch", "application", "one", "-n", "argocd", "--type=merge"),
        *("-p", json.dumps({"spec": {"ignoreDifferences": ignored}})),
    )
    argosy.kubectl("patch", "configmap", "a", "--type=merge", "-p", json.dumps({"data": {"value": "9"}}))
    assert argosy.command("app", "diff", "one").returncode == 0
    argosy.kubectl(
        *("patch", "application", "one", "-n", "argocd", "--type=json"),
        *("-p", json.dumps([{"op": "remove", "path": "/spec/ignoreDifferences"}])),
    )
    assert '<   value: "9"' in argosy.command("app", "diff", "one").stdout.splitlines()

    assert argosy.command("app", "history", "one", "-o", "id").stdout.split() == ["0", "1"]
    assert argosy.command("app", "rollback", "one", "0", "--timeout", "60").returncode == 0
    assert argosy.get("configmap", "a")["data"]["value"] == "1"
    timed_out = argosy.command("app", "wait", "one", "--degraded", "--timeout", "1")
    assert timed_out.returncode == 20
    assert argosy.command("app", "list", "-o", "name").stdout == "argocd/one\n"
    assert argosy.command("app", "delete", "one", "--yes", "--wait", "--timeout", "60").returncode == 0
    assert argosy.get("configmap", "a") is None
    assert argosy.command("app", "get", "one").returncode == 20


def test_a_second_start_says_who_runs_and_down_stops_it(argosy: Argosy) -> None:
    second = argosy.command("up")
    assert second.returncode == 1
    assert "already running" in second.stderr
    assert argosy.kubectl("get", "--raw", "/readyz") == "ok"
    assert "argosy_reconcile" in argosy.kubectl("get", "--raw", "/metrics")
    assert (argosy.data / "kubeconfig").stat().st_mode & 0o777 == 0o600
    assert argosy.process is not None
    stopping = argosy.command("down")
    assert stopping.returncode == 0
    assert argosy.process.wait(60) == 0


def test_nothing_is_lost_or_doubled_when_the_process_is_killed_again_and_again(argosy: Argosy, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit({"conf/web.yaml": DEPLOYMENT, "conf/a.yaml": config("a", "0")})
    argosy.apply_application("web", repository)
    acknowledged: list[str] = []
    over = threading.Event()

    def write() -> None:
        number = 0
        while not over.is_set():
            name = f"load-{number}"
            if "created" in argosy.kubectl("create", "configmap", name, check=False):
                acknowledged.append(name)
                number += 1
            else:
                number += 1  # unknown: it may or may not be there

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for kill in range(1, 11):
            repository.commit({"conf/a.yaml": config("a", str(kill))})
            argosy.eventually(lambda: _annotated(argosy), "a refresh is accepted")
            pause(0.05 * kill)
            assert argosy.end(signal.SIGKILL) == -signal.SIGKILL
            argosy.up()
    finally:
        over.set()
        writer.join(60)
    argosy.refresh("web")
    # Synced is what it may still say of an earlier commit, until the refresh is taken.
    argosy.eventually(lambda: argosy.data_of("a", "web").get("value") == "10", "the last commit is live")
    argosy.eventually(lambda: argosy.status("web") == ("Synced", "Healthy"), "Synced and Healthy after ten kills")
    there = {item["metadata"]["name"] for item in argosy.get("configmaps")["items"]}
    assert [name for name in acknowledged if name not in there] == []
    assert len(acknowledged) > 10
    owned = [pod for pod in argosy.get("pods", "-n", "web")["items"] if not pod["metadata"].get("deletionTimestamp")]
    assert len(owned) == 2
    ids = [entry["id"] for entry in argosy.get("application", "web", "-n", "argocd")["status"]["history"]]
    assert ids == sorted(set(ids))


def _annotated(argosy: Argosy) -> bool:
    note = "argocd.argoproj.io/refresh=normal"
    return "annotated" in argosy.kubectl("annotate", "app", "web", "-n", "argocd", note, "--overwrite", check=False)


ENVIRONMENTS = ("dev", "stage", "prod")


def application_set(repository: Repository) -> str:
    """Every folder of `apps` in every environment of `envs`, dev before stage before prod."""
    where = {"repoURL": str(repository.directory), "revision": "main"}
    steps = [{"matchExpressions": [{"key": "env", "operator": "In", "values": [name]}]} for name in ENVIRONMENTS]
    generators = [
        {"git": {**where, "files": [{"path": "envs/*.yaml"}]}},
        {"git": {**where, "directories": [{"path": "apps/*"}], "pathParamPrefix": "app"}},
    ]
    spec = {
        "project": "default",
        "source": {"repoURL": where["repoURL"], "path": "{{.app.path.path}}", "targetRevision": "main"},
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "{{.env}}"},
        "syncPolicy": {"automated": {"prune": True}, "syncOptions": ["CreateNamespace=true"]},
    }
    metadata = {"name": "{{.app.path.basename}}-{{.env}}", "labels": {"env": "{{.env}}"}}
    made = {
        "goTemplate": True,
        "goTemplateOptions": ["missingkey=error"],
        "generators": [{"matrix": {"generators": generators}}],
        "strategy": {"type": "RollingSync", "rollingSync": {"steps": steps}},
        "template": {"metadata": metadata, "spec": spec},
    }
    whole = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": "fleet"},
        "spec": made,
    }
    return json.dumps(whole)


def test_a_set_is_previewed_created_rolled_out_step_by_step_and_deleted(argosy: Argosy, tmp_path: Path) -> None:
    repository, file = Repository(tmp_path / "repository"), tmp_path / "fleet.json"
    environments: dict[str, str | None] = {f"envs/{name}.yaml": f"env: {name}\n" for name in ENVIRONMENTS}
    repository.commit({**environments, "apps/web/web.yaml": DEPLOYMENT, "apps/api/a.yaml": config("api", "1")})
    file.write_text(application_set(repository))
    key = "applicationsetcontroller.enable.progressive.syncs"
    argosy.kubectl("create", "configmap", "argocd-cmd-params-cm", "-n", "argocd", f"--from-literal={key}=true")

    seen = argosy.command("appset", "preview", str(file), "-o", "name")
    assert (seen.returncode, len(seen.stdout.splitlines())) == (1, 6), seen.stderr
    assert len(argosy.command("appset", "generate", str(file), "-o", "name").stdout.splitlines()) == 6
    assert argosy.command("appset", "create", str(file)).stdout == "argocd/fleet\n"

    def phases() -> set[str]:
        found = argosy.get("applicationset", "fleet", "-n", "argocd").get("status") or {}
        return {item["status"] for item in found.get("applicationStatus") or ()}

    argosy.eventually(lambda: phases() == {"Healthy"}, "all three environments are rolled out")
    began = [
        argosy.get("application", f"web-{name}", "-n", "argocd")["status"]["operationState"] for name in ENVIRONMENTS
    ]
    assert [state["startedAt"] for state in began] == sorted(state["startedAt"] for state in began)
    assert all(state["operation"]["sync"]["prune"] for state in began)
    unchanged = argosy.command("appset", "preview", str(file))
    assert (unchanged.returncode, unchanged.stdout) == (0, "Nothing would change.\n"), unchanged.stderr
    assert "{ResourcesUpToDate " in argosy.command("appset", "list").stdout
    shown = argosy.command("appset", "get", "fleet").stdout
    assert "RollingSync" in shown
    assert shown.count("Healthy") >= 12

    repository.commit({"apps/api/a.yaml": None, "apps/new/n.yaml": config("n", "1")})
    planned = argosy.command("appset", "preview", str(file), "-o", "json")
    found = json.loads(planned.stdout)
    assert {app["metadata"]["name"] for app in found["created"]} == {f"new-{name}" for name in ENVIRONMENTS}
    assert {app["metadata"]["name"] for app in found["deleted"]} == {f"api-{name}" for name in ENVIRONMENTS}
    assert argosy.command("appset", "delete", "fleet", "--yes", "--wait").returncode == 0
    argosy.eventually(lambda: argosy.get("applications", "-n", "argocd") is None, "its applications go with it")
    argosy.eventually(lambda: argosy.get("deployment", "web", "-n", "prod") is None, "and what they deployed")
