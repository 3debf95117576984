"""What is reported about an issuer, and the parts of an issuer type."""

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
    """The Ready condition, and the Events and fields that go with it."""

    ready: bool
    reason: str
    message: str = ""
    announced: bool = True
    """Whether an Event of the same reason is emitted."""
    error: str = ""
    """Message of the Event `ErrInitIssuer`; empty for no Event."""
    expiring: str = ""
    """A warning that the CA expires soon; empty for none."""
    status: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the status; None removes one."""
    steps: tuple[Step, ...] = ()
    """Steps that come first."""
    wake_at: datetime | None = None
    memory: Any = None
    """The type's own memory, read back as `snapshot.memory.own`."""
    is_silent: bool = False
    """Only run the steps; conditions stay as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerKind:
    """A type of issuer: what it reads, and what it reports; None if there is nothing to report yet."""

    name: str
    look: Callable[[Snapshot, AnyIssuer, Settings], Any]
    decide: Callable[[AnyIssuer, Any, Settings, datetime], Verdict | None]
