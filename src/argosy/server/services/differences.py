"""In which fields two structures differ, by the names that Go has for them."""

from __future__ import annotations

from typing import Any

ABBREVIATIONS = {"id": "ID", "url": "URL", "uid": "UID"}


def differing(before: Any, after: Any) -> list[str]:
    """The paths of what differs, one after the other."""
    found: list[str] = []
    _walk(before, after, (), found)
    return found


def different_spec(what: str, before: Any, after: Any) -> str:
    """The refusal to create what is there in another form."""
    text = f"existing {what} spec is different; use upsert flag to force update"
    keys = differing(before, after)
    return f'{text}; difference in keys "{",".join(keys)}"' if keys else text


def _walk(before: Any, after: Any, path: tuple[str, ...], found: list[str]) -> None:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            _walk(before.get(key), after.get(key), (*path, _go_name(key)), found)
    elif isinstance(before, list) and isinstance(after, list):
        for at in range(max(len(before), len(after))):
            left, right = (side[at] if at < len(side) else None for side in (before, after))
            _walk(left, right, (*path, str(at)), found)
    elif (before or None) != (after or None):
        found.extend(path)


def _go_name(key: str) -> str:
    return ABBREVIATIONS.get(key) or key[:1].upper() + key[1:]
