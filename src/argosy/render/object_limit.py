"""The maximum number of objects of one source: a small file can contain more than a cluster should have (rule 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SETTING: Final = "reposerver.max.source.objects"
DEFAULT: Final = 10_000


def object_limit(settings: Mapping[str, str]) -> int:
    """0 means no limit."""
    text = settings.get(SETTING, "").strip()
    return int(text) if text.isdecimal() else DEFAULT


def too_many(count: int, limit: int, whose: str = "the source has") -> str:
    """An error message for too many objects; "" if there are not too many."""
    if not limit or count <= limit:
        return ""
    return f"{whose} {count} objects, more than the limit of {limit} ({SETTING})"
