from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

from argosy.machinery.objects import JsonObject
from argosy.server.api.live.application_tree import LiveObjects, keyed
from argosy.server.api.live.changes import patched
from argosy.server.context import ServerContext
from argosy.server.services.applications.tree_scope import TreeScope


def pod(name: str, health: str = "Healthy") -> dict[str, Any]:
    return {"kind": "Pod", "namespace": "a", "name": name, "version": "v1", "health": {"status": health}}


def test_of_a_tree_only_the_objects_that_differ_are_sent() -> None:
    many = [pod(f"web-{number}") for number in range(1000)]
    before = keyed({"nodes": [*many, pod("old")], "orphanedNodes": []})
    after = keyed({"nodes": [*many[1:], pod("web-0", "Degraded"), pod("new")], "hosts": []})

    assert patched(before, after) == {
        "nodes": {
            "/Pod/a/web-0": {"health": {"status": "Degraded"}},
            "/Pod/a/new": pod("new"),
            "/Pod/a/old": None,
        }
    }


def test_an_unknown_destination_has_an_empty_tree() -> None:
    assert keyed({}) == {"nodes": {}, "orphanedNodes": {}}


def test_a_change_in_another_namespace_does_not_wake_a_tree() -> None:
    listeners: list[Callable[[JsonObject], None]] = []

    def on_live_change(listener: Callable[[JsonObject], None]) -> Callable[[], None]:
        listeners.append(listener)
        return listeners.clear

    gitops = SimpleNamespace(on_live_change=on_live_change)
    scope, woken = TreeScope(), list[object]()
    scope.cover({"spec": {"destination": {"namespace": "web"}}}, {"nodes": [pod("a")]})
    context = cast(ServerContext, SimpleNamespace(gitops=gitops))
    LiveObjects(context, scope).on_change(lambda old, new: woken.append(new))
    for namespace in ("other", "a", "web", "other"):
        for listener in listeners:
            listener({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "namespace": namespace}})
    assert len(woken) == 2
