"""Applications as Stages and steps see them: which are selected, who may change them, what their operation does.

Reads argoproj.io Applications and patches them; never calls the room that syncs them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from argosy.apis.argoproj import Application
from argosy.apis.argoproj.application import Operation
from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import Key
from argosy.machinery.selectors import label_selector_of
from argosy.promotion.names import AUTHORIZED_STAGE
from argosy.promotion.stages.authorized import AuthorizationError, authorized_stages
from argosy.promotion.steps.kind import Job, StepFault

NAMESPACE: Final = "argocd"
PROMOTION_INFO: Final = "kargo.akuity.io/promotion"
RUNNING: Final = frozenset({"Running", "Terminating"})
DISABLED: Final = "Argo CD integration is disabled on this controller"
BROKEN: Final = ("ComparisonError", "InvalidSpecError")


def place(job: Job, wanted: Mapping[str, Any], doing: str) -> str:
    """The namespace of an Application that a step names. Raises StepFault if this controller reads no Applications."""
    if not job.applications:
        raise StepFault(f"{DISABLED}; cannot {doing} Argo CD Application resources")
    return str(wanted.get("namespace") or job.applications)


def selected(snapshot: Snapshot, wanted: Mapping[str, Any], namespace: str) -> list[Application]:
    """By name (one or none), or by selector, sorted."""
    if wanted.get("name"):
        found = snapshot.get(Application, Key(namespace, wanted["name"]))
        return [found] if found is not None else []
    selector = label_selector_of(wanted.get("selector"))
    return [one for one in snapshot.list(Application, namespace) if selector.matches(one.metadata.labels)]


def is_authorized(application: Application, project: str, stage: str) -> str:
    """Why the Stage may not change it, or "" if it may."""
    where = f'Argo CD Application "{application.metadata.name}" in namespace "{application.metadata.namespace}"'
    annotations = application.metadata.annotations
    if AUTHORIZED_STAGE not in annotations:
        return f"{where} does not permit mutation by Kargo Stage {stage} in namespace {project}"
    try:
        allowed = authorized_stages(annotations[AUTHORIZED_STAGE])
    except AuthorizationError as error:
        return f"unable to parse value of annotation {AUTHORIZED_STAGE!r} of {where}: {error}"
    if f"{project}:{stage}" not in allowed:
        return f"{where} does not permit mutation by Kargo Stage {stage} in namespace {project}"
    return ""


def promotion_of(operation: Operation) -> str:
    """The Promotion that requested the operation, or ""."""
    return next((one.value for one in operation.info if one.name == PROMOTION_INFO), "")


def is_syncing(application: Application) -> bool:
    """An operation is requested, or running."""
    asked = application.operation
    return bool(asked and asked.raw) or application.status.operation_state.phase in RUNNING


def broken(application: Application) -> list[str]:
    """Conditions that mean that it cannot be compared at all."""
    return [f"{one.type}: {one.message}" for one in application.status.conditions if one.type in BROKEN]


def is_stale(application: Application) -> bool:
    """Its health and sync status are older than its last operation."""
    return application.status.reconciled_at < application.status.operation_state.finished_at
