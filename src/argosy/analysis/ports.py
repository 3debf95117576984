"""What this room asks of the world: one measurement of one metric.

A question names the run by its uid, the measurement by its number and the moment it was asked, so that it is asked once
however often the run is looked at, and never answered by an older measurement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from argosy.machinery.controller import Hidden, Question

Operation = Literal["run", "resume", "terminate", "collect"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A value, to be judged by the metric's conditions."""

    value: object
    """As `expr.exprlang.values` has it."""
    text: str
    """As the status shows it."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    keeps_text: bool = False
    """The text is shown even when a condition cannot be evaluated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A phase that the provider knows by itself; Running is gone on with after `resume_after` seconds."""

    phase: str
    text: str = ""
    message: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    resume_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """There is no value, and why, in words for users. Never holds a credential."""

    message: str


Answer = Measured | Judged | Broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure(Question[Answer]):
    """`spec`, `run` and `credentials` are JSON, hidden: values of Secrets stand in them."""

    uid: str
    metric: str
    number: int
    operation: Operation
    asked_at: datetime
    provider: str
    place: str
    """Whom it burdens: the provider and its address. A slow place holds up no other."""
    spec: Hidden
    """The metric with its arguments filled in."""
    run: Hidden
    """What of the run a provider may need: name, namespace, startedAt, the unfinished measurement."""
    credentials: Hidden
    """Contents of the Secret that the provider is configured by; `null` when it is not there."""


class MetricProvider(Protocol):
    """Takes one measurement. What it knows to go wrong is Broken; time-outs are its own."""

    async def measure(self, question: Measure) -> Answer: ...
