"""A Stage's status while the parts of one pass run, and the writes that go with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from argosy.apis.kargo import Freight
from argosy.machinery.controller import Apart, Event
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write, merge
from argosy.promotion.conditions import Conditions
from argosy.promotion.kinds import FREIGHT
from argosy.promotion.stages.seen import Seen

ACTOR: Final = "controller:stage-controller"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A status in progress, and the writes that go with it."""

    status: JsonObject
    conditions: Conditions
    before: tuple[Write | Event, ...] = ()
    """Written before the status."""
    after: tuple[Event | Apart, ...] = ()
    metadata: JsonObject = field(default_factory=dict)
    """Annotations and labels of the Stage, as a merge patch."""
    wake_at: datetime | None = None


Part = Callable[[Seen, Work, datetime], Work]


def fresh(seen: Seen, now: datetime) -> Work:
    conditions = Conditions(seen.status.conditions, seen.stage.metadata.generation, now)
    return Work(status=dict(seen.status.raw), conditions=conditions)


def of_freight(piece: Freight, patch: JsonObject) -> Write:
    return merge(FREIGHT, piece.raw, {"status": patch}, subresource="status")
