"""Shared by all services: parsing the delivery, sending requests, and the error that fails an attempt."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

import orjson

from argosy.machinery.objects import JsonObject
from argosy.machinery.text import yaml
from argosy.machinery.text.yaml import YamlError
from argosy.notify.threads import Remembered, Threads

ANSWER_LIMIT: Final = 1024 * 1024
SECONDS: Final = 30.0


class Refused(Exception):
    """The delivery failed; the text is for users and holds no credential. `final`: a retry cannot help."""

    def __init__(self, message: str, *, final: bool = False, retry_seconds: float = 0.0) -> None:
        super().__init__(message)
        self.final, self.retry_seconds = final, retry_seconds


class Reply(Protocol):
    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def body(self) -> bytes: ...


class Request(Protocol):
    """Through the egress policy; any status is a reply. Raises SourceError."""

    def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        insecure: bool,
        seconds: float,
    ) -> Awaitable[Reply]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """The outside interfaces that services may use."""

    request: Request
    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]
    address: Callable[[str], Awaitable[str]]
    """An address of a host that the policy permits. Raises SourceError."""
    threads: Threads = field(default_factory=Remembered)
    """Where threads started, by service, recipient and grouping key."""
    write: Callable[[str], object] = lambda text: None
    """A command's terminal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    type: str
    name: str
    recipient: str
    options: JsonObject = field(repr=False)
    content: JsonObject = field(repr=False)
    key: str = ""

    @property
    def message(self) -> str:
        return str(self.content.get("message") or "")

    @property
    def block(self) -> JsonObject:
        found = self.content.get(self.type)
        return found if isinstance(found, dict) else {}

    @property
    def has_block(self) -> bool:
        return isinstance(self.content.get(self.type), dict)

    @property
    def about(self) -> JsonObject:
        """From the object: its repoURL and revision, and the first template's name."""
        return self.content.get("") or {}

    def text(self, field: str) -> str:
        value = self.block.get(field)
        return "" if value is None else str(value)

    def option(self, name: str, default: str = "") -> str:
        value = self.options.get(name)
        return default if value in (None, "") else str(value)

    def named(self, options: str) -> str:
        """The recipient's entry in a map of options, such as URLs or keys. Raises Refused."""
        found = (self.options.get(options) or {}).get(self.recipient)
        if not found:
            raise Refused(f"no {options} entry for recipient '{self.recipient}'", final=True)
        return str(found)


async def post(
    delivery: Delivery,
    doors: Doors,
    url: str,
    body: Any,
    *,
    headers: Mapping[str, str] | None = None,
    method: str = "POST",
    seconds: float = SECONDS,
) -> Reply:
    """JSON; any status is a reply."""
    given = {"Content-Type": "application/json", "User-Agent": "argosy", **(headers or {})}
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    insecure = bool(delivery.options.get("insecureSkipVerify"))
    return await doors.request(method, url, headers=given, body=raw, insecure=insecure, seconds=seconds)


def expect_good(delivery: Delivery, reply: Reply) -> None:
    """Requires a 2xx status. Raises Refused."""
    if not 200 <= reply.status < 300:
        raise refused(delivery, reply)


def refused(delivery: Delivery, reply: Reply) -> Refused:
    """By status: errors caused by the request itself are not retried."""
    final = 400 <= reply.status < 500 and reply.status not in (401, 403, 404, 408, 409, 425, 429)
    return Refused(
        f"{delivery.type} answered {reply.status}",
        final=final,
        retry_seconds=_retry_after(reply) if reply.status in (429, 503) else 0.0,
    )


def _retry_after(reply: Reply) -> float:
    text = reply.headers.get("retry-after", "")
    return min(3600.0, float(text)) if text.isdecimal() else 0.0


def decoded(delivery: Delivery, reply: Reply) -> JsonObject:
    """Raises Refused."""
    try:
        found = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        raise Refused(f"{delivery.type} answered something that is not JSON") from None
    return found if isinstance(found, dict) else {}


def json_text(delivery: Delivery, field: str) -> Any:
    """A block's field that holds JSON as text; None if empty. Raises Refused."""
    text = delivery.text(field)
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise Refused(f"{delivery.type}.{field} is not JSON: {_where(error)}", final=True) from None


def yaml_text(delivery: Delivery, field: str) -> Any:
    """Like `json_text`, for fields that may be YAML."""
    try:
        return yaml.load(delivery.text(field))
    except YamlError as error:
        raise Refused(f"{delivery.type}.{field} is not YAML: {error}", final=True) from None


def _where(error: ValueError) -> str:
    return getattr(error, "msg", "it cannot be read")


def basic(username: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()}
