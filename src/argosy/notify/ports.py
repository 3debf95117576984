"""The questions that notifications ask of the world: to deliver one, and what a repository says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from argosy.machinery.controller import Hidden, Question
from argosy.machinery.objects import JsonObject


@dataclass(frozen=True, slots=True)
class Delivered:
    """The service took it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """`message` is for users and holds no secret. `final`: trying again cannot help."""

    message: str
    final: bool = False
    retry_seconds: float = 0.0
    """What the service asked to wait; 0 for the room's own back-off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver(Question[Delivered | Undelivered]):
    """One notification to one recipient. The state key makes each delivery one question, `attempt` each try of it."""

    key: str
    trigger: str
    service: str
    """The type, such as `slack`."""
    name: str
    """As configured."""
    recipient: str
    options: Hidden
    """JSON."""
    content: Hidden
    """JSON of the rendered blocks."""
    about: str
    """The object, as `kind namespace/name`; of an Event that which it tells of."""
    occasion: str = ""
    """Of an Event its type and reason, as `Normal/RolloutCompleted`."""
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class Unknown:
    """The repository answered, and has no such thing."""

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
    """What the first source of an Application is made of."""

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
