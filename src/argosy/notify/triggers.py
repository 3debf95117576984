"""Whether the conditions of a trigger are true, and for which occurrence.

Source: spec/notifications.md D4. A condition that fails, or whose result is not a boolean, is false.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from argosy.expr.exprlang import ExprError, Program
from argosy.expr.exprlang.values import printed
from argosy.notify.configuration import Condition

_CLOCKS: Final = ("time.", "now(")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of one condition."""

    index: int
    condition: Condition
    holds: bool
    once_per: str = ""
    error: str = ""
    """Why it could not be evaluated."""


def run(
    conditions: Sequence[Condition], variables: Mapping[str, Any], now: datetime, *, needs_condition: bool = True
) -> list[Result]:
    """`needs_condition`: whether an entry without `when` never fires, rather than always."""
    return [
        Result(index=at, condition=condition, holds=True)
        if condition.program is None and not needs_condition
        else _result(at, condition, variables, now)
        for at, condition in enumerate(conditions)
    ]


def depends_on_time(conditions: Sequence[Condition]) -> bool:
    """Whether one of them may become true without a change of the object."""
    return any(word in condition.when for condition in conditions for word in _CLOCKS)


def _result(at: int, condition: Condition, variables: Mapping[str, Any], now: datetime) -> Result:
    if condition.program is None:
        return Result(index=at, condition=condition, holds=False)
    try:
        holds = condition.program.run(variables, now) is True
    except ExprError as error:
        return Result(index=at, condition=condition, holds=False, error=str(error))
    once_per = _once_per(condition.once_program, variables, now) if holds else ""
    return Result(index=at, condition=condition, holds=holds, once_per=once_per)


def _once_per(program: Program | None, variables: Mapping[str, Any], now: datetime) -> str:
    if program is None:
        return ""
    try:
        return printed(program.run(variables, now))
    except ExprError:
        return ""
