"""Errors of fields, in the words of the Kubernetes API."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

Kind = Literal["Required", "Invalid", "NotSupported", "Forbidden", "Duplicate", "TooLong"]
_WORDS: Final[dict[Kind, str]] = {
    "Required": "Required value",
    "Invalid": "Invalid value",
    "NotSupported": "Unsupported value",
    "Forbidden": "Forbidden",
    "Duplicate": "Duplicate value",
    "TooLong": "Too long",
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """An error in one field; `value` is shown for the kinds of error that show it."""

    kind: Kind
    field: str
    message: str = ""
    value: Any = None

    def __str__(self) -> str:
        shown = f": {_spelled(self.value)}" if self.kind in ("Invalid", "NotSupported", "Duplicate") else ""
        detail = f": {self.message}" if self.message else ""
        return f"{self.field}: {_WORDS[self.kind]}{shown}{detail}"


def required(field: str, message: str = "") -> FieldError:
    return FieldError("Required", field, message)


def invalid(field: str, value: Any, message: str) -> FieldError:
    return FieldError("Invalid", field, message, value)


def forbidden(field: str, message: str) -> FieldError:
    return FieldError("Forbidden", field, message)


def unsupported(field: str, value: Any, known: Sequence[str]) -> FieldError:
    listed = ", ".join(json.dumps(one) for one in known)
    return FieldError("NotSupported", field, f"supported values: {listed}", value)


def together(errors: Iterable[FieldError]) -> str:
    """All errors in one line, without duplicates."""
    texts = list(dict.fromkeys(map(str, errors)))
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def _spelled(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str | list | dict) else str(value).lower()
