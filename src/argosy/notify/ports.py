"""The questions of notifications: to deliver one, and to read from a repository."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from argosy.machinery.controller import Hidden, Question
from argosy.machinery.objects import JsonObject


@dataclass(frozen=True, slots=True)
class Delivered:
    """The service accepted it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """`message` is for users and holds no secret. `final`: a retry cannot help."""

    message: str
    final: bool = False
    retry_seconds: float = 0.0
    """The wait that the service asked for; 0 for the room's own back-off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver(Question[Delivered | Undelivered]):
    """One notification to one recipient. The state key makes each delivery one question, `attempt` each attempt."""

    key: str
    trigger: str
    service: str
    """The type, such as `slack`."""
    name: str
    """The service's configuration."""
    recipient: str
    options: Hidden
    """JSON."""
    content: Hidden
    """JSON of the rendered blocks."""
    about: str
    """The object, as `kind namespace/name`; for an Event the object that it is about."""
    occasion: str = ""
    """For an Event its type and reason, as `Normal/RolloutCompleted`."""
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class Unknown:
    """The repository answered, but has no such revision or chart."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    message: str
    author: str
    date: datetime
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class CommitMetadata(Question[Commit | Unknown]):
    """Asked with the credentials of the project."""

    url: str
    revision: str
    project: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """The manifest source of an Application's first source."""

    type: str
    name: str = ""
    value_files: Sequence[str] = ()
    values: str = ""
    parameters: Sequence[JsonObject] = ()
    file_parameters: Sequence[JsonObject] = ()
    images: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class AppDetails(Question[Details | Unknown]):
    namespace: str
    name: str
    resource_version: str = field(default="")
