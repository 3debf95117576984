"""A health verdict, and reading conditions."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from argosy.machinery.objects import JsonObject

ORDER = ("Healthy", "Suspended", "Progressing", "Missing", "Degraded", "Unknown")
"""From best to worst."""


class Health(NamedTuple):
    status: str
    message: str = ""


Check = Callable[[JsonObject], Health]


def healthy(message: str = "") -> Health:
    return Health("Healthy", message)


def progressing(message: str = "") -> Health:
    return Health("Progressing", message)


def degraded(message: str = "") -> Health:
    return Health("Degraded", message)


def suspended(message: str = "") -> Health:
    return Health("Suspended", message)


def conditions(obj: JsonObject) -> dict[str, JsonObject]:
    """By type."""
    found = (obj.get("status") or {}).get("conditions") or ()
    return {str(item.get("type")): item for item in found}


def number(value: object) -> int:
    return int(value) if isinstance(value, (int, str)) and value != "" else 0
