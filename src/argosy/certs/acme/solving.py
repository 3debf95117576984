"""What a solver has to say of one Challenge; the Challenge's controller does not know how it is solved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from argosy.certs.acme.ports import NotYet, Visible
from argosy.machinery.controller import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Solving:
    """Each field is only filled while it matters: presenting, checking, or cleaning up."""

    steps: tuple[Step, ...] = ()
    """Writes that present it, or put back what is missing of it."""
    shown: bool | NotYet = False
    """Whether all of it is presented; NotYet: that failed."""
    visible: Visible | NotYet | None = None
    """Whether it can be seen from here; None: that is being looked at."""
    settles: timedelta = timedelta()
    """How long to wait after it was seen."""
    removal: tuple[Step, ...] = ()
    """Writes that take it away."""
    gone: bool | NotYet = False
    """Whether nothing of it is left; NotYet: that failed."""
