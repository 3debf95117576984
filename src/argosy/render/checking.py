"""What every tool's manifests must be, whatever they are of: objects with apiVersion and kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from argosy.machinery.objects import JsonObject


def checked(found: Iterable[Any]) -> Iterator[JsonObject]:
    """The manifests themselves. Raises ValueError."""
    for item in found:
        if not isinstance(item, dict) or not _named(item, "apiVersion") or not _named(item, "kind"):
            raise ValueError("a manifest has no apiVersion or no kind")
        metadata = item.get("metadata")
        if metadata is not None and not isinstance(metadata, dict):
            raise ValueError(f"metadata of a {item['kind']} is not an object")
        yield item


def _named(item: JsonObject, field_name: str) -> bool:
    return isinstance(item.get(field_name), str) and bool(item[field_name])
