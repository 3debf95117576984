"""From a set to the Applications it wants, and what a set elsewhere may not say of its project."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from argosy.expr.gotemplate import GoTemplates
from argosy.gitops.applicationsets.desired_applications import Unusable, asked_of, desired
from argosy.gitops.applicationsets.generator_context import Doors
from argosy.gitops.applicationsets.options import Options
from argosy.machinery.objects import JsonObject

TEMPLATES = GoTemplates(lambda: datetime(2026, 1, 1, tzinfo=UTC), lambda length: b"\1" * length)
NO_DOORS = Doors(git=cast(Any, None), hosting=cast(Any, None), plugins=cast(Any, None), objects=cast(Any, None))


def appset(namespace: str = "argocd", project: str = "p", name: str = "{{.name}}", **spec: Any) -> JsonObject:
    template = {"metadata": {"name": name}, "spec": {"project": project}}
    generators = [{"list": {"elements": [{"name": "a"}, {"name": "b"}]}}]
    given = {"goTemplate": True, "generators": generators, "template": template, **spec}
    return {"metadata": {"name": "fleet", "namespace": namespace}, "spec": given}


def wanted(given: JsonObject) -> list[JsonObject]:
    return asyncio.run(desired(given, asked_of(given, NO_DOORS, Options(), TEMPLATES, "argocd")))


def own_template(project: str) -> list[JsonObject]:
    return [{"list": {"elements": [{"name": "a"}], "template": {"spec": {"project": project}}}}]


@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        (appset("argocd", "{{.name}}"), True),
        (appset("team", "p"), True),
        (appset("team", "{{.name}}"), False),
        (appset("team", "x-{{ .name }}"), False),
        (appset("team", "p", generators=own_template("{{.name}}")), False),
        (appset("team", "p", generators=own_template("other")), True),
        (appset("argocd", "p", generators=own_template("{{.name}}")), True),
    ],
)
def test_a_set_elsewhere_names_its_project_literally(given: JsonObject, allowed: bool) -> None:
    if allowed:
        assert {app["metadata"]["namespace"] for app in wanted(given)} == {given["metadata"]["namespace"]}
    else:
        with pytest.raises(Unusable, match="may not be templated") as raised:
            wanted(given)
        assert raised.value.reason == "ApplicationValidationError"


def test_a_templated_project_lends_no_credentials_to_generators() -> None:
    assert asked_of(appset(project="{{.name}}"), NO_DOORS, Options(), TEMPLATES, "argocd").project == ""
    assert asked_of(appset(project="p"), NO_DOORS, Options(), TEMPLATES, "argocd").project == "p"


@pytest.mark.parametrize(
    ("given", "reason", "generated"),
    [
        (appset(goTemplateOptions=["nope=1"]), "RenderTemplateParamsError", False),
        (appset(name="{{.nope.x | fail}}"), "RenderTemplateParamsError", False),
        (appset(name="Not A Name"), "RenderTemplateParamsError", True),
        (appset(name="{{ if false }}x{{ end }}"), "RenderTemplateParamsError", False),
        (appset(templatePatch="metadata: 5"), "RenderTemplateParamsError", False),
        (appset(generators=[{}]), "ApplicationGenerationFromParamsError", False),
    ],
)
def test_an_error_has_its_reason_and_says_whether_there_were_parameters(
    given: JsonObject, reason: str, generated: bool
) -> None:
    with pytest.raises(Unusable) as raised:
        wanted(given)
    assert (raised.value.reason, raised.value.generated) == (reason, generated)


def test_no_set_of_parameters_is_no_application() -> None:
    assert wanted(appset(generators=[{"list": {"elements": []}}])) == []


def test_each_generator_has_its_own_template_over_the_sets() -> None:
    generators = [*appset()["spec"]["generators"], *own_template("other")]
    assert [app["spec"]["project"] for app in wanted(appset(generators=generators))] == ["p", "p", "other"]
