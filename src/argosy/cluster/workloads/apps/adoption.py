"""Which objects without a controller an owner adopts: those that were orphaned on purpose, or created by hand.

With `kubectl delete --cascade=orphan` and a new owner of the same selector, immutable fields can be changed.
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
    """None while the owner is being deleted: released objects would be adopted again, and then deleted with it."""
    if is_deleting(owner):
        return ()
    found = view.orphans(plural, owner["metadata"]["namespace"])
    return tuple(item for item in found if not is_deleting(item) and matches(selector, item) and fits(item))


def adopted(orphan: JsonObject, owner: JsonObject) -> Write:
    """References to owners that are not controllers are kept."""
    references = orphan["metadata"].get("ownerReferences") or ()
    others = [reference for reference in references if reference.get("uid") != owner["metadata"]["uid"]]
    return merge(orphan, {"metadata": {"ownerReferences": [*others, reference_to(owner)]}})
