"""AnalysisRuns made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.apis.rollouts.templates import TemplateError
from argosy.rollouts.commands.create_run import new_run

METRIC = {"name": "m", "provider": {"web": {"url": "http://{{args.host}}/"}}}


def template(name: str, **spec: Any) -> dict[str, Any]:
    return {"kind": "AnalysisTemplate", "metadata": {"name": name}, "spec": {"metrics": [METRIC], **spec}}


def none(name: str, wide: bool) -> None:
    return None


def test_arguments_are_filled_in_and_the_name_comes_from_the_template() -> None:
    check = template("check", args=[{"name": "host"}])
    run = new_run(check, none, [{"name": "host", "value": "a"}], "shop", instance_id="blue")
    assert run["metadata"]["generateName"] == "check-"
    assert run["metadata"]["labels"] == {"argo-rollouts.argoproj.io/controller-instance-id": "blue"}
    assert run["spec"]["args"] == [{"name": "host", "value": "a"}]


def test_an_argument_without_a_value_is_reported() -> None:
    with pytest.raises(TemplateError, match=r"args.host was not resolved"):
        new_run(template("check", args=[{"name": "host"}]), none, [], "shop")


def test_templates_that_a_template_names_come_along() -> None:
    other = {**template("other"), "spec": {"metrics": [{**METRIC, "name": "n"}]}}
    check = template("check", templates=[{"templateName": "other"}])
    run = new_run(check, lambda name, wide: other if name == "other" else None, [], "shop", name="mine")
    assert [metric["name"] for metric in run["spec"]["metrics"]] == ["m", "n"]
    assert run["metadata"]["name"] == "mine"
