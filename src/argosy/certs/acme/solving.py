"""What a solver reports about one Challenge; the Challenge's controller does not know how it is solved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from argosy.certs.acme.ports import NotYet, Visible
from argosy.machinery.controller import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Solving:
    """Each field is only filled in the phase that needs it: presenting, checking, or cleaning up."""

    steps: tuple[Step, ...] = ()
    """Writes that present it, or re-create missing parts."""
    shown: bool | NotYet = False
    """Whether all of it is presented; NotYet if that failed."""
    visible: Visible | NotYet | None = None
    """Whether it can be seen from here; None while the check is running."""
    settles: timedelta = timedelta()
    """How long to wait after it was seen."""
    removal: tuple[Step, ...] = ()
    """Writes that clean it up."""
    gone: bool | NotYet = False
    """Whether all of it is cleaned up; NotYet if that failed."""
