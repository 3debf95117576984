"""The port for users' jq: calls, each an expression and an object, and the resulting paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

Path = tuple[Any, ...]
"""Consists of names, indices, and slices as `{"start": 1, "end": 2}`."""

SOURCE_LIMIT: Final = 64 * 1024
"""Maximum bytes of one expression."""

ANSWER_LIMIT: Final = 10 * 1024 * 1024
"""Maximum bytes of one answer, as JSON."""

PATHS_LIMIT: Final = 100_000
"""Maximum paths of one answer."""

ERROR_LIMIT: Final = 1024
"""Maximum characters of an error."""


@dataclass(frozen=True, slots=True)
class Call:
    """One expression on one object; `body` is the object as JSON."""

    expression: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`path(<expression>)`, or the error; no error contains any of the object's values."""

    paths: tuple[Path, ...] = ()
    error: str = ""
    is_absence: bool = False
    """It iterates over a missing value, which is equivalent to a missing path."""

    is_breach: bool = False
    """It exceeded a limit, and killed its worker."""

    is_passing: bool = False
    """A retry may give another answer."""

    is_outage: bool = False
    """No worker was available: the expression was not evaluated."""


class JqEvaluator(Protocol):
    async def evaluate(self, calls: Sequence[Call]) -> list[Answer]:
        """One answer per call, in order. Nothing that an expression does raises an exception here."""
        ...
