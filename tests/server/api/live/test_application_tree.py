from __future__ import annotations

from typing import Any

from argosy.server.api.live.application_tree import keyed
from argosy.server.api.live.changes import patched


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
