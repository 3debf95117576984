"""What is told of an issuer, and what a type of issuer is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from argosy.apis.certmanager.issuer import AnyIssuer
from argosy.certs.settings import Settings
from argosy.machinery.controller import Snapshot, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The Ready condition, and what goes with it."""

    ready: bool
    reason: str
    message: str = ""
    announced: bool = True
    """Whether an Event of the same reason is told."""
    error: str = ""
    """Of the Event `ErrInitIssuer`; empty for none."""
    expiring: str = ""
    """A warning that the CA ends soon; empty for none."""
    status: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the status; None removes one."""
    steps: tuple[Step, ...] = ()
    """What is done first."""
    wake_at: datetime | None = None
    memory: Any = None
    """What the type's own look finds again, as `snapshot.memory.own`."""
    is_silent: bool = False
    """Only the steps are done; conditions stay as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerKind:
    """A type of issuer: what is looked at, and what is told of it; None: nothing yet."""

    name: str
    look: Callable[[Snapshot, AnyIssuer, Settings], Any]
    decide: Callable[[AnyIssuer, Any, Settings, datetime], Verdict | None]
