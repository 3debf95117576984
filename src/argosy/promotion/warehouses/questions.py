"""Questions of Warehouses: what one repository holds now, by the rules of one subscription."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from argosy.machinery import timestamps
from argosy.machinery.controller import Hidden, Question


@dataclass(frozen=True, slots=True)
class Found:
    """The discovered artefacts of one subscription, as in the Warehouse's status; or the error."""

    result: Any = None
    error: str = ""
    """The error, without secrets."""


@dataclass(frozen=True, slots=True)
class Discover(Question[Found]):
    """`kind`: git, image or chart; `body`: the subscription as JSON.

    `slot` identifies the discovery, so that a later one asks again; it ends with the time at which that discovery
    started. Equal questions of several Warehouses are asked once.
    """

    kind: str
    name: str
    body: str
    slot: str
    credentials: Hidden

    @property
    def asked_at(self) -> datetime:
        return timestamps.parse(self.slot.rpartition("/")[2].partition("#")[0])
