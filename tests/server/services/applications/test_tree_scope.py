from __future__ import annotations

import pytest

from argosy.machinery.objects import JsonObject
from argosy.server.services.applications.tree_scope import TreeScope

APP: JsonObject = {"spec": {"destination": {"namespace": "web"}}}
TREE: JsonObject = {
    "nodes": [
        {"group": "apps", "kind": "Deployment", "namespace": "shop", "name": "shop", "uid": "1"},
        {"group": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "reader", "uid": "2"},
    ]
}


def live(kind: str, name: str, namespace: str = "", owner: str = "", group: str = "") -> JsonObject:
    metadata: JsonObject = {"name": name, "ownerReferences": [{"uid": owner}] if owner else []}
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": f"{group}/v1" if group else "v1", "kind": kind, "metadata": metadata}


@pytest.mark.parametrize(
    ("obj", "counts"),
    [
        (live("Pod", "new", "shop"), True),
        (live("Pod", "new", "web"), True),
        (live("Pod", "new", "other"), False),
        (live("ClusterRole", "reader", group="rbac.authorization.k8s.io"), True),
        (live("ClusterRole", "writer", group="rbac.authorization.k8s.io"), False),
        (live("ClusterRole", "child", owner="2", group="rbac.authorization.k8s.io"), True),
        (live("ClusterRole", "child", owner="1", group="rbac.authorization.k8s.io"), False),
    ],
)
def test_changes_count_in_the_namespaces_of_a_tree_and_of_its_cluster_scoped_objects(
    obj: JsonObject, counts: bool
) -> None:
    scope = TreeScope()
    scope.cover(APP, TREE)
    assert scope.has(obj) is counts


def test_while_a_tree_is_computed_every_change_counts() -> None:
    scope, elsewhere = TreeScope(), live("Pod", "new", "other")
    assert scope.has(elsewhere)
    scope.cover(APP, TREE)
    scope.widen()
    assert scope.has(elsewhere)
