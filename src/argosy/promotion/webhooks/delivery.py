"""A received delivery, its meaning, and its answer. All pure: nothing here reads or writes anything.

Source: spec/kargo-api.md 7. A provider's module verifies the signature before it uses anything else of the delivery.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import orjson

from argosy.machinery.objects import JsonObject

BODY_LIMIT: Final = 2 * 1024 * 1024
PING: Final[JsonObject] = {"msg": "ping event received, webhook is configured correctly"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, str] = field(default_factory=dict)

    def header(self, name: str) -> str:
        """Case-insensitive; "" if it is missing."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: JsonObject


class Refused(Exception):
    """The delivery is answered with an error; `status` is HTTP's. The text never quotes a secret or a signature."""

    def __init__(self, status: int, error: str = "") -> None:
        super().__init__(error or str(status))
        self.status, self.error = status, error

    @property
    def reply(self) -> Reply:
        return Reply(self.status, {"error": self.error} if self.error else {})


@dataclass(frozen=True, slots=True)
class Pushed:
    """Something new in repositories: `qualifiers` are refs, tags or versions; none means that anything may be new.

    `files`: the changed files, if known.
    """

    urls: tuple[str, ...]
    qualifiers: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Closed:
    """A pull request was merged or declined."""

    url: str


Meaning = Pushed | Closed | Reply


def pushed(urls: Sequence[str], qualifiers: Sequence[str] = (), files: Sequence[str] = ()) -> Pushed:
    return Pushed(
        tuple(sorted({url for url in urls if url})),
        tuple(sorted({q for q in qualifiers if q})),
        tuple(sorted({*files})),
    )


def signed(delivery: Delivery, header: str, secret: str, prefix: str = "sha256=") -> None:
    """Raises Refused if the HMAC-SHA256 of the body is missing or wrong."""
    given = delivery.header(header)
    if not given:
        raise Refused(401, "missing signature")
    made = prefix + hmac.new(secret.encode(), delivery.body, sha256).hexdigest()
    if not hmac.compare_digest(made.encode(), given.encode()):
        raise Refused(401, "unauthorized")


def same(one: str, other: str) -> bool:
    """In constant time, so that timing reveals nothing of the secret."""
    return hmac.compare_digest(one.encode(), other.encode())


def unsupported(event: str, status: int = 400) -> Refused:
    return Refused(status, f"event type {event} is not supported")


def payload(delivery: Delivery) -> JsonObject:
    """The body as a JSON object. Raises Refused."""
    try:
        found = orjson.loads(delivery.body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise Refused(400, "invalid request body")
    return found


def text(found: Any, *path: str) -> str:
    return str(_at(found, path, str, ""))


def number(found: Any, *path: str) -> int:
    return int(_at(found, path, int, 0))


def items(found: Any, *path: str) -> list[Any]:
    return list(_at(found, path, list, []))


def below(found: Any, *path: str) -> JsonObject:
    return dict(_at(found, path, dict, {}))


def texts(found: Any, *path: str) -> list[str]:
    listed = items(found, *path)
    if any(not isinstance(one, str) for one in listed):
        raise Refused(400, "invalid request body")
    return listed


def _at(found: Any, path: Sequence[str], kind: type, empty: Any) -> Any:
    """A missing or null value is empty, a value of another type is refused, as Go's decoder does."""
    for number, name in enumerate(path):
        if not isinstance(found, dict):
            raise Refused(400, "invalid request body")
        found = found.get(name)
        if found is None:
            return empty
        last = number == len(path) - 1
        if not isinstance(found, kind if last else dict) or (last and kind is int and isinstance(found, bool)):
            raise Refused(400, "invalid request body")
    return found
