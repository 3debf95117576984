"""The result of a comparison: status, conditions, an automated sync, finalizers for hooks. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from argosy.apis.argoproj.application import Application, ApplicationSpec, ApplicationStatus, SyncStatus
from argosy.apis.schema import read
from argosy.gitops.comparison import orphan_monitoring
from argosy.gitops.comparison.application_state import Compared
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.deletion import stages as deletion
from argosy.gitops.dependencies import graph as dependencies
from argosy.gitops.health import Health
from argosy.gitops.hydrator import validation as hydration
from argosy.gitops.model import status_patch as status
from argosy.gitops.model.application_spec import is_multi, status_of
from argosy.gitops.sync import autosync
from argosy.gitops.sync import operation_state as operation
from argosy.gitops.sync.held_revision import CONDITION, condition, held_by, revision_text
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import seconds

Found = tuple[str, str]
"""A condition's type and message."""

SPEC_TYPES = (
    "InvalidSpecError",
    "ComparisonError",
    "UnknownError",
    "RepeatedResourceWarning",
    "SharedResourceWarning",
    "ExcludedResourceWarning",
    "RenderWarning",
)
TYPES = (*SPEC_TYPES, "SyncError", CONDITION, dependencies.WAITING)
"""The conditions that every comparison sets or removes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A comparison, and its context."""

    app: JsonObject
    compared: Compared
    digest_before: str
    """Digest of the manifests that were compared last, by this process."""
    requested: bool
    """A refresh was requested."""
    is_unblocked: bool = False
    """The reason that refused the last sync has changed since."""
    is_same: bool = False
    """The last sync's revision, a different one, has the same manifests."""
    claimed: Sequence[str]
    """Objects that another application tracks, too."""
    orphans: str
    waits: str
    """The other applications that it waits for, as text."""
    window_open: bool
    window_changes_in: float | None
    """Seconds."""

    @property
    def before(self) -> ApplicationStatus:
        return status_of(self.app)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonResult:
    status: JsonObject
    """Without conditions."""
    found: tuple[Found, ...]
    types: tuple[str, ...] = TYPES
    """The conditions that `found` replaces."""
    auto: autosync.AutoSync = autosync.NOTHING
    releases: bool = False
    """The held revision is no longer the desired one."""
    finalizers: list[str] | None = None
    """The wanted finalizers, if they differ."""
    looked: bool = True
    """Whether anything was compared at all."""


def refused(
    app: JsonObject,
    spec: ApplicationSpec,
    found: Sequence[Found],
    settings: Settings,
    now: datetime,
    *,
    health: Health | None = None,
    revisions: Sequence[str] = (),
    looked: bool = True,
) -> ComparisonResult:
    """If nothing could be compared. `health`: of live objects, if known; `revisions`: those that could not be loaded;
    `looked`: whether anything was read."""
    before, at = status_of(app), seconds(now)
    after = status.unknown(before, spec, at, health, revisions) if looked else status.unlooked(before, at)
    return ComparisonResult(status=after, found=(*_notices(spec, settings), *found), looked=looked)


def comparison_result(seen: Seen, settings: Settings, now: datetime) -> ComparisonResult:
    spec, desired = seen.compared.source_state.spec, seen.compared.desired
    after = _status(seen, now)
    held = held_by(seen.app)
    is_held = bool(held) and held == revision_text(read(SyncStatus, after["sync"]))
    found = [*_notices(spec, settings), *desired.targets.warnings]
    found += [("SharedResourceWarning", text) for text in seen.claimed]
    found += [condition(held)] if is_held else []
    found += [(orphan_monitoring.CONDITION, seen.orphans)] if seen.orphans else []
    auto = autosync.NOTHING
    if desired.problems:
        found.append(("ComparisonError", "\n".join(desired.problems)))
    else:
        auto, why_not = _auto_sync(seen, after, settings, now, is_held=is_held)
        found += why_not
    return ComparisonResult(
        status=after,
        found=tuple(found),
        types=(*TYPES, orphan_monitoring.CONDITION),
        auto=auto,
        releases=bool(held) and not is_held,
        finalizers=_finalizers(seen),
    )


def kept_revisions(before: ApplicationStatus, spec: ApplicationSpec) -> list[str] | None:
    """The revisions in the status."""
    if is_multi(spec):
        return list(before.sync.revisions) or None
    return [before.sync.revision] if before.sync.revision else None


def _notices(spec: ApplicationSpec, settings: Settings) -> list[Found]:
    notices = hydration.notices(spec, is_enabled=settings.hydrator_enabled)
    return [("InvalidSpecError", text) for text in notices]


def _status(seen: Seen, now: datetime) -> JsonObject:
    spec, desired = seen.compared.source_state.spec, seen.compared.desired
    # A commit that changes none of this application's manifests is not a new revision (spec 5.4).
    last = seen.before.sync.status or "Unknown"  # then the revision may be an unresolved name
    unrelated = not seen.requested and seen.digest_before == desired.digest and last != "Unknown"
    kept = kept_revisions(seen.before, spec) if unrelated else None
    revisions, types = kept or list(desired.revisions), list(desired.types)
    after = status.found(seen.before, spec, seen.compared.comparison, revisions, types, seconds(now))
    if operation.namespace_metadata_differs(seen.before, spec):
        after["sync"]["status"] = "OutOfSync"
    return after


def _auto_sync(
    seen: Seen, after: JsonObject, settings: Settings, now: datetime, *, is_held: bool
) -> tuple[autosync.AutoSync, list[Found]]:
    app = read(Application, seen.app)
    around = autosync.Seen(
        seen.compared.source_state.spec,
        read(ApplicationStatus, after),
        app.has_operation,
        bool(app.metadata.deletion_timestamp),
        seen.window_open,
        seen.window_changes_in,
        is_same=seen.is_same,
        is_asked=seen.requested or seen.is_unblocked,
        is_held=is_held,
    )
    auto = autosync.decide(around, settings, now)
    if auto.operation is not None and seen.waits:
        # Not started yet: it will start with the newest revision.
        return autosync.NOTHING, [(dependencies.WAITING, seen.waits)]
    return auto, [("SyncError", auto.error)] if auto.error else []


def _finalizers(seen: Seen) -> list[str] | None:
    desired, given = seen.compared.desired, list(read(Application, seen.app).metadata.finalizers)
    if desired.problems:
        return None
    wanted = deletion.with_hooks(given, desired.targets.hook_phases)
    return None if wanted == given else wanted
