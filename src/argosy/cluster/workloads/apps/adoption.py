"""Which objects without a controller an owner takes over: those that were left behind on purpose, or made by hand.

`kubectl delete --cascade=orphan` and a new owner with the same selector: so a field that cannot be changed is changed.
"""

from __future__ import annotations

from collections.abc import Callable

from argosy.cluster.workloads.decision import Write, merge
from argosy.cluster.workloads.matching import matches, reference_to
from argosy.cluster.workloads.pods import is_deleting
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject


def orphans_of(
    view: View,
    plural: str,
    owner: JsonObject,
    selector: JsonObject | None,
    fits: Callable[[JsonObject], bool] = lambda orphan: True,
) -> tuple[JsonObject, ...]:
    """None while the owner is being deleted: what it lets go would be taken back, and then go with it."""
    if is_deleting(owner):
        return ()
    found = view.orphans(plural, owner["metadata"]["namespace"])
    return tuple(item for item in found if not is_deleting(item) and matches(selector, item) and fits(item))


def adopted(orphan: JsonObject, owner: JsonObject) -> Write:
    """References to owners that are no controllers stay."""
    references = orphan["metadata"].get("ownerReferences") or ()
    others = [reference for reference in references if reference.get("uid") != owner["metadata"]["uid"]]
    return merge(orphan, {"metadata": {"ownerReferences": [*others, reference_to(owner)]}})
