"""What can be notified about: Applications, Promotions, Certificates, and the variables for each.

Source: spec/notifications.md D4, D5, D9. Upstream notifies about Applications (and Rollouts, see `rollout_events`); the
others are configured in a separate ConfigMap, so that no trigger applies to a kind that it was not written for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from argosy.apis.argoproj import Application
from argosy.apis.kargo import Promotion
from argosy.apis.schema import read
from argosy.machinery import timestamps
from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import JsonObject, Key, Resource

APPLICATIONS: Final = Resource("argoproj.io", "v1alpha1", "applications", "Application")
APP_PROJECTS: Final = Resource("argoproj.io", "v1alpha1", "appprojects", "AppProject")
PROMOTIONS: Final = Resource("kargo.akuity.io", "v1alpha1", "promotions", "Promotion")
STAGES: Final = Resource("kargo.akuity.io", "v1alpha1", "stages", "Stage")
FREIGHT: Final = Resource("kargo.akuity.io", "v1alpha1", "freights", "Freight")
PROJECTS: Final = Resource("kargo.akuity.io", "v1alpha1", "projects", "Project", namespaced=False)
CERTIFICATES: Final = Resource("cert-manager.io", "v1", "certificates", "Certificate")
OWN_CONFIG_MAP: Final = "argosy-notifications-cm"
OWN_SECRET: Final = "argosy-notifications-secret"  # noqa: S105


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A kind, and how to read what is related to an object of it."""

    resource: Resource
    variable: str
    """Its name in triggers and templates."""
    around: Callable[[Snapshot, JsonObject, str], Mapping[str, Any]] = lambda snapshot, obj, namespace: {}
    """Further variables; the last argument is the control plane's namespace."""
    parent: str = ""
    """The variable whose annotations are also read for subscriptions."""
    is_settled: Callable[[JsonObject], bool] = lambda obj: True
    """False: its status is about to change, so that nothing is evaluated yet."""
    is_own: bool = True
    """Configured by our own ConfigMap rather than Argo CD's."""


def _project(snapshot: Snapshot, app: JsonObject, namespace: str) -> Mapping[str, Any]:
    name = read(Application, app).spec.project or "default"
    return {"appProject": snapshot.object(APP_PROJECTS, Key(namespace, name)) or {}}


def is_refreshed(app: JsonObject) -> bool:
    """Whether the status was computed after the operation had finished."""
    status = read(Application, app).status
    operation = status.operation_state
    if operation.phase not in ("Succeeded", "Failed", "Error"):
        return True
    ended = _time(operation.finished_at)
    if ended is None:
        return False
    computed = [found for text in (status.reconciled_at, status.observed_at) if (found := _time(text)) is not None]
    return any(moment >= ended for moment in computed)


def _time(text: Any) -> datetime | None:
    try:
        return timestamps.parse(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _promotion(snapshot: Snapshot, promotion: JsonObject, namespace: str) -> Mapping[str, Any]:
    seen = read(Promotion, promotion)
    project = seen.metadata.namespace
    return {
        "stage": snapshot.object(STAGES, Key(project, seen.spec.stage)) or {},
        "freight": snapshot.object(FREIGHT, Key(project, seen.spec.freight)) or {},
        "project": snapshot.object(PROJECTS, Key("", project)) or {},
    }


APPLICATION: Final = Subject(
    resource=APPLICATIONS,
    variable="app",
    around=_project,
    parent="appProject",
    is_settled=is_refreshed,
    is_own=False,
)
PROMOTION: Final = Subject(resource=PROMOTIONS, variable="promotion", around=_promotion, parent="stage")
CERTIFICATE: Final = Subject(resource=CERTIFICATES, variable="certificate")
SUBJECTS: Final = (APPLICATION, PROMOTION, CERTIFICATE)
