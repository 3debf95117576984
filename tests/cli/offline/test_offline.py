"""`argosy render` and `argosy resource`: no cluster at hand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from argosy.cli.demo.repository import ENVIRONMENTS, REPLICAS, applications, files, make_repository
from argosy.cli.main import main
from argosy.machinery.text.yaml import load_documents


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    for path, content in files().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    return tmp_path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_overlay_is_rendered_with_the_base_next_to_it(
    demo: Path, environment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["render", str(demo / "shop/overlays" / environment), "--root", str(demo)]) == 0
    objects = {obj["kind"]: obj for obj in load_documents(capsys.readouterr().out)}
    workload = objects["Rollout" if environment == "prod" else "Deployment"]
    assert workload["spec"]["replicas"] == REPLICAS[environment]


def test_a_chart_takes_values_from_flags(demo: Path) -> None:
    """In a process of its own: it loads Helm, a Go run time, which has no place in a test process."""
    flags = ["--set", "replicas=7", "--release-name", "probe", "-o", "json"]
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "argosy.cli.main",
        "render",
        demo / "charts/metrics",
        "--root",
        demo,
        *flags,
    ]
    done = subprocess.run(command, capture_output=True, check=True)
    (deployment,) = json.loads(done.stdout)["items"]
    assert (deployment["metadata"]["name"], deployment["spec"]["replicas"]) == ("probe", 7)


def test_a_directory_is_rendered_with_no_worker_no_loop_and_little_imported(demo: Path) -> None:
    code = (
        "import sys; from argosy.cli.main import main; main(sys.argv[1:]);"
        "unwanted = ('asyncio', 'aiohttp', 'subprocess', 'argosy.render.workers.pool');"
        "print([name for name in unwanted if name in sys.modules])"
    )
    command: list[str | Path] = [
        sys.executable,
        "-c",
        code,
        "render",
        demo / "shop/overlays/dev",
        "--root",
        demo,
        "-o",
        "name",
    ]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_work_tree_around_a_directory_is_its_root(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (demo / ".git").mkdir()
    assert main(["render", str(demo / "shop/overlays/dev"), "-o", "name"]) == 0
    assert "deployment.apps/" in capsys.readouterr().out


def test_what_cannot_be_rendered_is_reported_in_one_line(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (demo / "shop/overlays/dev/kustomization.yaml").write_text("resources: [../../gone]\n")
    assert main(["render", str(demo / "shop/overlays/dev"), "--root", str(demo)]) == 1
    assert "gone" in capsys.readouterr().err
    assert main(["render", str(demo / "nowhere")]) == 1
    assert "not a directory" in capsys.readouterr().err


def test_the_demonstration_names_paths_that_its_repository_has(demo: Path) -> None:
    for app in applications(demo):
        assert (demo / app["spec"]["source"]["path"]).is_dir()


def test_an_object_is_judged_off_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "pvc.yaml"
    file.write_text(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: a, namespace: b}\nstatus: {phase: Lost}\n"
    )
    assert main(["resource", "health", "-f", str(file), "-o", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["kind"], found["namespace"], found["health"]["status"]) == ("PersistentVolumeClaim", "b", "Degraded")


def test_a_kind_without_a_check_has_no_health_and_one_without_actions_has_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cm.yaml"
    file.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    assert main(["resource", "health", "-f", str(file), "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["health"] is None
    assert main(["resource", "actions", "-f", str(file), "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["actions"] == []


def test_a_deployment_can_be_restarted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "web.yaml"
    file.write_text("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {}\n")
    assert main(["resource", "actions", "-f", str(file), "-o", "json"]) == 0
    assert "restart" in {action["name"] for action in json.loads(capsys.readouterr().out)["actions"]}


@pytest.mark.parametrize("content", ["", "- a\n- b\n", "a: [", "metadata: {}"])
def test_a_file_that_holds_no_object_is_refused_by_name(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(content)
    assert main(["resource", "health", "-f", str(file)]) == 1
    assert "bad.yaml" in capsys.readouterr().err


def test_the_repository_is_made_once_and_can_be_committed_to_on_a_fresh_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    directory = tmp_path / "demo"
    make_repository(directory)
    (directory / "banner/banner.yaml").write_text("changed")
    make_repository(directory)
    assert (directory / "banner/banner.yaml").read_text() == "changed"
    subprocess.run(["git", "-C", str(directory), "commit", "-qam", "mine"], check=True, capture_output=True)


SETTINGS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm}
data:
  resource.customizations.health.apps_Deployment: |
    if obj.spec.replicas > 1 then return {status = "Healthy", message = "plenty"} end
    return {status = "Degraded"}
  resource.customizations.health.a_b_c: return {}
  resource.customizations.actions.apps_Deployment: |
    discovery.lua: |
      return {grow = {params = {{name = "by"}}}}
    definitions:
    - name: grow
      action.lua: |
        obj.spec.replicas = obj.spec.replicas + actionParams.by
        return obj
    - name: refuse
      action.lua: error("not today", 0)
"""


