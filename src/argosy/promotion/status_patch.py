"""Writes a status; fields to remove may be None."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.requests import Write


def status(kind: Resource, seen: JsonObject, wanted: Mapping[str, Any]) -> tuple[Write, ...]:
    """One patch with the differences, or nothing."""
    return requests.status(kind, seen, {name: value for name, value in wanted.items() if value is not None})
