"""What the expressions and steps of a preview see of the objects that were read beforehand."""

from __future__ import annotations

from argosy.apis.kargo import Freight, Promotion
from argosy.machinery.controller import Index
from argosy.machinery.objects import JsonObject
from argosy.promotion.kinds import FREIGHT, PROMOTIONS
from argosy.promotion.preview.loaded import Loaded

BY_ALIAS: Index[Freight] = Index("freight-by-alias", Freight, lambda obj: (obj["alias"],))


def piece(name: str, alias: str) -> JsonObject:
    return {
        "metadata": {"name": name, "namespace": "demo"},
        "alias": alias,
        "origin": {"kind": "Warehouse", "name": "w"},
    }


def test_an_index_finds_by_what_it_says_of_each_object() -> None:
    loaded = Loaded({FREIGHT: [piece("a", "wonky-wombat"), piece("b", "quiet-quail")]})

    assert [one.metadata.name for one in loaded.indexed(BY_ALIAS, "quiet-quail")] == ["b"]
    assert [one["metadata"]["name"] for one in loaded.indexed_objects(BY_ALIAS, "wonky-wombat")] == ["a"]
    assert loaded.indexed(BY_ALIAS, "none") == ()


def test_what_is_owned_is_found_by_the_uid_of_its_owner() -> None:
    owner = {"apiVersion": "kargo.akuity.io/v1alpha1", "kind": "Stage", "name": "dev", "uid": "1"}
    spec: JsonObject = {"stage": "dev", "freight": "a"}
    own: JsonObject = {"metadata": {"name": "p", "namespace": "demo", "ownerReferences": [owner]}, "spec": spec}
    other: JsonObject = {"metadata": {"name": "q", "namespace": "demo"}, "spec": spec}
    loaded = Loaded({PROMOTIONS: [own, other]})

    assert [one.metadata.name for one in loaded.owned(Promotion, "1")] == ["p"]
    assert loaded.owned_objects(PROMOTIONS, "1") == (own,)
    assert loaded.owned_objects(PROMOTIONS, "2") == ()