@pytest.fixture
def web(tmp_path: Path) -> list[str]:
    """Flags for a Deployment with settings of users."""
    file, settings = tmp_path / "web.yaml", tmp_path / "argocd-cm.yaml"
    file.write_text("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 2}\n")
    settings.write_text(SETTINGS)
    return ["-f", str(file), "--settings", str(settings)]


def test_users_checks_count_off_line_and_what_cannot_be_read_is_reported(
    web: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["resource", "health", *web, "-o", "json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["health"] == {"status": "Healthy", "message": "plenty"}
    assert "resource.customizations.health.a_b_c: must end with <group>_<kind>" in shown.err


def test_users_actions_are_offered_and_run_off_line(web: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["resource", "actions", *web, "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["actions"] == [{"name": "grow", "params": [{"name": "by"}]}]
    assert main(["resource", "run-action", "grow", *web, "--param", "by=3", "-o", "json"]) == 0
    [impact] = json.loads(capsys.readouterr().out)
    assert (impact["operation"], impact["resource"]["spec"]) == ("patch", {"replicas": 5})


def test_a_shipped_action_shows_what_it_would_write(web: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["resource", "run-action", "scale", *web[:2], "--param", "replicas=7"]) == 0
    (obj,) = load_documents(capsys.readouterr().out)
    assert obj["spec"] == {"replicas": 7}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["refuse"], "not today"),
        (["restart"], "Deployment has no action 'restart'; it has: grow, refuse"),
        (["grow", "--param", "by"], "--param by: must be NAME=VALUE"),
    ],
)
def test_an_action_that_cannot_be_run_is_reported_in_one_line(
    web: list[str], arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["resource", "run-action", *arguments, *web]) == 1
    assert message in capsys.readouterr().err


def test_settings_must_be_one_config_map(web: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["resource", "health", *web[:2], "--settings", web[1]]) == 1
    assert "must be one ConfigMap, argocd-cm" in capsys.readouterr().err


def test_programs_of_a_kustomization_run_by_a_flag_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    function = "exec: {path: ./made.sh}"
    (tmp_path / "kustomization.yaml").write_text(
        "generators:\n- |-\n  kind: executable\n  metadata:\n    name: demo\n    annotations:\n"
        f'      config.kubernetes.io/function: "{function}"\n'
    )
    (tmp_path / "made.sh").write_text('#!/bin/sh\necho "{kind: ConfigMap, apiVersion: v1, metadata: {name: made}}"\n')
    (tmp_path / "made.sh").chmod(0o755)
    assert main(["render", str(tmp_path)]) != 0
    assert "argosy render --enable-exec" in capsys.readouterr().err
    assert main(["render", str(tmp_path), "--enable-exec", "-o", "name"]) == 0
    assert capsys.readouterr().out.strip().endswith("made")


def test_charts_of_a_kustomization_are_rendered_by_a_flag(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chart = tmp_path / "charts" / "web"
    (chart / "templates").mkdir(parents=True)
    (tmp_path / "kustomization.yaml").write_text("helmCharts: [{name: web, releaseName: r}]\n")
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\n")
    (chart / "values.yaml").write_text("{}\n")
    (chart / "templates" / "a.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\n"
    )
    assert main(["render", str(tmp_path)]) != 0
    assert "must specify --enable-helm" in capsys.readouterr().err
    for flags in (["--enable-helm"], ["--build-options", "--enable-helm --load-restrictor LoadRestrictionsNone"]):
        assert main(["render", str(tmp_path), *flags, "-o", "name"]) == 0
        assert capsys.readouterr().out.strip() == "configmap/r"


def test_an_unknown_build_option_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: []\n")
    assert main(["render", str(tmp_path), "--build-options", "--nope"]) != 0
    assert "unknown option '--nope'" in capsys.readouterr().err
