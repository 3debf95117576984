"""A request as the handlers see it, whether from the HTTP front or the in-process client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol

from argosy.cluster.kind import Kind, User
from argosy.machinery.api import FieldValidation, PatchType, WatchEvent
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.status import StatusError

Verb = Literal["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Query parameters, parsed. Empty and None mean absent."""

    field_manager: str = ""
    field_validation: FieldValidation = "Warn"
    dry_run: bool = False
    force: bool = False
    label_selector: str = ""
    field_selector: str = ""
    limit: int = 0
    continue_token: str = ""
    resource_version: str = ""
    resource_version_match: str = ""
    send_initial_events: bool | None = None
    allow_bookmarks: bool = False
    timeout_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRequest:
    """Authenticated and authorized already; `body` is parsed JSON whatever the wire format was."""

    verb: Verb
    kind: Kind
    user: User
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    body: JsonValue = None
    """The object, the patch, or DeleteOptions."""
    duplicates: tuple[str, ...] = ()
    """Paths of duplicate JSON keys found while parsing `body`."""
    patch_type: PatchType | None = None
    options: Options = field(default_factory=Options)
    user_agent: str = ""
    in_pieces: bool = False
    """A large list may be answered piece by piece: the caller does not need its objects."""
    deny_create: StatusError | None = None
    """For an apply or PUT whose user may not create: the error to raise when the object does not exist."""


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """`body` is an object in the request's version, a list (`items` under the list kind) or a Status."""

    code: int
    body: JsonObject
    warnings: tuple[str, ...] = ()
    encoded: bytes | None = None
    """`body` as JSON bytes where the store already has them, so that they are not serialised again."""
    pieces: Iterator[bytes] | None = None
    """Instead of `encoded` and of the items in `body`: the JSON of a large list, built on demand."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One watch event in the request's version; `encoded` is its object's JSON, shared by all watchers."""

    event: WatchEvent
    encoded: bytes


class Api(Protocol):
    """The embedded server behind any front. Raises StatusError."""

    async def handle(self, request: ApiRequest) -> ApiResponse: ...

    def watch(self, request: ApiRequest) -> AsyncIterator[list[Frame]]:
        """Batches of frames as they happen; initial events and bookmarks according to the request's options.

        Raises StatusError before the first batch for a bad request, later (410 Expired) when the watcher fell behind.
        """
        ...
