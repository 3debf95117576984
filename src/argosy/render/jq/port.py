"""What others may ask of users' jq: calls, each an expression and an object, and the paths that it leads to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

Path = tuple[Any, ...]
"""Of names, indices, and slices as `{"start": 1, "end": 2}`."""

SOURCE_LIMIT: Final = 64 * 1024
"""Bytes of one expression."""

ANSWER_LIMIT: Final = 10 * 1024 * 1024
"""Bytes of one answer, as JSON."""

PATHS_LIMIT: Final = 100_000
"""Paths of one answer."""

ERROR_LIMIT: Final = 1024
"""Characters of an error that are kept."""


@dataclass(frozen=True, slots=True)
class Call:
    """One expression on one object; `body` is the object as JSON."""

    expression: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`path(<expression>)`, or why there is none; no error holds any of the object's values."""

    paths: tuple[Path, ...] = ()
    error: str = ""
    is_absence: bool = False
    """It iterates over what is not there, which is as good as a missing path."""

    is_breach: bool = False
    """It met a limit, and took its worker along."""

    is_passing: bool = False
    """Asked again, it may get another answer."""

    is_outage: bool = False
    """No worker could be had: nothing is known of the expression."""


class JqEvaluator(Protocol):
    async def evaluate(self, calls: Sequence[Call]) -> list[Answer]:
        """An answer to each call, in order. Nothing that an expression does is an exception here."""
        ...
