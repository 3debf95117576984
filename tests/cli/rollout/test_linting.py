"""`argosy rollout lint`: rules of the spec, and of what a file has besides the Rollout. Source: spec/rollouts.md 10."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from argosy.cli.main import main
from argosy.machinery.objects import JsonObject

PLACED: JsonObject = {"name": "web"}


def rollout(**canary: Any) -> JsonObject:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "a", "image": "a:v1"}]}}
    spec = {"selector": {"matchLabels": {"app": "web"}}, "template": template, "strategy": {"canary": canary}}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": PLACED, "spec": spec}


def service(name: str, app: str = "web") -> JsonObject:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"selector": {"app": app}}}


def virtual_service(*hosts: str, version: str = "v1alpha3") -> JsonObject:
    spec = {"http": [{"route": [{"destination": {"host": host}} for host in hosts]}]}
    return {
        "apiVersion": f"networking.istio.io/{version}",
        "kind": "VirtualService",
        "metadata": PLACED,
        "spec": spec,
    }


ROUTED = {
    "stableService": "stable",
    "canaryService": "canary",
    "trafficRouting": {"istio": {"virtualService": {"name": "web"}}},
}
REFERRING = rollout()
TEMPLATE = REFERRING["spec"].pop("template")
REFERRING["spec"]["workloadRef"] = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
WORKLOAD = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": PLACED, "spec": {"template": TEMPLATE}}
OTHER = {**WORKLOAD, "spec": {"template": {**TEMPLATE, "metadata": {"labels": {"app": "other"}}}}}
VALID = (
    [REFERRING],
    [REFERRING, WORKLOAD],
    [rollout()],
    [rollout(**ROUTED)],
    [rollout(**ROUTED), service("stable"), virtual_service("stable", "canary")],
)
MALFORMED = rollout()
MALFORMED["spec"]["template"]["spec"]["containers"][0]["resources"] = {"requests": {"memory": "invalid"}}
INVALID = (
    ([MALFORMED], 'spec.template.spec.containers.resources.requests: Invalid value: "invalid"'),
    ([rollout(steps=[{"setWeight": 101}])], "spec.strategy.steps[0].setWeight"),
    ([REFERRING, OTHER], "`selector` does not match template `labels`"),
    ([{"values": 1}], "has no apiVersion and kind"),
    ([rollout(**ROUTED), service("canary", "other")], 'Service "canary" has unmatch label "app" in rollout'),
    ([rollout(**ROUTED), virtual_service("stable")], "Canary Service 'canary' not found in route"),
    ([rollout(**ROUTED), virtual_service("stable", version="v1")], "Canary Service 'canary' not found in route"),
)


def lint(tmp_path: Path, objects: list[JsonObject], *flags: str) -> int:
    file = tmp_path / "web.json"
    file.write_text("\n---\n".join(json.dumps(one) for one in objects))
    return main(["rollout", "lint", *flags, str(file)])


@pytest.mark.parametrize("objects", VALID)
def test_what_a_file_does_not_have_is_no_error(tmp_path: Path, objects: list[JsonObject]) -> None:
    assert lint(tmp_path, objects) == 0


@pytest.mark.parametrize(("objects", "text"), INVALID)
def test_errors_name_the_file_and_the_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], objects: list[JsonObject], text: str
) -> None:
    assert lint(tmp_path, objects, "--filename") == 1
    said = capsys.readouterr().err
    assert text in said
    assert "web.json: " in said


def test_without_a_file_it_says_how_to_name_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rollout", "lint"]) == 1
    assert "--filename" in capsys.readouterr().err
