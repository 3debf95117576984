"""Deletions that a user must approve first (spec 7.2: `Prune=confirm`, `Delete=confirm`). Pure."""

from __future__ import annotations

from datetime import datetime

from argosy.apis.argoproj.application import Application, ApplicationSpec
from argosy.apis.schema import read
from argosy.gitops.keys import DELETION_APPROVED, ResourceKey, annotations_of
from argosy.gitops.sync.operation_state import FINAL
from argosy.gitops.sync.options import Options
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import parse

NEVER = "9999-12-31T23:59:59Z"


def needs_approval(obj: JsonObject, options: Options, *, pruned: bool) -> bool:
    """`pruned`: by a sync; else with its application, for which both options count."""
    return options.has("Prune", "confirm", obj) or (not pruned and options.has("Delete", "confirm", obj))


def kept_namespace(app: JsonObject, spec: ApplicationSpec, options: Options) -> ResourceKey | None:
    """The destination's Namespace, if the sync creates it: not pruned when it is dropped from the sources, since
    everything in it would be deleted with it (argo-cd#16995, #15441).

    One whose metadata is not managed by the sync is pruned once that is approved after the last sync started; the sync
    that prunes it is still running, and does not count.
    """
    name = spec.destination.namespace
    if not name or not options.has("CreateNamespace"):
        return None
    is_managed = bool(spec.sync_policy.managed_metadata)
    is_wanted = is_managed or not is_approved(app, _last_sync(read(Application, app)))
    return ResourceKey("", "Namespace", "", name) if is_wanted else None


def _last_sync(app: Application) -> datetime:
    """When the last complete sync started."""
    state, history = app.status.operation_state, app.status.history
    if history:
        return parse(history[-1].deploy_started_at or history[-1].deployed_at or NEVER)
    ended = state.started_at if state.phase in FINAL else ""
    return parse(ended or app.metadata.creation_timestamp or NEVER)


def approval_of(app: JsonObject) -> str:
    """The time of the approval, as the user wrote it; "" without one."""
    return str(annotations_of(app).get(DELETION_APPROVED) or "")


def is_approved(app: JsonObject, since: datetime) -> bool:
    """The annotation's time is not before the start of what it approves."""
    text = approval_of(app)
    try:
        return bool(text) and parse(text) >= since
    except ValueError:
        return False
