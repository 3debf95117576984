"""From a comparison's result to one write of the Application (spec 4, 5, 6). Pure.

All in one write: an Application that shows Synced never lacks the finalizer for its hooks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from argosy.apis.argoproj.application import ApplicationStatus
from argosy.apis.schema import read
from argosy.gitops.comparison import result
from argosy.gitops.comparison.result import SPEC_TYPES, ComparisonResult
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.health import Health
from argosy.gitops.keys import REFRESH, ResourceKey, annotations_of
from argosy.gitops.manifests.generation import Desired
from argosy.gitops.model import conditions, event_messages
from argosy.gitops.model import status_patch as status
from argosy.gitops.model.application_spec import spec_of, status_of
from argosy.gitops.reconcile.advance import DONE, Advance
from argosy.gitops.refresh.level import Refresh
from argosy.gitops.sync.held_revision import HELD
from argosy.machinery.controller import Event
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import seconds
from argosy.observe.tracing import ANNOTATION


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCompared:
    """Why nothing could be compared: (condition type, message) pairs. See `result.refused`."""

    found: Sequence[tuple[str, str]]
    health: Health | None = None
    revisions: Sequence[str] = ()
    looked: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded:
    """A finished comparison. `namespace`: the control plane's."""

    seen: result.Seen | NotCompared
    settings: Settings
    namespace: str

    @property
    def why(self) -> dict[ResourceKey, str] | None:
        """One line for each object that is out of sync; None if nothing was compared."""
        return dict(self.seen.compared.comparison.why) if isinstance(self.seen, result.Seen) else None

    @property
    def desired(self) -> Desired:
        assert isinstance(self.seen, result.Seen)
        return self.seen.compared.desired


def concluded(
    found: Concluded,
    app: JsonObject,
    decided: Refresh | None,
    why: Mapping[ResourceKey, str],
    now: datetime,
    *,
    spec_changed: bool = False,
) -> Advance:
    """`spec_changed`: since the comparison before. Clients such as Terraform's provider then wait for a new
    `reconciledAt`, which Argo CD writes every few minutes, though nothing else of the status may change.
    """
    assert decided is not None, "without it nothing is compared"
    settings, seen = found.settings, found.seen
    if isinstance(seen, result.Seen):
        conclusion = result.comparison_result(seen, settings, now)
    else:
        spec = spec_of(app)
        conclusion = result.refused(
            app, spec, seen.found, settings, now, health=seen.health, revisions=seen.revisions, looked=seen.looked
        )
    before = status_of(app)
    after = _status(before, conclusion, found.namespace, now, is_awaited=decided.requested or spec_changed)
    patch = _patch(app, after, conclusion, decided)
    return Advance(
        patch=patch,
        events=_events(app, before, read(ApplicationStatus, after), why) if patch else (),
        wake_after=conclusion.auto.wake_after,
    )


def too_large(app: JsonObject, decided: Refresh | None, message: str, now: datetime) -> Advance:
    """If the API server refuses the status, only the reason is stored (spec 5.1); nothing is synced."""
    before = status_of(app).conditions
    text = f"the status is too large to be stored: {message}"
    marks = conditions.updated(before, [("UnknownError", text)], SPEC_TYPES, seconds(now))
    patch: JsonObject = {"status": {"conditions": marks}} if marks != [one.raw for one in before] else {}
    if decided is not None and decided.requested:
        patch["metadata"] = {"annotations": {REFRESH: None}}
    return Advance(patch=patch) if patch else DONE


def _status(
    before: ApplicationStatus, conclusion: ComparisonResult, namespace: str, now: datetime, *, is_awaited: bool
) -> JsonObject:
    marks = conditions.updated(before.conditions, conclusion.found, conclusion.types, seconds(now))
    after = {name: value for name, value in {**conclusion.status, "conditions": marks}.items() if value != []}
    compared, ended = before.reconciled_at, before.operation_state.finished_at
    if not conclusion.looked and not compared and not ended:
        return after  # it was never compared
    if before.controller_namespace != namespace:
        after["controllerNamespace"] = namespace
    # Clients that wait for a sync wait for a comparison that is not older than its end.
    unseen = not compared or bool(ended and compared < ended)
    if is_awaited or unseen or status.patch(before.raw, after) is not None:
        after = {**after, "reconciledAt": seconds(now)}
    return after


def _patch(app: JsonObject, after: JsonObject, conclusion: ComparisonResult, decided: Refresh) -> JsonObject:
    change = status.patch(status_of(app).raw, after)
    patch: JsonObject = {"status": change} if change else {}
    is_traced = decided.requested and ANNOTATION in annotations_of(app)
    asked = (REFRESH, decided.requested), (ANNOTATION, is_traced), (HELD, conclusion.releases)
    done = [name for name, is_done in asked if is_done]
    metadata: JsonObject = {"annotations": dict.fromkeys(done)} if done else {}
    if conclusion.finalizers is not None:
        metadata["finalizers"] = conclusion.finalizers or None
    if metadata:
        patch["metadata"] = metadata
    if conclusion.auto.operation is not None:
        # Creating an operation removes the previous operation's state, in the same write (spec 1.4).
        patch["operation"] = conclusion.auto.operation
        patch["status"] = {**(patch.get("status") or {}), "operationState": None}
    return patch


def _events(
    app: JsonObject, before: ApplicationStatus, after: ApplicationStatus, why: Mapping[ResourceKey, str]
) -> tuple[Event, ...]:
    found: list[Event] = []
    states = {
        "sync": (before.sync.status, after.sync.status),
        "health": (before.health.status, after.health.status),
    }
    for name, (old, new) in states.items():
        if old != new:
            found.append(Event(app, "ResourceUpdated", f"Updated {name} status: {old} -> {new}"))
            if new == "OutOfSync" and (text := event_messages.differences(why)):
                found.append(Event(app, "OutOfSync", text))
    return tuple(found)
