"""The attributes of one authorization request, and the refusal (spec sections 2, 3 and 15)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from argosy.cluster.kind import User
from argosy.machinery.status import StatusError
from argosy.machinery.text.go_text import quoted

MASTERS = "system:masters"
AUTHENTICATED = "system:authenticated"
UNAUTHENTICATED = "system:unauthenticated"
ANONYMOUS = "system:anonymous"


@dataclass(frozen=True, slots=True)
class Attributes:
    """A resource request, or with `path` a non-resource one. An empty name means the whole collection."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def spelled_resource(self) -> str:
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


class Verdict(NamedTuple):
    allowed: bool
    reason: str = ""


class Authorizer(Protocol):
    @property
    def revision(self) -> int:
        """Goes up whenever an answer may have changed."""
        ...

    def judge(self, user: User, asked: Attributes) -> Verdict: ...


def forbidden(user: User, asked: Attributes) -> StatusError:
    """Upstream's 403: names the user and the request, and reveals nothing about the object, not even its existence."""
    if asked.path:
        message = f"forbidden: User {quoted(user.name)} cannot {asked.verb} path {quoted(asked.path)}"
        return StatusError(403, "Forbidden", message, generic=True)
    qualified = f"{asked.resource}.{asked.group}" if asked.group else asked.resource
    named = f"{qualified} {quoted(asked.name)}" if asked.name else qualified
    scope = f"in the namespace {quoted(asked.namespace)}" if asked.namespace else "at the cluster scope"
    message = (
        f"{named} is forbidden: User {quoted(user.name)} cannot {asked.verb} resource {quoted(asked.spelled_resource)} "
        f"in API group {quoted(asked.group)} {scope}"
    )
    return StatusError(403, "Forbidden", message, name=asked.name, group=asked.group, kind=asked.resource)


def unauthorized() -> StatusError:
    return StatusError(401, "Unauthorized", "Unauthorized")


def require(authorizer: Authorizer, user: User, asked: Attributes) -> None:
    """Raises the 403 unless allowed."""
    if not authorizer.judge(user, asked).allowed:
        raise forbidden(user, asked)
