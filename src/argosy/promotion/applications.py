"""Applications as Stages and steps see them: which are meant, who may change them, what their operation is doing.

Reads argoproj.io Applications and patches them; never calls the room that syncs them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.selectors import label_selector_of
from argosy.promotion.kinds import APPLICATIONS
from argosy.promotion.names import AUTHORIZED_STAGE
from argosy.promotion.stages.authorized import AuthorizationError, authorized_stages
from argosy.promotion.steps.kind import Job, StepFault

NAMESPACE: Final = "argocd"
PROMOTION_INFO: Final = "kargo.akuity.io/promotion"
RUNNING: Final = frozenset({"Running", "Terminating"})
DISABLED: Final = "Argo CD integration is disabled on this controller"
BROKEN: Final = ("ComparisonError", "InvalidSpecError")


def place(job: Job, wanted: Mapping[str, Any], doing: str) -> str:
    """The namespace of what a step names. Raises StepFault where this controller looks at no Applications."""
    if not job.applications:
        raise StepFault(f"{DISABLED}; cannot {doing} Argo CD Application resources")
    return str(wanted.get("namespace") or job.applications)


def selected(snapshot: Snapshot, wanted: Mapping[str, Any], namespace: str) -> list[JsonObject]:
    """By name (one or none), or by selector, sorted."""
    if wanted.get("name"):
        found = snapshot.object(APPLICATIONS, Key(namespace, wanted["name"]))
        return [found] if found is not None else []
    selector = label_selector_of(wanted.get("selector"))
    listed = snapshot.objects(APPLICATIONS, namespace)
    return [one for one in listed if selector.matches(one["metadata"].get("labels") or {})]


def is_authorized(application: JsonObject, project: str, stage: str) -> str:
    """Why the Stage may not change it, or "" when it may."""
    where = (
        f'Argo CD Application "{application["metadata"]["name"]}" in namespace "{application["metadata"]["namespace"]}"'
    )
    annotations = application["metadata"].get("annotations") or {}
    if AUTHORIZED_STAGE not in annotations:
        return f"{where} does not permit mutation by Kargo Stage {stage} in namespace {project}"
    try:
        allowed = authorized_stages(annotations[AUTHORIZED_STAGE])
    except AuthorizationError as error:
        return f"unable to parse value of annotation {AUTHORIZED_STAGE!r} of {where}: {error}"
    if f"{project}:{stage}" not in allowed:
        return f"{where} does not permit mutation by Kargo Stage {stage} in namespace {project}"
    return ""


def sources_of(application: JsonObject) -> list[JsonObject]:
    spec = application.get("spec") or {}
    return list(spec.get("sources") or ()) or ([spec["source"]] if spec.get("source") else [])


def operation_state(application: JsonObject) -> Mapping[str, Any] | None:
    return (application.get("status") or {}).get("operationState")


def promotion_of(state: Mapping[str, Any]) -> str:
    """The Promotion that asked for an operation, or ""."""
    info = (state.get("operation") or {}).get("info") or ()
    return next((str(one.get("value") or "") for one in info if one.get("name") == PROMOTION_INFO), "")


def revisions_of(found: Mapping[str, Any]) -> Sequence[str]:
    """Of a syncResult or a sync status: one for each source."""
    return found.get("revisions") or ([found["revision"]] if found.get("revision") else [])


def broken(application: JsonObject) -> list[str]:
    """Conditions that say that it cannot be compared at all."""
    conditions = (application.get("status") or {}).get("conditions") or ()
    return [f"{one['type']}: {one.get('message') or ''}" for one in conditions if one.get("type") in BROKEN]


def is_stale(application: JsonObject) -> bool:
    """What it says of health and sync is older than its last operation."""
    status = application.get("status") or {}
    finished = str((status.get("operationState") or {}).get("finishedAt") or "")
    return str(status.get("reconciledAt") or "") < finished
