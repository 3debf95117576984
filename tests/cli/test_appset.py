"""`argosy appset`: what a set would do, as text and as values, with no cluster at hand."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from argosy.cli.appset.get import template_parameters
from argosy.cli.appset.tables import application_set, application_set_list, preview, preview_names, preview_value
from argosy.cli.main import main
from argosy.gitops.applicationsets.preview import Preview
from argosy.gitops.applicationsets.reconcile import Problem, Update
from argosy.machinery.objects import JsonObject
from argosy.machinery.text.yaml import load

URL = "https://git.example/fleet.git"
SPEC = {
    "project": "default",
    "source": {"repoURL": URL, "path": "p", "targetRevision": "main"},
    "destination": {"name": "in-cluster", "namespace": "n"},
}


def appset(generator: JsonObject, **spec: Any) -> JsonObject:
    template = {"metadata": {"name": "{{name}}"}, "spec": SPEC}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": "fleet"},
        "spec": {"generators": [generator], "template": template, **spec},
    }


def app(name: str, path: str = "p") -> JsonObject:
    metadata = {"name": name, "namespace": "argocd", "resourceVersion": "7"}
    return {"metadata": metadata, "spec": {**SPEC, "source": {**SPEC["source"], "path": path}}}  # type: ignore[dict-item]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "set.json"


LISTED = {"list": {"elements": [{"name": "a"}, {"name": "b"}]}}


def test_parameters_of_a_template_are_those_of_all_its_sources() -> None:
    sources = [{"helm": {"parameters": [{"name": "tag", "value": "1"}]}}, {"kustomize": {"images": ["web:2"]}}]
    made = {"spec": {"template": {"spec": {"sources": sources}}}}
    assert template_parameters(made) == "\n\nNAME  VALUE\ntag   1\n\n\nNAME   VALUE\nimage  web:2\n"
    assert template_parameters(appset(LISTED)) == ""


def test_offline_everything_that_is_generated_counts_as_created(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(json.dumps(appset(LISTED)))
    command = ["appset", "preview", str(file), "--offline"]
    assert main([*command, "-o", "name"]) == 1
    assert capsys.readouterr().out.splitlines() == ["create argocd/a", "create argocd/b"]
    assert main([*command, "--no-exit-code", "-N", "team", "-o", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["metadata"]["namespace"] for one in found["created"]] == ["team", "team"]
    assert main([*command, "-o", "yaml"]) == 1
    assert load(capsys.readouterr().out)["created"][0]["spec"] == SPEC
    assert main(command) == 1
    assert capsys.readouterr().out.splitlines()[1].split()[:3] == ["create", "argocd/a", "default"]


def test_a_work_tree_takes_the_place_of_its_repository(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "repo/apps/new").mkdir(parents=True)
    (tmp_path / "repo/apps/new/x.yaml").write_text("")
    generator = {"git": {"repoURL": URL, "revision": "main", "directories": [{"path": "apps/*"}]}}
    made = appset(generator)
    made["spec"]["template"]["metadata"]["name"] = "{{path.basename}}"
    file.write_text(json.dumps(made))
    command = ["appset", "preview", str(file), "--offline", "-o", "name"]
    assert main([*command, "--local", f"{URL}={tmp_path / 'repo'}"]) == 1
    assert capsys.readouterr().out.splitlines() == ["create argocd/new"]
    assert main([*command, "--local", f"{URL}={tmp_path / 'none'}"]) == 1
    assert "give URL=DIRECTORY" in capsys.readouterr().err


def test_a_repository_of_this_machine_is_read_at_its_revision(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo = tmp_path / "repo"
    (repo / "apps/old").mkdir(parents=True)
    (repo / "apps/old/x.yaml").write_text("")
    git = ["git", "-C", str(repo), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "one"], check=True)
    made = appset({"git": {"repoURL": str(repo), "revision": "main", "directories": [{"path": "apps/*"}]}})
    made["spec"]["template"]["metadata"]["name"] = "{{path.basename}}"
    file.write_text(json.dumps(made))
    assert main(["appset", "preview", str(file), "--offline", "-o", "name"]) == 1
    assert capsys.readouterr().out.splitlines() == ["create argocd/old"]


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (appset({"clusters": {}}), "clusters: what is in a cluster cannot be read with --offline"),
        (appset({"plugin": {"configMapRef": {"name": "p"}}}), "ConfigMap argocd/p: what is in a cluster"),
        (appset(LISTED, nope=1), "unknown field 'spec.nope'"),
        (appset(LISTED, goTemplate="yes"), "spec.goTemplate"),
        (appset({"list": {"elements": ["x"]}}), "each element must be a map"),
        ({**appset(LISTED), "kind": "Application"}, "an ApplicationSet would be right, found Application"),
        ({**appset(LISTED), "metadata": {}}, "metadata.name is missing"),
    ],
)
def test_what_cannot_be_previewed_is_reported_in_one_line(
    made: JsonObject, message: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(json.dumps(made))
    assert main(["appset", "preview", str(file), "--offline"]) in (1, 20)
    shown = capsys.readouterr()
    assert message in shown.err
    assert (shown.out, shown.err.count("\n")) == ("", 1)


def test_two_applications_of_one_name_are_refused(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(json.dumps(appset({"list": {"elements": [{"name": "a"}, {"name": "a"}]}})))
    assert main(["appset", "preview", str(file), "--offline"]) == 20
    assert "refused  a: ApplicationSet contains applications with duplicate name" in capsys.readouterr().out


FOUND = Preview(
    created=(app("new"),),
    changed=(Update(app("old"), app("old", "q")),),
    deleted=(app("gone"),),
    problems=(Problem("bad", "no such project"),),
)


def test_a_change_is_shown_as_a_difference_of_what_the_set_decides() -> None:
    text = preview(FOUND)
    assert [line.split()[:2] for line in text.splitlines()[1:4]] == [
        ["create", "argocd/new"], ["change", "argocd/old"], ["delete", "argocd/gone"],
    ]  # fmt: skip
    assert "refused  bad: no such project" in text
    assert "-    path: p\n+    path: q\n" in text
    assert "resourceVersion" not in text
    assert list(preview_names(FOUND)) == [
        "create argocd/new", "change argocd/old", "delete argocd/gone", "refused bad",
    ]  # fmt: skip
    assert preview_value(FOUND)["refused"] == [{"application": "bad", "message": "no such project"}]
    assert preview(Preview(created=(), changed=(), deleted=(), problems=())) == "Nothing would change.\n"


def test_a_set_is_shown_with_its_conditions_and_how_far_each_application_is() -> None:
    given = appset(LISTED, strategy={"type": "RollingSync"})
    given["metadata"]["namespace"] = "argocd"
    given["status"] = {
        "conditions": [
            {
                "type": "ErrorOccurred",
                "status": "True",
                "reason": "R",
                "message": "it broke",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            },
            {"type": "ResourcesUpToDate", "status": "False", "reason": "S", "message": "it waits"},
        ],
        "health": {"status": "Degraded"},
        "resources": [{"name": "a", "status": "Synced", "health": {"status": "Healthy"}}],
        "resourcesCount": 1,
        "applicationStatus": [{"application": "a", "step": "1", "status": "Pending"}],
    }
    text = application_set(given)
    assert text.splitlines()[0] == "Name:               argocd/fleet"
    assert text.splitlines()[-1].split() == ["a", "Synced", "Healthy", "1", "Pending"]
    assert ["SyncPolicy:", "<none>"] in [line.split() for line in text.splitlines()]
    header, row = application_set_list([given]).splitlines()
    assert header.split() == ["NAME", "PROJECT", "SYNCPOLICY", "HEALTH", "CONDITIONS", "REPO", "PATH", "TARGET"]
    conditions = "[{ErrorOccurred it broke 2026-01-01 00:00:00 +0000 UTC True R}]"
    assert re.split(" {2,}", row) == ["argocd/fleet", "default", "nil", "Degraded", conditions, URL, "p", "main"]
    given["spec"]["syncPolicy"] = {"applicationsSync": "create-only"}
    policy = "&ApplicationSetSyncPolicy{PreserveResourcesOnDeletion:false,ApplicationsSync:*create-only,}"
    assert policy in application_set_list([given])
