"""What client-side apply sends: a three-way merge, the annotation that the next one needs, and unpatchable changes."""

from __future__ import annotations

import json
from typing import Final

from argosy.gitops.comparison.diff import last_applied_of
from argosy.gitops.comparison.three_way import applied
from argosy.gitops.keys import LAST_APPLIED
from argosy.gitops.ports import KnownTypes
from argosy.machinery.objects import JsonObject, group_version
from argosy.machinery.patches.mergepatch import create_merge_patch
from argosy.machinery.status import StatusError

ANNOTATION_LIMIT: Final = 262144
BINDINGS: Final = ("RoleBinding", "ClusterRoleBinding")
HINT: Final = " (hint: use the sync option ServerSideApply=true or Replace=true)"


def apply_patch(target: JsonObject, live: JsonObject, known: KnownTypes) -> JsonObject:
    """What client-side apply changes in exactly this live version; empty if nothing."""
    marked = with_last_applied(target)
    node = known.node(*group_version(str(target.get("apiVersion") or "")), str(target.get("kind") or ""))
    last = last_applied_of(live) or {}
    if last.get("metadata"):
        last = {**last, "metadata": {name: value for name, value in last["metadata"].items() if value}}
    wanted = applied(live, marked, {k: v for k, v in last.items() if k != "status"}, node)
    return {} if wanted is live else create_merge_patch(live, wanted)


def with_last_applied(target: JsonObject) -> JsonObject:
    """With the annotation that the next three-way merge needs; raises 422 if the annotation would be too large."""
    metadata = target.get("metadata") or {}
    marks = {k: v for k, v in (metadata.get("annotations") or {}).items() if k != LAST_APPLIED}
    plain = {**target, "metadata": {**metadata, "annotations": marks}}
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    if len(text.encode()) > ANNOTATION_LIMIT:
        message = f"metadata.annotations: Too long: may not be more than {ANNOTATION_LIMIT} bytes{HINT}"
        raise StatusError(422, "Invalid", message)
    return {**plain, "metadata": {**metadata, "annotations": {**marks, LAST_APPLIED: text}}}


def is_bound_otherwise(target: JsonObject, live: JsonObject) -> bool:
    """A binding to another role: what a binding refers to is immutable, so it is re-created, as kubectl does."""
    wanted, bound = target.get("roleRef") or {}, live.get("roleRef") or {}
    names = ("kind", "name")
    return target.get("kind") in BINDINGS and [wanted.get(n) for n in names] != [bound.get(n) for n in names]
