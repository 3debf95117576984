"""What others may ask of users' Lua: calls, each a script and an object, and an answer to each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from argosy.machinery.objects import JsonObject, JsonValue

SOURCE_LIMIT: Final = 64 * 1024
"""Bytes of one script."""

RESULT_LIMIT: Final = 10 * 1024 * 1024
"""Bytes of one result, as JSON."""

ANSWER_LIMIT: Final = RESULT_LIMIT + 64 * 1024
"""Bytes of all that a worker says of one call."""

ERROR_LIMIT: Final = 4096
"""Characters of an error that are kept."""

WHOLE_LIMIT: Final = 2**63
"""Whole numbers below this come back as integers."""


@dataclass(frozen=True, slots=True)
class Call:
    """One script on one object. `open_libraries`: string, math and coroutine too."""

    script: str
    obj: JsonObject
    open_libraries: bool = False
    parameters: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the script returned, as JSON, or why it returned nothing.

    A table is a list when its keys are 1..n or it is empty, else an object; `restored` tells empty ones apart.
    """

    value: JsonValue = None
    kind: str = "nil"
    """The Lua type of what was returned."""

    error: str = ""
    is_timed: bool = False
    """It asked what time it is: another answer may be right a second later."""

    is_breach: bool = False
    """It met a limit, or took its worker along."""

    is_passing: bool = False
    """Not the script's fault: asked again, it may get an answer."""


class LuaEvaluator(Protocol):
    async def evaluate(self, calls: Sequence[Call], now: datetime) -> list[Answer]:
        """An answer to each call, in order. Nothing that a script does is an exception here."""
        ...


def restored(result: JsonValue, original: JsonValue) -> JsonValue:
    """With each empty list made an object where the original had an object: Lua does not tell one from the other.

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
