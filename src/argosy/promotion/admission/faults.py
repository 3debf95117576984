"""Refusals in Kubernetes' words: field errors with their paths, and other reasons to deny a write."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from argosy.machinery import duration

_PART: Final = re.compile(r"(\d+\.?\d*|\.\d+)([^.0-9]*)")
_UNITS: Final = frozenset({"ns", "us", "µs", "μs", "ms", "s", "m", "h"})
_WORDS: Final = {
    "Invalid": "Invalid value",
    "Forbidden": "Forbidden",
    "Required": "Required value",
    "NotSupported": "Unsupported value",
}


@dataclass(frozen=True, slots=True)
class FieldFault:
    """`path` names the field; `detail` says what would be right."""

    path: str
    detail: str
    value: Any = None
    type: Literal["Invalid", "Forbidden", "Required", "NotSupported"] = "Invalid"

    def __str__(self) -> str:
        word = _WORDS[self.type]
        if self.type in ("Forbidden", "Required"):
            return f"{self.path}: {word}: {self.detail}"
        shown = json.dumps(self.value, separators=(",", ":"), ensure_ascii=False)
        return f"{self.path}: {word}: {shown}" + (f": {self.detail}" if self.detail else "")


class Denied(Exception):
    """The write is refused. The texts are shown to the user."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.code, self.reason, self.message = code, reason, message


def invalid(kind: str, name: str, faults: Sequence[FieldFault]) -> Denied:
    causes = str(faults[0]) if len(faults) == 1 else f"[{', '.join(map(str, faults))}]"
    return Denied(422, "Invalid", f'{kind}.kargo.akuity.io "{name}" is invalid: {causes}')


def forbidden(plural: str, name: str, why: str) -> Denied:
    return Denied(403, "Forbidden", f'{plural}.kargo.akuity.io "{name}" is forbidden: {why}')


def spelled(text: str) -> str:
    """A duration as Go writes it. Raises Denied if it is not one."""
    try:
        return duration.spelled(duration.parse(text))
    except duration.DurationError as error:
        del error
        raise Denied(400, "", _parse_error(text)) from None


def _parse_error(text: str) -> str:
    """The error message of Go's ParseDuration."""
    shown = json.dumps(text, ensure_ascii=False)
    rest = text.lstrip("+-")
    while found := _PART.match(rest):
        unit = found[2]
        if not unit:
            return f"time: missing unit in duration {shown}"
        if unit not in _UNITS:
            return f"time: unknown unit {json.dumps(unit, ensure_ascii=False)} in duration {shown}"
        rest = rest[found.end() :]
    return f"time: invalid duration {shown}"
