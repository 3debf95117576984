"""Scalars as Kustomize keeps them: by their text. A number keeps its notation until the build is done."""

from __future__ import annotations

from argosy.machinery.objects import JsonValue
from argosy.machinery.text import yaml


def text_of(value: JsonValue) -> str:
    """The text of a scalar; "" for null, and for a map or a list, which have none."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, (dict, list)):
        return ""
    return str(getattr(value, "text", value))


def value_of(text: str) -> JsonValue:
    """The value of an unquoted text; a text that cannot be converted stays a string."""
    try:
        return yaml.KUSTOMIZE.scalar(text)
    except ValueError:
        return text


def plain(value: JsonValue) -> JsonValue:
    """The same without the notation of numbers, as in JSON."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    return float(value) if isinstance(value, float) else value
