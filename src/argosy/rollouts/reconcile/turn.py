"""A turn in progress: the writes and events so far, the pauses, the new status.

One object collects them so that each part of a turn reads as what it does. It is discarded after the turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.rollouts import Experiment, Rollout
from argosy.apis.rollouts.analysis import AnalysisRun
from argosy.apis.schema import read
from argosy.machinery.controller import Event, Step
from argosy.machinery.objects import JsonObject, Kind
from argosy.machinery.patches.mergepatch import merge_patch
from argosy.machinery.requests import Write, merge
from argosy.rollouts.reconcile.seen import Seen
from argosy.rollouts.reconcile.steps.pauses import Pauses
from argosy.rollouts.reconcile.traffic.balancing import Check
from argosy.rollouts.routers.port import Drafts


class Halted(Exception):
    """The turn stops here, with its decisions so far: the missing object wakes it, or `wake_at` does."""


@dataclass(slots=True)
class Runs:
    """The AnalysisRuns that the status names."""

    step: AnalysisRun | None = None
    background: AnalysisRun | None = None
    pre: AnalysisRun | None = None
    post: AnalysisRun | None = None

    def all(self) -> list[AnalysisRun]:
        return [run for run in (self.step, self.background, self.pre, self.post) if run is not None]


@dataclass(slots=True)
class Turn:
    seen: Seen
    now: datetime
    rollout: Rollout
    new: ReplicaSet | None
    stable: ReplicaSet | None
    sets: Sequence[ReplicaSet]
    """All ReplicaSets, oldest first."""
    runs: Runs
    other_runs: Sequence[AnalysisRun]
    experiment: Experiment | None
    other_experiments: Sequence[Experiment]
    pauses: Pauses
    status: JsonObject
    """Earlier parts' decisions for the new status; the rest is computed at the end."""
    new_within_delay: bool = False
    """Whether the new ReplicaSet was about to be scaled down: then rolling back to it is fast."""
    targets_verified: bool | None = None
    steps: list[Step] = field(default_factory=list)
    later: list[Step] = field(default_factory=list)
    """Creations of objects that the status names. They come after the status: after a crash in between the status has
    the name, and there is no run that it does not name.
    """
    wake_at: datetime | None = None
    plugin_failed: bool = False
    execution: tuple[int, str, int] | None = None
    """When a step plug-in's next operation is due, for the next look to ask."""
    edits: tuple[Any, ...] = ()
    """`route_edits.Edits` to remember."""
    weighing: Check | None = None
    registering: Check | None = None
    drafts: Drafts = field(default_factory=lambda: Drafts({}))
    """Drafts of the objects that routers change."""
    obstacle: str = ""
    """Why the turn stopped early, as a message for the user."""

    @property
    def older(self) -> list[ReplicaSet]:
        """All but the new one."""
        return [found for found in self.sets if self.new is None or found.uid != self.new.uid]

    @property
    def others(self) -> list[ReplicaSet]:
        """Neither new nor stable."""
        named = {found.name for found in (self.new, self.stable) if found is not None}
        return [found for found in self.sets if found.name not in named]

    def write(self, *writes: Write) -> None:
        self.steps += writes

    def event(self, reason: str, message: str, type: Literal["Normal", "Warning"] = "Normal") -> None:  # noqa: A002
        self.steps.append(Event(about=self.rollout.raw, reason=reason, message=message, type=type))

    def wake(self, at: datetime | None) -> None:
        """Keeps the earliest time; a time that has passed needs no wake-up."""
        if at is not None and at > self.now and (self.wake_at is None or at < self.wake_at):
            self.wake_at = at

    def patch(self, kind: Kind, seen: Any, patch: JsonObject) -> None:
        """A merge patch on exactly the version that was read; later ones of this turn apply to the result."""
        wanted = merge(kind, seen, patch)
        self.write(merge(kind, seen, patch, exact=not self._wrote(wanted)))

    def _wrote(self, wanted: Write) -> bool:
        place = wanted.resource, wanted.key
        return any(isinstance(step, Write) and (step.resource, step.key) == place for step in self.steps)

    def patch_rollout(self, patch: JsonObject, subresource: str = "") -> None:
        """Later parts of the turn see the change. After a first write the Rollout has another version, but is the same
        object: then only the uid is the precondition.
        """
        key = self.rollout.key
        seen = any(
            isinstance(step, Write) and step.key == key and step.resource.plural == "rollouts" for step in self.steps
        )
        self.write(merge(Rollout, self.rollout, patch, subresource=subresource, exact=not seen))
        changed = read(Rollout, merge_patch(self.rollout.raw, patch))
        spec, metadata = self.rollout.spec, self.rollout.metadata
        if "spec" in patch:
            spec = replace(
                changed.spec,
                template=spec.template,
                selector=spec.selector,
                replicas=spec.replicas,
                strategy=spec.strategy,
            )
        if "metadata" in patch:
            metadata = replace(changed.metadata, annotations={**self.rollout.annotations, **changed.annotations})
        self.rollout = replace(changed, spec=spec, metadata=metadata)
        self.pauses.rollout = self.rollout

    def patch_set(self, found: ReplicaSet, patch: JsonObject) -> ReplicaSet:
        """Patches a ReplicaSet; later parts of the turn see the result."""
        self.patch(ReplicaSet, found, patch)
        changed = read(ReplicaSet, merge_patch(found.raw, patch))
        self.replace_set(changed)
        return changed

    def replace_set(self, changed: ReplicaSet) -> None:
        self.sets = [changed if one.uid == changed.uid else one for one in self.sets]
        if self.new is not None and self.new.uid == changed.uid:
            self.new = changed
        if self.stable is not None and self.stable.uid == changed.uid:
            self.stable = changed
