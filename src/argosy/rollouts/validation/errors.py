"""A field error, in Kubernetes' format."""

from __future__ import annotations

import json
from dataclasses import dataclass

from argosy.machinery.objects import JsonValue


@dataclass(frozen=True, slots=True)
class FieldError:
    field: str
    type: str
    detail: str
    text: str

    def __str__(self) -> str:
        return self.text


def shown(value: JsonValue) -> str:
    """Strings quoted, the rest as compact JSON with sorted keys."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def invalid(field: str, value: JsonValue, detail: str) -> FieldError:
    return FieldError(field, "FieldValueInvalid", detail, f"{field}: Invalid value: {shown(value)}: {detail}")


def required(field: str, detail: str) -> FieldError:
    return FieldError(field, "FieldValueRequired", detail, f"{field}: Required value: {detail}")


def internal(field: str, detail: str) -> FieldError:
    return FieldError(field, "InternalError", detail, f"{field}: Internal error: {detail}")
