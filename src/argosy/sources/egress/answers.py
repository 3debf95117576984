"""HTTP responses, and error messages for unexpected ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson

from argosy.sources.port import AccessDenied, NotFound, SourceError, Unavailable
from argosy.sources.scrub import scrub

COMPLAINT_LIMIT: Final = 200
COMPLAINTS_BYTES: Final = 64 * 1024
_COMPLAINTS: Final = ("message", "detail", "error_description", "error", "title")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A complete response; `url` is where it came from after redirects."""

    status: int
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def refused_status(answer: Answer, what: str) -> SourceError:
    """The error for an unexpected status."""
    text = f"{what}: {scrub(answer.url)} answered {answer.status}"
    if answer.status in (401, 403):
        return AccessDenied(f"{text}: authentication required or not authorized")
    if answer.status in (404, 410):
        return NotFound(f"{text}: not found")
    return Unavailable(text)


def complaint(body: bytes) -> str:
    """The error message in an API's response, from the usual fields; "" for any other document.

    A foreign body is never shown raw: the user who chose the URL may not be allowed to read its content.
    """
    try:
        found = orjson.loads(body) if len(body) <= COMPLAINTS_BYTES else None
    except orjson.JSONDecodeError:
        return ""
    for name in _COMPLAINTS:
        complaint = found.get(name) if isinstance(found, dict) else None
        complaint = complaint.get("message") if isinstance(complaint, dict) else complaint
        if isinstance(complaint, str) and complaint.strip():
            return scrub(complaint)[:COMPLAINT_LIMIT]
    return ""
