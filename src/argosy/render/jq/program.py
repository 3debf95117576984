"""Runs one expression on one object inside a worker. Never loaded by the parent."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

import jq

from argosy.machinery.objects import JsonObject
from argosy.render.jq.port import ERROR_LIMIT, PATHS_LIMIT, SOURCE_LIMIT

PROGRAMS_KEPT: Final = 256
_HARMLESS: Final = re.compile(
    r"Cannot (?:iterate over|index|delete|use) \w+(?: with \w+)?|Invalid path expression|break$"
)
"""The safe part of a runtime error: the rest of its message is made of the object's values."""

_MANY: Final = f"it leads to more than {PATHS_LIMIT} paths"


class NotJq(ValueError):
    """The expression does not compile."""


def answer(expression: str, body: str) -> JsonObject:
    """`port.Answer` without the false fields."""
    paths: list[Any] = []
    try:
        for path in _compiled(expression).input_text(body):
            if len(paths) >= PATHS_LIMIT:
                return {"error": _MANY, "is_breach": True}
            paths.append(path)
    except NotJq as error:
        return {"error": str(error)}
    except ValueError as error:
        text = str(error)
        return {"error": _safe(text), "is_absence": not paths and text.startswith("Cannot iterate over null")}
    return {"paths": paths}


@lru_cache(maxsize=PROGRAMS_KEPT)
def _compiled(expression: str) -> Any:
    """It must also be a valid expression by itself: parentheses that close ours would give it several outputs.

    The line break ends a comment.
    """
    if len(expression.encode(errors="replace")) > SOURCE_LIMIT:
        raise NotJq(f"it is longer than {SOURCE_LIMIT // 1024} KiB")
    try:
        program = jq.compile(f"path({expression}\n)")
        jq.compile(expression)
    except (ValueError, UnicodeError) as error:
        raise NotJq(_first_line(str(error))) from None
    return program


def _first_line(text: str) -> str:
    line = text.partition("\n")[0].removeprefix("jq: error: ").partition(" at <top-level>")[0]
    return f"it is not a jq expression: {line}"[:ERROR_LIMIT]


def _safe(text: str) -> str:
    found = _HARMLESS.match(text)
    return found[0] if found else "it ends in an error"
