"""Parses the result of a user's health check (spec 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from argosy.gitops.health.verdict import ORDER, Health
from argosy.machinery.objects import JsonObject
from argosy.render.lua.port import Answer

INVALID: Final = "Lua returned an invalid health status"
MESSAGE_LIMIT: Final = 4096
"""Limit in characters for a message: it is copied to statuses and events."""

Judge = Callable[[JsonObject], Health | None]
"""An object's health; None means that it has none, and does not count."""


def verdict(answer: Answer) -> Health | None:
    """None for an empty table or nil. A script that failed makes its object Unknown, with the reason."""
    if answer.error:
        return Health("Unknown", answer.error[:MESSAGE_LIMIT])
    if answer.kind == "nil" or answer.value == []:
        return None
    if answer.kind != "table":
        return Health("Unknown", f"expect table output from Lua script, not {answer.kind}")
    given = answer.value if isinstance(answer.value, dict) else {}
    status, message = given.get("status"), given.get("message")
    if not isinstance(status, str) or status not in ORDER:
        return Health("Unknown", INVALID)
    if message is not None and not isinstance(message, (str, int, float)):
        return Health("Unknown", f"message of the Lua script must be a string, not {type(message).__name__}")
    return Health(status, "" if message is None else str(message)[:MESSAGE_LIMIT])
