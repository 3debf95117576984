"""A call in the form that every transport produces, its caller, and the rights that a method declares.

Handlers use plain dicts in the shape of Go's JSON. A method whose rights depend on an object checks them itself with
`permit` or `may`; if it answers without a check, the caller gets an internal error instead of the answer.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from argosy.machinery.objects import JsonObject
from argosy.server.errors import ApiError, denied
from argosy.server.permissions.enforcement import Subject

if TYPE_CHECKING:
    from argosy.server.messages import Message
    from argosy.server.permissions.enforcement import Enforcer

Unary = Callable[["Call"], Awaitable[JsonObject]]
Stream = Callable[["Call"], "AsyncGenerator[JsonObject, None] | AsyncGenerator[Message, None]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The caller. `issued_at` is formatted as in messages, RFC 3339; "" without a caller."""

    subject: Subject = field(default_factory=lambda: Subject(""))
    claims: Mapping[str, object] = field(default_factory=dict)
    issued_at: str = ""
    token_id: str = ""
    username: str = ""
    signed_in: bool = False


NOBODY = Caller()


class Need(StrEnum):
    NOTHING = "nothing"
    """Anybody, signed in or not."""
    SIGN_IN = "sign-in"
    """Anybody who is signed in: the method concerns only the caller's own data, or public data."""
    RIGHT = "right"
    """The right is checked before the handler runs."""
    WITHIN = "within"
    """The handler checks the right, because it must look up the object first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    need: Need
    resource: str = ""
    action: str = ""
    object_of: Callable[[JsonObject], str] | None = None
    mutates: bool = False
    """Whether a call changes something and is therefore audited."""


def nothing(*, mutates: bool = False) -> Needs:
    return Needs(need=Need.NOTHING, mutates=mutates)


def sign_in(*, mutates: bool = False) -> Needs:
    return Needs(need=Need.SIGN_IN, mutates=mutates)


def right(resource: str, action: str, object_of: Callable[[JsonObject], str], *, mutates: bool = False) -> Needs:
    return Needs(need=Need.RIGHT, resource=resource, action=action, object_of=object_of, mutates=mutates)


def within(resource: str, action: str, *, mutates: bool = False) -> Needs:
    return Needs(need=Need.WITHIN, resource=resource, action=action, mutates=mutates)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A method's handler and the rights it needs."""

    needs: Needs
    unary: Unary | None = None
    stream: Stream | None = None


@dataclass(slots=True, kw_only=True)
class Call:
    method: str
    request: JsonObject
    caller: Caller
    enforcer: Callable[[], Enforcer]
    """The current one: policies change while streams are open."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names are in lower case."""
    peer: str = ""
    over_rest: bool = False
    answer_headers: list[tuple[str, str]] = field(default_factory=list)
    """Headers of the answer; `set-cookie` is only sent to browsers."""
    uploads: AsyncIterator[JsonObject] | None = None
    """Further messages of a client stream."""
    permits: dict[tuple[str, str, str], None] = field(default_factory=dict)
    """The rights that were checked for the call; a stream checks them again later."""
    checked: bool = False

    def may(self, resource: str, action: str, target: str) -> bool:
        self.checked = True
        return self.enforcer().allows(self.caller.subject, resource, action, target)

    def permit(self, resource: str, action: str, target: str) -> None:
        """Raises ApiError with the detailed message."""
        if not self.may(resource, action, target):
            raise self.refusal(resource, action, target)
        self.permits[resource, action, target] = None

    def permit_hidden(self, resource: str, action: str, target: str) -> None:
        """Raises ApiError with the short message, where the object's existence must not be revealed."""
        if not self.may(resource, action, target):
            raise denied()
        self.permits[resource, action, target] = None

    def refusal(self, resource: str, action: str, target: str) -> ApiError:
        words = [resource, action, target]
        if self.caller.subject.name:
            words += [f"sub: {self.caller.subject.name}", f"iat: {self.caller.issued_at}"]
        return denied(f"permission denied: {', '.join(words)}")

    def still_permitted(self) -> bool:
        enforcer = self.enforcer()
        return all(enforcer.allows(self.caller.subject, *asked) for asked in self.permits)
