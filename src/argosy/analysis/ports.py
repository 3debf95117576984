"""The question of this room: one measurement of one metric.

A question contains the run's uid, the number of the measurement and the time it was asked, so that it is asked once
however often the run is processed, and never answered by an older measurement.
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
    """A value, to be assessed by the metric's conditions."""

    value: object
    """In the types of `expr.exprlang.values`."""
    text: str
    """The text in the status."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    keeps_text: bool = False
    """The text is shown even if a condition cannot be evaluated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A phase that the provider determines itself; Running is resumed after `resume_after` seconds."""

    phase: str
    text: str = ""
    message: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    resume_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """There is no value; the message says why. Never holds a credential."""

    message: str


Answer = Measured | Judged | Broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure(Question[Answer]):
    """`spec`, `run` and `credentials` are JSON, hidden: they contain values of Secrets."""

    uid: str
    metric: str
    number: int
    operation: Operation
    asked_at: datetime
    provider: str
    place: str
    """The queue: the provider and its address. A slow server delays no other."""
    spec: Hidden
    """The metric with its arguments filled in."""
    run: Hidden
    """Facts about the run that a provider may need: name, namespace, startedAt, the unfinished measurement."""
    credentials: Hidden
    """Contents of the Secret that configures the provider; `null` if it does not exist."""


class MetricProvider(Protocol):
    """Takes one measurement. Expected errors are Broken; it limits its own time."""

    async def measure(self, question: Measure) -> Answer: ...
