"""`app sync --label` takes the objects that the sources give a label, and no others."""

from __future__ import annotations

from argosy.cli.app.comparison.labelled import chosen
from argosy.gitops.keys import resource_key
from argosy.gitops.sync.tasks import Pair
from argosy.machinery.objects import JsonObject


def pair(name: str, *, target: bool = True, **labels: str) -> Pair:
    obj: JsonObject = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop", "labels": labels},
    }
    return Pair(resource_key(obj), obj if target else None, obj)


def test_any_of_the_labels_is_enough_and_what_only_lives_is_not_taken() -> None:
    pairs = [pair("a", tier="web"), pair("b", tier="db"), pair("c", app="x"), pair("d", target=False, tier="web")]
    found = chosen(pairs, {"tier": "web", "app": "x"})
    assert [item["name"] for item in found] == ["a", "c"]
    assert found[0] == {"group": "apps", "kind": "Deployment", "name": "a", "namespace": "shop"}


def test_a_cluster_scoped_object_has_no_namespace() -> None:
    obj: JsonObject = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n", "labels": {"a": "b"}}}
    assert chosen([Pair(resource_key(obj), obj, None)], {"a": "b"}) == [{"group": "", "kind": "Namespace", "name": "n"}]
