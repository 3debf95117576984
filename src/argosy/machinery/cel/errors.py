"""Errors of expressions, in cel-go's wording."""

from __future__ import annotations

from dataclasses import dataclass


class CelError(Exception):
    """Evaluation failed on these values: `no such key: x`, `division by zero`."""


class CostExceeded(CelError):
    """The budget of the evaluation is used up."""


NO_OVERLOAD = "no such overload"
COST_LIMIT = "operation cancelled: actual cost limit exceeded"


@dataclass(frozen=True, slots=True)
class Issue:
    position: int
    """Characters from the start."""
    message: str


class Issues(Exception):
    """The error in an expression; `str` is what cel-go prints, with the line and a marker under it."""

    def __init__(self, text: str, issues: list[Issue]) -> None:
        self.issues = issues
        super().__init__("\n".join(_shown(text, issue) for issue in issues[:20]))


class ParseError(Issues):
    """The text is not valid CEL."""


class TypeErrors(Issues):
    """The text is CEL, but does not fit the declared types."""


def _shown(text: str, issue: Issue) -> str:
    before = text[: issue.position]
    line = before.count("\n")
    column = len(before) - (before.rfind("\n") + 1)
    shown = (text.split("\n")[line] if text else "")[:500]
    return f"ERROR: <input>:{line + 1}:{column + 1}: {issue.message}\n | {shown}\n | {'.' * min(column, 500)}^"
