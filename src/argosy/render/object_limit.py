"""How many objects one source may have: a small file can hold more of them than a cluster is meant to (rule 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SETTING: Final = "reposerver.max.source.objects"
DEFAULT: Final = 10_000


def object_limit(settings: Mapping[str, str]) -> int:
    """0 is no limit."""
    text = settings.get(SETTING, "").strip()
    return int(text) if text.isdecimal() else DEFAULT


def too_many(count: int, limit: int, whose: str = "the source has") -> str:
    """What is wrong with so many, in words; "" when nothing is."""
    if not limit or count <= limit:
        return ""
    return f"{whose} {count} objects, more than the limit of {limit} ({SETTING})"
