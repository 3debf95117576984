"""What a kind of step is, what it is given, and what it gives back.

Three sorts: steps of the `directory` change files of the Promotion's working directory alone, so they may be done again
after that directory was lost; steps on the `outside` have effects elsewhere, and look for what they did before they do
it; steps on the `cluster` are pure functions over the snapshot, whose effects are writes of the controller.
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
    """A step could not do its work. `terminal`: another attempt is no use. The text holds no secret value."""

    def __init__(self, message: str, *, terminal: bool = False, status: Status = Status.ERRORED) -> None:
        super().__init__(message)
        self.terminal = terminal
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one run of a step came to."""

    status: str = Status.SUCCEEDED
    output: JsonObject | None = None
    message: str = ""
    error: str = ""
    """Why it failed; a status Failed without an error counts as still running."""
    terminal: bool = False
    poll: timedelta | None = None
    """When to run it again, while it is running."""
    health: JsonObject | None = None
    """`{uses, config}` of the health check that its success brings along."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    panicked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run of a step: who wants it, with what."""

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
    """The namespace of Applications where a step names none; empty where none may be looked at."""
    output: JsonObject | None = None
    """What the step gave last time."""
    freight: Sequence[JsonObject] = ()
    """References of the Promotion's collection, one an origin."""
    origins: Sequence[str] = ()
    """Names of the Warehouses that the Stage requests Freight of."""
    target: JsonObject = field(default_factory=dict)
    """The reference that is promoted."""
    started_at: datetime | None = None
    """When this Promotion began: the time of the commits it makes, so that made again they are the same."""


class Tools(Protocol):
    """The doors that steps may use; the adapters are in `adapters`."""

    async def in_thread(self, work: Callable[[], Any]) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a step of the directory or of the outside works with."""

    job: Job
    directory: Path
    tools: Any
    """See `adapters.tools.Tools`."""


@dataclass(frozen=True, slots=True)
class Writes:
    """A step on the cluster must write first; it is looked at again when that is done."""

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
    """Done twice it would have two effects: what it came to is kept before anything follows it."""
    repositories: Callable[[JsonObject], list[tuple[str, str]]] = lambda _: []
    """(credential type, URL) of what it will ask for with credentials."""

    def faults(self, config: Any) -> list[Fault]:
        return faults(self.schema, config)

    def refusal(self, config: Any) -> Result | None:
        """The result of a configuration that is not allowed."""
        if not (found := self.faults(config)):
            return None
        error = "\n".join([f"invalid {self.name} config: {found[0]}", *map(str, found[1:])])
        return Result(status=Status.FAILED, error=error, terminal=True)
