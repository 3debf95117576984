"""What is created, changed and deleted, and what of a live Application is never touched."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.apis.argoproj import AppProject
from argosy.apis.argoproj.applicationset.spec import ApplicationSetSpec
from argosy.apis.schema import read
from argosy.expr.gotemplate import GoTemplates
from argosy.gitops.applicationsets.options import Options
from argosy.gitops.applicationsets.reconcile import Plan, plan, with_owner
from argosy.gitops.applicationsets.surroundings import Surroundings
from argosy.gitops.applicationsets.template import RenderError, application, engine_of, merged_template
from argosy.gitops.control_plane.settings import Settings
from argosy.machinery.objects import JsonObject

TEMPLATES = GoTemplates(lambda: datetime(2026, 1, 1, tzinfo=UTC), lambda length: b"\1" * length)
SERVER = "https://kubernetes.default.svc"
SPEC: JsonObject = {
    "project": "default",
    "source": {"repoURL": "https://git.example/x.git", "path": "p"},
    "destination": {"server": SERVER, "namespace": "n"},
}


def appset(uid: str = "u1", **spec: Any) -> JsonObject:
    return {"metadata": {"name": "fleet", "namespace": "argocd", "uid": uid}, "spec": spec}


def app(name: str, spec: JsonObject = SPEC, **metadata: Any) -> JsonObject:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "namespace": "argocd", **metadata},
        "spec": spec,
    }


def live(name: str, spec: JsonObject = SPEC, uid: str = "u1", **metadata: Any) -> JsonObject:
    return {**with_owner(app(name, spec, **metadata), appset(uid)), "status": {"health": {"status": "Healthy"}}}


def around(**options: Any) -> Surroundings:
    return Surroundings(control_plane="argocd", settings=Settings(), options=Options(**options))


def names(found: Plan) -> tuple[list[str], list[str], list[str]]:
    changed = [update.live["metadata"]["name"] for update in found.update]
    return [a["metadata"]["name"] for a in found.create], changed, [a["metadata"]["name"] for a in found.delete]


OTHER = {**SPEC, "source": {**SPEC["source"], "path": "q"}}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("sync", (["new"], ["old"], ["gone"])),
        ("create-only", (["new"], [], [])),
        ("create-update", (["new"], ["old"], [])),
        ("create-delete", (["new"], [], ["gone"])),
    ],
)
def test_the_policy_says_what_may_happen(policy: str, expected: Any) -> None:
    wanted, there = [app("new"), app("old", OTHER)], [live("old"), live("gone")]
    assert names(plan(appset(syncPolicy={"applicationsSync": policy}), wanted, there, around())) == expected
    assert names(plan(appset(), wanted, there, around(policy=policy, policy_override=False))) == expected


def test_what_others_own_of_an_application_is_kept() -> None:
    kept = {
        "argocd.argoproj.io/refresh": "normal",
        "argocd.argoproj.io/hydrate": "normal",
        "notified.notifications.argoproj.io": "{}",
        "mine": "1",
        "global": "2",
    }
    finalizers = ["resources-finalizer.argocd.argoproj.io", "post-delete-finalizer.argocd.argoproj.io/cleanup"]
    before = live("a", annotations={**kept, "stray": "x"}, labels={"team": "t", "stray": "x"}, finalizers=finalizers)
    wanted = app("a", labels={"env": "p"}, finalizers=["resources-finalizer.argocd.argoproj.io"])
    given = appset(preservedFields={"annotations": ["mine"], "labels": ["team"]})
    found = plan(given, [wanted], [before], around(preserved_annotations=("global",)))
    made = found.update[0].wanted
    assert made["metadata"]["annotations"] == kept
    assert made["metadata"]["labels"] == {"team": "t", "env": "p"}
    assert made["metadata"]["finalizers"] == finalizers
    assert made["status"] == before["status"]
    assert plan(given, [wanted], [made], around(preserved_annotations=("global",))).is_empty


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        ({"jsonPointers": ["/spec/source/path"]}, "p"),
        ({"jqPathExpressions": [".spec.source.path"]}, "p"),
        ({"name": "a", "jsonPointers": ["/spec/source/path"]}, "p"),
        ({"name": "b", "jsonPointers": ["/spec/source/path"]}, "q"),
    ],
)
def test_ignored_differences_stay_as_they_are_live(entry: JsonObject, path: str) -> None:
    wanted = app("a", {**OTHER, "info": [{"name": "n", "value": "v"}]})
    made = plan(appset(ignoreApplicationDifferences=[entry]), [wanted], [live("a")], around()).update[0].wanted
    assert made["spec"]["source"]["path"] == path
    assert made["spec"]["info"] == [{"name": "n", "value": "v"}]


def test_two_applications_of_one_name_stop_everything() -> None:
    found = plan(appset(), [app("a"), app("b"), app("a")], [live("gone")], around())
    assert found.is_empty
    assert "duplicate name: a" in found.problems[0].message


@pytest.mark.parametrize(
    ("wanted", "there", "message"),
    [
        (app("a", {**SPEC, "project": "none"}), [], "project none which does not exist"),
        (app("a", {**SPEC, "destination": {"name": "far"}}), [], "there are no clusters with this name: far"),
        (
            app("a", {**SPEC, "destination": {"name": "in-cluster", "server": SERVER}}),
            [],
            "can't have both name and server",
        ),
        (app("a", OTHER), [live("a", uid="u2")], "owned by ApplicationSet fleet"),
    ],
)
def test_a_bad_application_is_left_alone_and_the_others_go_on(
    wanted: JsonObject, there: list[JsonObject], message: str
) -> None:
    found = plan(appset(), [wanted, app("b")], there, around())
    assert names(found) == (["b"], [], [])
    assert message in found.problems[0].message


def test_a_project_limits_sources_destinations_and_namespaces_on_create_as_on_update() -> None:
    limits = {"sourceRepos": ["https://git.example/*"], "destinations": [{"server": "*", "namespace": "n"}]}
    project = read(AppProject, {"metadata": {"name": "p"}, "spec": limits})
    where = Surroundings(control_plane="argocd", settings=Settings(), options=Options(), projects={"p": project})
    good = {**SPEC, "project": "p"}
    assert not plan(appset(), [app("a", good)], [], where).problems
    for bad in (
        {**good, "destination": {"server": SERVER, "namespace": "other"}},
        {**good, "source": {"repoURL": "https://evil.example/x.git", "path": "p"}},
    ):
        for there in ([], [live("a", good)]):
            found = plan(appset(), [app("a", bad)], there, where)
            assert found.is_empty
            assert "permitted" in found.problems[0].message or "do not match" in found.problems[0].message
    outside = appset()
    outside["metadata"]["namespace"] = "team"
    assert "is not permitted to use project" in plan(outside, [app("a", good)], [], where).problems[0].message


@given(
    st.sets(st.sampled_from("abcdef")), st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["u1", "u2", ""]))
)
def test_only_its_own_applications_are_ever_changed_or_deleted(wanted: set[str], there: dict[str, str]) -> None:
    existing = [live(name, uid=uid) if uid else app(name) for name, uid in there.items()]
    found = plan(appset(), [app(name, OTHER) for name in sorted(wanted)], existing, around())
    created, changed, deleted = names(found)
    assert set(created) == wanted - there.keys()
    assert all(there[name] != "u2" for name in changed)
    assert set(deleted) == {name for name, uid in there.items() if uid == "u1"} - wanted
    assert not set(deleted) & wanted


# -- rendering ---------------------------------------------------------------------------------------------------------


def made(spec: JsonObject, parameters: JsonObject) -> JsonObject:
    seen = read(ApplicationSetSpec, spec)
    found: JsonObject = application(seen, spec["template"], parameters, engine_of(seen, TEMPLATES), "argocd")
    return found


def template(name: str = "{{.name}}", **spec: Any) -> JsonObject:
    return {"metadata": {"name": name, "namespace": "elsewhere"}, "spec": {**SPEC, **spec}}


def test_every_text_and_key_is_rendered_and_the_namespace_is_the_sets() -> None:
    given = {
        "goTemplate": True,
        "template": {**template(), "metadata": {"name": "{{.name}}", "labels": {"{{.k}}": "v"}}},
    }
    found = made(given, {"name": "a", "k": "team"})
    assert found["metadata"] == {
        "name": "a", "labels": {"team": "v"}, "namespace": "argocd",
        "finalizers": ["resources-finalizer.argocd.argoproj.io"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("patch", "check"),
    [
        ("spec:\n  source:\n    path: {{.name}}-x\n", lambda spec: spec["source"]["path"] == "a-x"),
        ('{"spec": {"info": [{"name": "n", "value": "v"}]}}', lambda spec: spec["info"][0]["value"] == "v"),
        ("spec:\n  project: evil\n", lambda spec: spec["project"] == "default"),
        ("spec:\n  source: null\n", lambda spec: "source" not in spec),
        ('{{- if eq .name "b" }}spec: {}{{ end }}', lambda spec: spec == SPEC),
    ],
)
def test_a_template_patch_changes_anything_but_the_project(patch: str, check: Any) -> None:
    assert check(made({"goTemplate": True, "template": template(), "templatePatch": patch}, {"name": "a"})["spec"])


def test_a_patch_adds_finalizers_and_loses_fields_that_an_application_does_not_have() -> None:
    patch = "metadata:\n  finalizers: [mine]\n  labels: {a: b}\nspec:\n  nope: 1\nstatus: {x: 1}\n"
    found = made({"goTemplate": True, "template": template(), "templatePatch": patch}, {"name": "a"})
    assert set(found["metadata"]["finalizers"]) == {"resources-finalizer.argocd.argoproj.io", "mine"}
    assert (found["metadata"]["labels"], found["spec"], "status" in found) == ({"a": "b"}, SPEC, False)


@pytest.mark.parametrize(("keeps", "finalizers"), [(True, None), (False, ["resources-finalizer.argocd.argoproj.io"])])
def test_the_finalizer_is_added_unless_resources_are_to_stay(keeps: bool, finalizers: Any) -> None:
    policy = {"preserveResourcesOnDeletion": keeps}
    found = made({"goTemplate": True, "template": template(), "syncPolicy": policy}, {"name": "a"})
    assert found["metadata"].get("finalizers") == finalizers
    own = {**template(), "metadata": {"name": "a", "finalizers": ["mine"]}}
    assert made({"template": own, "syncPolicy": policy}, {"name": "a"})["metadata"]["finalizers"] == ["mine"]


HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["metadata", "spec", "name", "labels", "finalizers", "source", "sources", "destination", "server"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@given(HOSTILE)
def test_whatever_a_patch_holds_there_is_an_application_to_judge_or_an_error(patch: Any) -> None:
    given = {"goTemplate": True, "template": template(), "templatePatch": json.dumps(patch)}
    try:
        found = made(given, {"name": "a"})
    except RenderError:
        return
    plan(appset(), [found], [live(found["metadata"]["name"])], around())


@pytest.mark.parametrize("patch", ["[1]", "a: b: c", "{{ .nope.x | fail }}", "spec: 5", "metadata: {labels: {a: 1}}"])
def test_a_bad_patch_is_an_error(patch: str) -> None:
    with pytest.raises(RenderError):
        made({"goTemplate": True, "template": template(), "templatePatch": patch}, {"name": "a"})


def test_a_missing_key_is_an_error_when_asked_for_and_plain_templates_keep_it() -> None:
    strict = {"goTemplate": True, "goTemplateOptions": ["missingkey=error"], "template": template("{{.nope}}")}
    with pytest.raises(RenderError, match="nope"):
        made(strict, {"name": "a"})
    assert made({"template": template("x-{{nope}}")}, {"name": "a"})["metadata"]["name"] == "x-{{nope}}"


def test_a_generators_own_template_wins_where_it_says_something() -> None:
    over = {"metadata": {"name": ""}, "spec": {"project": "", "destination": {"namespace": "m"}}}
    found = merged_template(template(), over)
    assert found["metadata"]["name"] == "{{.name}}"
    assert found["spec"]["destination"] == {"server": SERVER, "namespace": "m"}
    assert found["spec"]["project"] == "default"
