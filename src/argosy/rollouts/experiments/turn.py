"""A turn of an Experiment: its writes, and the new status."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from argosy.apis.rollouts import Experiment
from argosy.machinery import timestamps
from argosy.machinery.controller import Event, Step
from argosy.machinery.objects import JsonObject
from argosy.rollouts.experiments.look import Seen
from argosy.rollouts.experiments.rules import is_terminating


@dataclass(slots=True)
class Turn:
    seen: Seen
    now: datetime
    status: JsonObject
    steps: list[Step] = field(default_factory=list)
    later: list[Step] = field(default_factory=list)
    """Runs to create once the status names them."""
    wake_at: datetime | None = None

    @property
    def experiment(self) -> Experiment:
        return self.seen.experiment

    @property
    def is_terminating(self) -> bool:
        return is_terminating(self.experiment)

    @property
    def stamp(self) -> str:
        return timestamps.seconds(self.now)

    def event(self, reason: str, message: str, type: Literal["Normal", "Warning"] = "Normal") -> None:  # noqa: A002
        self.steps.append(Event(about=self.experiment.raw, reason=reason, message=message, type=type))

    def wake(self, at: datetime | None) -> None:
        if at is not None and at > self.now and (self.wake_at is None or at < self.wake_at):
            self.wake_at = at

    def put(self, part: str, item: JsonObject) -> None:
        """Replaces the entry of that name in a list of the status."""
        items: list[JsonObject] = self.status.setdefault(part, [])
        for index, found in enumerate(items):
            if found.get("name") == item["name"]:
                items[index] = item
                return
        items.append(item)


def new_turn(seen: Seen, now: datetime) -> Turn:
    return Turn(seen=seen, now=now, status=copy.deepcopy(seen.experiment.raw.get("status") or {}))


def owner_reference(experiment: Experiment) -> JsonObject:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Experiment",
        "name": experiment.name,
        "uid": experiment.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
