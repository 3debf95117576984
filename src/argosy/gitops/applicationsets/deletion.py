"""The end of a set: its Applications go with it, survive it, or go one step after another (spec 15.4, 15.5).

A plain end needs nobody: the garbage collector follows the owner references. For the two others the set carries a
finalizer from the first look on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from argosy.gitops.applicationsets import rolling_sync
from argosy.gitops.applicationsets.application_writer import ApplicationWriter
from argosy.gitops.applicationsets.options import Options
from argosy.gitops.applicationsets.reconcile import Surroundings
from argosy.gitops.applicationsets.status_writer import StatusWriter
from argosy.machinery.objects import JsonObject
from argosy.runtime.controller import DONE, Outcome

FINALIZER: Final = "resources-finalizer.argocd.argoproj.io"
REVERSE_PAUSE: Final = 10.0


def survive(appset: JsonObject, options: Options) -> bool:
    """A policy without deletion lets Applications outlive their set."""
    return options.policy_of(appset.get("spec") or {}) in ("create-only", "create-update")


def in_reverse(appset: JsonObject, options: Options) -> bool:
    spec = appset.get("spec") or {}
    order = str((spec.get("strategy") or {}).get("deletionOrder") or "")
    return rolling_sync.is_rolling(spec, enabled=options.progressive_syncs) and order.lower() == "reverse"


class SetDeletion:
    """`prepare` before, `proceed` after the deletion was asked for."""

    def __init__(self, applying: ApplicationWriter, recording: StatusWriter) -> None:
        self._applying = applying
        self._recording = recording

    async def prepare(self, appset: JsonObject, options: Options) -> bool:
        """Whether the finalizer had to be written."""
        finalizers = appset["metadata"].get("finalizers") or []
        if FINALIZER in finalizers or not (survive(appset, options) or in_reverse(appset, options)):
            return False
        await self._recording.patch(appset, {"metadata": {"finalizers": [*finalizers, FINALIZER]}})
        return True

    async def proceed(self, appset: JsonObject, applications: Sequence[JsonObject], around: Surroundings) -> Outcome:
        finalizers = appset["metadata"].get("finalizers") or []
        if FINALIZER not in finalizers:
            return DONE
        if survive(appset, around.options):
            for app in applications:
                await self._applying.disown(app)
        elif in_reverse(appset, around.options) and (batch := rolling_sync.deletion_batch(appset, applications)):
            waiting = [app for app in batch if not app["metadata"].get("deletionTimestamp")]
            for app in waiting:
                await self._applying.remove(appset, app, around)
            return Outcome(acted=bool(waiting), requeue_after=REVERSE_PAUSE)
        left = [item for item in finalizers if item != FINALIZER]
        await self._recording.patch(appset, {"metadata": {"finalizers": left or None}})
        return Outcome(acted=True)
