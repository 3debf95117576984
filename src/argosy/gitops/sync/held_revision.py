"""A revision that a user rolled back from is held: automated sync skips it until there is a newer one. Pure.

Upstream refuses a rollback while automated sync is on; here it is allowed, and the hold keeps it from being reverted.
"""

from __future__ import annotations

import itertools

from argosy.apis.argoproj.application import Application, ApplicationSpec, SyncOperation, SyncStatus
from argosy.apis.schema import read
from argosy.gitops.keys import annotations_of
from argosy.gitops.model.application_spec import sources_of
from argosy.gitops.sync.autosync import is_on
from argosy.machinery.objects import JsonObject

HELD = "argosy.dev/held-revision"
CONDITION = "RevisionHeld"
DEFAULT = "HEAD"
"""What a source without a `targetRevision` follows."""


def revision_text(named: SyncOperation | SyncStatus) -> str:
    """One or several revisions, in the annotation's format."""
    return ",".join(named.revisions) or named.revision


def revision_to_hold(app: JsonObject, spec: ApplicationSpec) -> str:
    """What the starting operation rolls back from; "" if it is not a rollback under automated sync."""
    found = read(Application, app)
    operation, target = found.operation, revision_text(found.status.sync)
    if operation is None or operation.sync is None or not is_on(spec) or operation.initiated_by.automated:
        return ""
    asked = operation.sync
    if asked.dry_run or asked.resources or not revision_text(asked) or _is_target(asked, target, spec):
        return ""
    return target


def _is_target(asked: SyncOperation, target: str, spec: ApplicationSpec) -> bool:
    """Whether that is what automated sync would take, by its commit or by the name that the source follows."""
    sources = sources_of(spec)
    names = list(asked.revisions) or [asked.revision] * max(len(sources), 1)
    commits = target.split(",") if target else []
    followed = [source.target_revision or DEFAULT for source in sources]
    wanted = itertools.zip_longest(names, commits, followed)
    return not commits or all(name in (commit, follows) for name, commit, follows in wanted)


def held_by(app: JsonObject) -> str:
    return annotations_of(app).get(HELD) or ""


def condition(held: str) -> tuple[str, str]:
    """The condition that reports it."""
    text = f"revision {held} is not synced automatically since a rollback; a newer one is, or remove annotation {HELD}"
    return CONDITION, text
