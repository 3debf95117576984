"""What Warehouses ask of the world: what one repository holds now, by the rules of one subscription."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from argosy.machinery import timestamps
from argosy.machinery.controller import Hidden, Question


@dataclass(frozen=True, slots=True)
class Found:
    """What was discovered for one subscription, as it stands in the Warehouse's status; or why it was not."""

    result: Any = None
    error: str = ""
    """Without secrets."""


@dataclass(frozen=True, slots=True)
class Discover(Question[Found]):
    """`kind`: git, image or chart; `body`: the subscription as JSON.

    `slot` is the discovery that it belongs to, so that a later one asks anew; it ends with the time at which that
    began. Equal questions of several Warehouses are asked once.
    """

    kind: str
    name: str
    body: str
    slot: str
    credentials: Hidden

    @property
    def asked_at(self) -> datetime:
        return timestamps.parse(self.slot.rpartition("/")[2].partition("#")[0])
