"""A generator's failure never deletes an application: every kind of generator, at every door, wherever it is nested."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argosy.expr.gotemplate import GoTemplates
from argosy.gitops.applicationsets.desired_applications import Unusable, asked_of, desired
from argosy.gitops.applicationsets.generator_context import Doors, HostNotFound, Repository
from argosy.gitops.applicationsets.options import Options
from argosy.gitops.applicationsets.params import GeneratorError
from argosy.machinery.objects import JsonObject
from argosy.sources.port import AccessDenied, NotFound, Rejected, Tree, Unavailable
from argosy.sources.tree import MemoryStorage, RootedTree
from tests.kit.applicationsets import appset, make_bench
from tests.kit.world import CONFIG_MAPS, SECRETS

TEMPLATES = GoTemplates(lambda: datetime(2026, 1, 1, tzinfo=UTC), lambda length: b"\1" * length)
BROKEN = [
    Unavailable("down"), NotFound("gone"), AccessDenied("no"), Rejected("too large"), GeneratorError("limit"),
]  # fmt: skip
GIT = {"repoURL": "r", "revision": "main"}
PLUGIN = {"plugin": {"configMapRef": {"name": "p"}}}
DECISIONS = {"clusterDecisionResource": {"configMapRef": "how", "name": "x"}}
SCM = {"scmProvider": {"github": {"organization": "o"}}}
REPOSITORY = Repository(organization="o", repository="r", repository_id="1", url="u", branch="main")
PULLS = {"pullRequest": {"github": {"owner": "o", "repo": "r"}}}


@dataclass
class World:
    """Every door of the generators; `failing` says what the door of that name raises, or answers instead."""

    failing: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=lambda: {"apps/a/x.yaml": b"name: a"})

    def at(self, door: str, good: Any) -> Any:
        found = self.failing.get(door, good)
        if isinstance(found, Exception):
            raise found
        return found

    async def tree(self, url: str, revision: str, project: str) -> Tree:
        return RootedTree(MemoryStorage(self.at("tree", self.files)))

    def secret(self, namespace: str, name: str) -> JsonObject | None:
        labels = {"app.kubernetes.io/part-of": "argocd"}
        good = {"metadata": {"name": name, "labels": labels}, "stringData": {"k": "t"}, "data": {"k": "dA=="}}
        return self.at("secret", good)  # type: ignore[no-any-return]

    def config_map(self, namespace: str, name: str) -> JsonObject | None:
        data = {"baseUrl": "http://p", "token": "$s:k", "apiVersion": "d/v1", "kind": "ds", "matchKey": "n"}
        return self.at("config_map", {"data": data})  # type: ignore[no-any-return]

    def clusters(self) -> Sequence[JsonObject]:
        return self.at("clusters", [])  # type: ignore[no-any-return]

    async def decisions(self, *asked: str) -> Sequence[JsonObject]:
        return self.at("decisions", [{"status": {"clusters": [{"n": "c"}]}}])  # type: ignore[no-any-return]

    async def call(self, *asked: Any) -> Any:
        return self.at("call", {"output": {"parameters": [{"name": "a", "env": "dev"}]}})

    async def app_token(self, app: Any) -> str:
        return self.at("app_token", "t")  # type: ignore[no-any-return]

    def repositories(self, *asked: Any) -> Any:
        return self.at("hosting", self) if asked else self._later("repositories", [REPOSITORY])

    def pull_requests(self, *asked: Any) -> Any:
        return self.at("hosting", self) if asked else self._later("pull_requests", [])

    async def branches(self, repository: Any) -> Any:
        return self.at("branches", [])

    async def _later(self, door: str, good: Any) -> Any:
        return self.at(door, good)


def failures() -> list[tuple[str, JsonObject, dict[str, Any]]]:
    """(kind, generator, what fails): each must end in an error, never in fewer parameters."""
    found: list[tuple[str, JsonObject, dict[str, Any]]] = []
    git = {"git": {**GIT, "directories": [{"path": "apps/*"}]}}
    files = {"git": {**GIT, "files": [{"path": "apps/**/x.yaml"}]}}
    for kind, generator, doors in (
        ("git directories", git, ["tree"]),
        ("git files", files, ["tree"]),
        ("scmProvider", SCM, ["hosting", "repositories", "app_token"]),
        ("pullRequest", PULLS, ["hosting", "pull_requests"]),
        ("plugin", PLUGIN, ["call"]),
        ("decisions", DECISIONS, ["decisions"]),
    ):
        for door in doors:
            if door == "app_token":
                generator = {"scmProvider": {"github": {"organization": "o", "appSecretName": "s"}}}
                secret = {"metadata": {"labels": {}}, "data": {"githubAppID": "Nw=="}}
                found += [(kind, generator, {door: error, "secret": secret}) for error in BROKEN[4:]]
            else:
                found += [(kind, generator, {door: error}) for error in (BROKEN if door == "tree" else BROKEN[4:])]
    found += [("git files", files, {"tree": {"apps/a/x.yaml": text}}) for text in (b"a: b: c", b"[1]", b"x", b"\xff")]
    # What reading an answer of unexpected shape raises.
    malformed = [KeyError("id"), TypeError("None"), HostNotFound("gone")]
    found += [("scmProvider", SCM, {door: error}) for door in ("repositories", "branches") for error in malformed[:2]]
    found += [("pullRequest", PULLS, {"pull_requests": error}) for error in malformed]
    answers = ({"output": {"parameters": 5}}, {"output": {"parameters": [1]}})
    found += [("plugin", PLUGIN, {"call": wrong}) for wrong in answers]
    found += [("plugin", PLUGIN, {"config_map": None}), ("decisions", DECISIONS, {"config_map": None})]
    found += [("plugin", PLUGIN, {"secret": None}), ("plugin", PLUGIN, {"config_map": {"data": {}}})]
    found += [("decisions", DECISIONS, {"decisions": []})]
    for wrong in ({"elements": [1]}, {"elementsYaml": "a: b: c"}, {"elementsYaml": "{}"}):
        found.append(("list", {"list": wrong}, {}))
    selector = {"matchExpressions": [{"key": "a", "operator": "Nope"}]}
    found += [("clusters", {"clusters": {"selector": selector}}, {})]
    found += [("selector", {"list": {"elements": [{"name": "a"}]}, "selector": selector}, {})]
    found += [("nothing", {}, {}), ("two", {"list": {}, "clusters": {}}, {})]
    return found


FAILURES = failures()
GOOD: JsonObject = {"list": {"elements": [{"name": "a", "k": "1"}]}}


def nested(inner: st.SearchStrategy[JsonObject]) -> st.SearchStrategy[JsonObject]:
    """In a matrix or a merge, first or second."""

    def build(failing: JsonObject, kind: str, first: bool) -> JsonObject:
        children = [failing, GOOD] if first else [GOOD, failing]
        return {kind: {"generators": children, **({"mergeKeys": ["name"]} if kind == "merge" else {})}}

    return st.builds(build, inner, st.sampled_from(["matrix", "merge"]), st.booleans())


@st.composite
def failing_sets(draw: st.DrawFn) -> tuple[JsonObject, dict[str, Any]]:
    _, generator, failing = draw(st.sampled_from(FAILURES))
    made = draw(st.just(generator) | nested(st.just(generator)) | nested(nested(st.just(generator))))
    others = [GOOD] * draw(st.integers(0, 2))
    at = draw(st.integers(0, len(others)))
    template = {"metadata": {"name": "{{.name}}"}, "spec": {"project": "default"}}
    go = draw(st.booleans())
    spec = {"goTemplate": go, "generators": [*others[:at], made, *others[at:]], "template": template}
    return {"metadata": {"name": "fleet", "namespace": "argocd"}, "spec": spec}, failing


async def wanted(given_set: JsonObject, world: World) -> list[JsonObject]:
    doors = Doors(git=world, hosting=world, plugins=world, objects=world)
    return await desired(given_set, asked_of(given_set, doors, Options(), TEMPLATES, "argocd"))


@settings(max_examples=300)
@given(failing_sets())
def test_a_generators_failure_is_an_error_and_never_fewer_applications(case: tuple[JsonObject, dict[str, Any]]) -> None:
    given_set, failing = case
    with pytest.raises(Unusable) as raised:
        asyncio.run(wanted(given_set, World(failing)))
    assert raised.value.reason == "ApplicationGenerationFromParamsError"


@pytest.mark.parametrize(("kind", "generator", "failing"), FAILURES)
def test_each_failure_is_one(kind: str, generator: JsonObject, failing: dict[str, Any]) -> None:
    """So that the property above leaves none to chance."""
    template = {"metadata": {"name": "{{.name}}"}, "spec": {}}
    spec = {"goTemplate": True, "generators": [generator], "template": template}
    with pytest.raises(Unusable):
        asyncio.run(wanted({"metadata": {"name": "fleet", "namespace": "argocd"}, "spec": spec}, World(failing)))


BREAKS: dict[str, tuple[JsonObject, Callable[[World], None]]] = {
    "plugin": (PLUGIN, lambda world: world.failing.update(call=GeneratorError("down"))),
    "plugin that answers nonsense": (PLUGIN, lambda world: world.failing.update(call={"output": {"parameters": 1}})),
    "matrix": (
        {"matrix": {"generators": [{"list": {"elements": [{"k": "1"}]}}, PLUGIN]}},
        lambda world: world.failing.update(call=GeneratorError("down")),
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_applications_outlive_the_failure_of_what_made_them(name: str) -> None:
    generator, break_it = BREAKS[name]
    world = World()
    with make_bench(world, world) as bench:
        data = {"baseUrl": "http://p", "token": "$s:k"}
        labels = {"app.kubernetes.io/part-of": "argocd"}
        config = {"name": "p", "namespace": "argocd"}
        bench.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": config, "data": data}, CONFIG_MAPS)
        held = {"name": "s", "namespace": "argocd", "labels": labels}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": held, "stringData": {"k": "t"}}
        bench.create(secret, SECRETS)
        bench.create(appset([generator]))
        bench.world.run_until(lambda: bench.apps() == ["a"])
        version = bench.app("a")["metadata"]["resourceVersion"]
        break_it(world)
        bench.patch({"metadata": {"annotations": {"argocd.argoproj.io/application-set-refresh": "true"}}})
        bench.world.run_until(lambda: bench.condition("ErrorOccurred").get("status") == "True")
        bench.world.pass_time(3600)
        assert bench.app("a")["metadata"]["resourceVersion"] == version
        world.failing.clear()
        bench.world.pass_time(181)
        assert bench.condition("ErrorOccurred")["status"] == "False"
        assert bench.app("a")["metadata"]["resourceVersion"] == version
