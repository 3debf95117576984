"""The port for users' Lua: calls, each a script and an object, and an answer to each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from argosy.machinery.objects import JsonObject, JsonValue

SOURCE_LIMIT: Final = 64 * 1024
"""Maximum bytes of one script."""

RESULT_LIMIT: Final = 10 * 1024 * 1024
"""Maximum bytes of one result, as JSON."""

ANSWER_LIMIT: Final = RESULT_LIMIT + 64 * 1024
"""Maximum bytes of a worker's response to one call."""

ERROR_LIMIT: Final = 4096
"""Maximum characters of an error."""

WHOLE_LIMIT: Final = 2**63
"""Integral numbers below this are returned as integers."""


@dataclass(frozen=True, slots=True)
class Call:
    """One script on one object. `open_libraries`: string, math and coroutine too."""

    script: str
    obj: JsonObject
    open_libraries: bool = False
    parameters: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The script's result as JSON, or why there is none.

    A table is a list when its keys are 1..n or it is empty, else an object; `restored` distinguishes empty ones.
    """

    value: JsonValue = None
    kind: str = "nil"
    """The Lua type of the result."""

    error: str = ""
    is_timed: bool = False
    """It read the time: another answer may be right a second later."""

    is_breach: bool = False
    """It exceeded a limit, or killed its worker."""

    is_passing: bool = False
    """Not the script's fault: a retry may succeed."""


class LuaEvaluator(Protocol):
    async def evaluate(self, calls: Sequence[Call], now: datetime) -> list[Answer]:
        """One answer per call, in order. Nothing that a script does raises an exception here."""
        ...


def restored(result: JsonValue, original: JsonValue) -> JsonValue:
    """Turns each empty list into an object where the original had an object: Lua does not distinguish them.

    Keys are in the original's order, and others follow.
    """
    if isinstance(original, dict):
        if result == []:
            return {}
        if isinstance(result, dict):
            order = [*(key for key in original if key in result), *(key for key in result if key not in original)]
            return {key: restored(result[key], original.get(key)) for key in order}
    if isinstance(original, list) and isinstance(result, list):
        known = [*original, *[None] * len(result)]
        return [restored(value, known[at]) for at, value in enumerate(result)]
    return result
