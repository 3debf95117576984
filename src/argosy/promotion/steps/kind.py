"""What defines a kind of step, its input and its result.

There are three types: steps of the `directory` only change files of the Promotion's working directory, so they can be
repeated if that directory is lost; steps on the `outside` have effects elsewhere, and check whether these exist before
they repeat them; steps on the `cluster` are pure functions over the snapshot, whose effects are controller writes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write
from argosy.promotion.steps.schema import Fault, Schema, faults


class Status(StrEnum):
    SUCCEEDED = "Succeeded"
    SKIPPED = "Skipped"
    RUNNING = "Running"
    ABORTED = "Aborted"
    FAILED = "Failed"
    ERRORED = "Errored"


SEVERITY: Mapping[str, int] = {status: number for number, status in enumerate(Status)}


class StepFault(Exception):
    """A step failed. `terminal`: another attempt is useless. The text holds no secret value."""

    def __init__(self, message: str, *, terminal: bool = False, status: Status = Status.ERRORED) -> None:
        super().__init__(message)
        self.terminal = terminal
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of one run of a step."""

    status: str = Status.SUCCEEDED
    output: JsonObject | None = None
    message: str = ""
    error: str = ""
    """Why it failed; a status Failed without an error counts as still running."""
    terminal: bool = False
    poll: timedelta | None = None
    """When to run it again, while it is running."""
    health: JsonObject | None = None
    """`{uses, config}` of the health check that its success adds."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    panicked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run of a step: its context and configuration."""

    project: str
    stage: str
    promotion: str
    uid: str
    alias: str
    uses: str
    config: JsonObject
    actor: str = ""
    ui_url: str = ""
    applications: str = "argocd"
    """The default namespace of Applications; empty if none may be read."""
    output: JsonObject | None = None
    """The step's last output."""
    freight: Sequence[JsonObject] = ()
    """References of the Promotion's collection, one per origin."""
    origins: Sequence[str] = ()
    """Names of the Warehouses from which the Stage requests Freight."""
    target: JsonObject = field(default_factory=dict)
    """The reference that is promoted."""
    started_at: datetime | None = None
    """When this Promotion started: the time of its commits, so that repeated ones are the same."""


class Tools(Protocol):
    """The tools that steps may use; the adapters are in `adapters`."""

    async def in_thread(self, work: Callable[[], Any]) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Input of a step of the directory or of the outside."""

    job: Job
    directory: Path
    tools: Any
    """See `adapters.tools.Tools`."""


@dataclass(frozen=True, slots=True)
class Writes:
    """A step on the cluster must write first; it is visited again when that is done."""

    steps: tuple[Write, ...]
    result: Result | None = None


Sync = Callable[[Run], Result]
Async = Callable[[Run], Awaitable[Result]]
OnCluster = Callable[[Job, Snapshot, datetime | None], Result | Writes]


class Sort(StrEnum):
    PURE = "pure"
    DIRECTORY = "directory"
    OUTSIDE = "outside"
    CLUSTER = "cluster"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    name: str
    sort: Sort
    schema: Schema
    run: Callable[..., Any]
    """`Sync` for pure steps and those of the directory, `Async` where `waits`, `OnCluster` for those of the cluster."""
    waits: bool = False
    timeout: timedelta | None = None
    error_threshold: int = 1
    repeats_harm: bool = False
    """Repeating it would have a second effect: its result is stored before anything follows it."""
    repositories: Callable[[JsonObject], list[tuple[str, str]]] = lambda _: []
    """(credential type, URL) of the credentials that it will use."""

    def faults(self, config: Any) -> list[Fault]:
        return faults(self.schema, config)

    def refusal(self, config: Any) -> Result | None:
        """The result for an invalid configuration."""
        if not (found := self.faults(config)):
            return None
        error = "\n".join([f"invalid {self.name} config: {found[0]}", *map(str, found[1:])])
        return Result(status=Status.FAILED, error=error, terminal=True)
