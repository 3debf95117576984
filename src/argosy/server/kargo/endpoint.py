"""An endpoint's declaration: path, required right, handler; and the parsed request."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from argosy.machinery.objects import JsonObject, Key
from argosy.server.calls import Needs
from argosy.server.kargo.access import Access, Permitted
from argosy.server.kargo.faults import invalid
from argosy.server.kargo.identity import Identity

MIB: Final = 1 << 20


@dataclass(slots=True, kw_only=True)
class ApiRequest:
    """One parsed request."""

    identity: Identity
    access: Access
    objects: Permitted
    path: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    peer: str = ""

    @property
    def project(self) -> str:
        return self.path["project"]

    def key(self, name: str) -> Key:
        """The object that the path names, in its project."""
        return Key(self.path["project"], self.path[name])

    def one(self, name: str) -> str:
        found = self.query.get(name)
        return found[-1] if found else ""

    def all(self, name: str) -> tuple[str, ...]:
        """Repeated, or separated by commas."""
        return tuple(part for value in self.query.get(name, ()) for part in value.split(",") if part)

    def flag(self, name: str) -> bool:
        return self.one(name) == "true"

    def json(self) -> JsonObject:
        """Raises Fault 400."""
        try:
            found = orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise invalid(
                f"the body is not JSON: {error}" if self.body else "the body is empty; JSON is expected"
            ) from None
        if not isinstance(found, dict):
            raise invalid(f"the body: an object is expected, not {type(found).__name__}")
        return found


@dataclass(frozen=True, slots=True)
class Reply:
    """`body` None: no content."""

    body: Any = None
    code: int = 200


@dataclass(frozen=True, slots=True)
class Stream:
    """Messages for server-sent events, until they end or the caller may no longer see them."""

    messages: AsyncGenerator[JsonObject, None]
    form: Callable[[JsonObject], bytes]


Answer = Callable[[ApiRequest], Awaitable[Reply | Stream]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """`path` such as `/projects/{project}/stages/{stage}`; `limit`: bytes of the body."""

    method: str
    path: str
    needs: Needs
    answer: Answer
    limit: int = MIB


# -- reading bodies: what is missing or null is empty, as in Go --------------------------------------------------------


def text(body: JsonObject, name: str) -> str:
    """Raises Fault 400."""
    value = body.get(name)
    if value is None or isinstance(value, str):
        return value or ""
    raise invalid(f"{name}: a text is expected, not {_word(value)}")


def flag(body: JsonObject, name: str) -> bool:
    """Raises Fault 400."""
    value = body.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise invalid(f"{name}: true or false is expected, not {_word(value)}")


def texts(body: JsonObject, name: str) -> list[str]:
    """Raises Fault 400."""
    value = body.get(name)
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    raise invalid(f"{name}: a list of texts is expected, not {_word(value)}")


def table(body: JsonObject, name: str) -> dict[str, str]:
    """Raises Fault 400."""
    value = body.get(name)
    if value is None:
        return {}
    if isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
        return value
    raise invalid(f"{name}: an object of texts is expected")


def inner(body: JsonObject, name: str) -> JsonObject | None:
    """Raises Fault 400."""
    value = body.get(name)
    if value is None or isinstance(value, dict):
        return value
    raise invalid(f"{name}: an object is expected, not {_word(value)}")


def objects(body: JsonObject, name: str) -> list[JsonObject]:
    """Raises Fault 400."""
    value = body.get(name)
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return value
    raise invalid(f"{name}: a list of objects is expected, not {_word(value)}")


def _word(value: object) -> str:
    """Names only the type: the value may be a misplaced secret."""
    words = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "an object",
    }
    return words.get(type(value), "null")
