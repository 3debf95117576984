"""ControllerRevisions: the history of StatefulSets and DaemonSets (kinds sheet 5.3, 5.4)."""

from __future__ import annotations

from collections.abc import Sequence

from argosy.cluster.workloads.apps.adoption import orphans_of
from argosy.cluster.workloads.decision import Step, create, delete, update, with_status
from argosy.cluster.workloads.matching import reference_to
from argosy.cluster.workloads.pods import template_hash
from argosy.cluster.workloads.view import View, controller_of
from argosy.machinery.objects import JsonObject, Key

LABEL = "controller-revision-hash"


def content_of(owner: JsonObject) -> JsonObject:
    """The data of a revision: the template, as a patch for the owner's."""
    return {"spec": {"template": {**owner["spec"]["template"], "$patch": "replace"}}}


def template_in(revision: JsonObject) -> JsonObject:
    template = revision["data"]["spec"]["template"]
    return {name: value for name, value in template.items() if name != "$patch"}


def ordered(revisions: Sequence[JsonObject]) -> list[JsonObject]:
    return sorted(revisions, key=lambda item: (item["revision"], item["metadata"]["name"]))


def name_of(owner: JsonObject) -> str:
    collisions = (owner.get("status") or {}).get("collisionCount") or 0
    return f"{owner['metadata']['name']}-{template_hash(owner['spec']['template'], collisions)}"


def is_taken(view: View, owner: JsonObject) -> bool:
    """Whether the name of the owner's next revision belongs to another object."""
    found = view.get("controllerrevisions", Key(owner["metadata"]["namespace"], name_of(owner)))
    reference = controller_of(found) if found is not None else None
    return found is not None and (reference is None or reference.get("uid") != owner["metadata"]["uid"])


def orphans(view: View, owner: JsonObject) -> tuple[JsonObject, ...]:
    """Revisions without a controller that are this owner's: adopting them avoids re-creating its Pods."""
    mine = f"{owner['metadata']['name']}-"
    selector = owner["spec"]["selector"]
    return orphans_of(view, "controllerrevisions", owner, selector, lambda it: it["metadata"]["name"].startswith(mine))


def wanted(owner: JsonObject, revisions: Sequence[JsonObject], *, taken: bool) -> tuple[JsonObject | None, Step | None]:
    """The revision of the owner's template, and what must be written first.

    That is a new revision, an old one moved to the end, or the collision count when the name is `taken`.
    """
    content, known = content_of(owner), ordered(revisions)
    highest = known[-1]["revision"] if known else 0
    equal = [item for item in known if item["data"] == content]
    if not equal and taken:
        status = owner.get("status") or {}
        return None, with_status(owner, {**status, "collisionCount": (status.get("collisionCount") or 0) + 1})
    if not equal:
        return None, create(_made(owner, content, highest + 1))
    found = equal[-1]
    if found is known[-1]:
        return found, None
    return found, update({**found, "metadata": dict(found["metadata"]), "revision": highest + 1})


def _made(owner: JsonObject, content: JsonObject, number: int) -> JsonObject:
    name = name_of(owner)
    labels = {**(owner["spec"]["template"]["metadata"].get("labels") or {}), LABEL: name.rpartition("-")[2]}
    metadata = {
        "name": name,
        "namespace": owner["metadata"]["namespace"],
        "labels": labels,
        "ownerReferences": [reference_to(owner)],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": metadata,
        "data": content,
        "revision": number,
    }


def surplus(owner: JsonObject, revisions: Sequence[JsonObject], live: set[str]) -> list[Step]:
    """Deletions of the oldest revisions beyond the limit that are not in use."""
    limit = owner["spec"].get("revisionHistoryLimit")
    unused = [item for item in ordered(revisions) if item["metadata"]["name"] not in live]
    return [delete(item) for item in unused[: max(0, len(unused) - (10 if limit is None else limit))]]
