"""One request to the API as values, and what its answer comes to. No socket here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

PREFIX: Final = "/api/argosy/v1"
SIGN_IN: Final = "/api/v1/session"
LONGEST_TEXT: Final = 300
Query = Mapping[str, "str | int | Sequence[str]"]


class ApiError(Exception):
    """A refusal: `code` such as `NOT_FOUND`, `status` as in HTTP, the message as the server put it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message = status, code, message


class Unreachable(Exception):
    """No answer came: nothing is known of what became of the request."""


@dataclass(frozen=True, slots=True)
class Event:
    """`name`: snapshot, patch or ended."""

    name: str
    data: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where the API is. Raises ValueError for a URL that is none."""

    url: str
    token: str = field(default="", repr=False)
    ca_file: str = ""
    """Who signed the server's certificate, where that is nobody whom the machine knows."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"url: {self.url!r} is not a URL such as https://argosy.example.com")

    def headers(self, *, has_body: bool) -> dict[str, str]:
        found = {"Accept": "application/json, text/event-stream"}
        if self.token:
            found["Authorization"] = f"Bearer {self.token}"
        return {**found, "Content-Type": "application/json"} if has_body else found


def target(path: str, values: Sequence[str], query: Query) -> str:
    """`path` with its `{}` filled in order; a query without what is empty."""
    filled = path.format(*(quote(value, safe="") for value in values))
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        many = [value] if isinstance(value, str | int) else value
        pairs += [(name, str(one)) for one in many if one != ""]
    return f"{PREFIX}{filled}" + (f"?{urlencode(pairs)}" if pairs else "")


def answer(status: int, body: bytes) -> Any:
    """Raises ApiError."""
    try:
        found = json.loads(body) if body else None
    except ValueError:
        raise ApiError(status, "UNKNOWN", body[:LONGEST_TEXT].decode(errors="replace")) from None
    if status < 400:
        return found
    told = found.get("error") if isinstance(found, dict) else None
    if isinstance(told, dict):
        raise ApiError(status, str(told.get("code") or "UNKNOWN"), str(told.get("message") or ""))
    raise ApiError(status, "UNKNOWN", str(told or body[:LONGEST_TEXT].decode(errors="replace")))


class Events:
    """From lines to events: feed it each line without its end; what comes back is an event, or None."""

    def __init__(self) -> None:
        self._name, self._data = "", ""

    def feed(self, line: str) -> Event | None:
        if line:
            name, _, value = line.partition(": ")
            if name == "event":
                self._name = value
            elif name == "data":
                self._data = value
            return None
        if not self._data:
            return None
        event = Event(self._name, json.loads(self._data))
        self._name = self._data = ""
        return event


def events_of(lines: Iterator[bytes]) -> Iterator[Event]:
    """Until the stream ends, or says that it does."""
    reading = Events()
    for line in lines:
        event = reading.feed(line.decode().rstrip("\r\n"))
        if event is not None:
            yield event
            if event.name == "ended":
                return
