"""The fields in which two structures differ, with Go's names and order: part of error messages."""

from __future__ import annotations

from typing import Any, Final

from argosy.machinery.objects import JsonObject
from argosy.server.schema.facts import POINTER, Field, is_message, message

WHOLE: Final = {"id": "ID", "url": "URL", "uid": "UID"}
FRONT: Final = {"ssh": "SSH", "tls": "TLS", "gcp": "GCP"}


def differing(before: JsonObject, after: JsonObject, kind: str) -> list[str]:
    """The paths of the differences. `kind`: the structure, such as `v1alpha1.Repository`."""
    found: list[str] = []
    _structures(before, after, kind, (), found)
    return found


def different_spec(what: str, before: JsonObject, after: JsonObject, kind: str) -> str:
    """The error for creating an object that exists with other content."""
    text = f"existing {what} spec is different; use upsert flag to force update"
    keys = differing(before, after, kind)
    return f'{text}; difference in keys "{",".join(keys)}"' if keys else text


def _structures(before: JsonObject, after: JsonObject, kind: str, path: tuple[str, ...], found: list[str]) -> None:
    for field in message(kind).fields:
        here = (*path, go_name(field.name))
        _fields(before.get(field.json), after.get(field.json), field, here, found)


def _fields(before: Any, after: Any, field: Field, path: tuple[str, ...], found: list[str]) -> None:
    """A missing list or map equals an empty one; a missing pointer does not."""
    if field.is_map:
        left, right = before or {}, after or {}
        for key in sorted({*left, *right}):
            _values(left.get(key), right.get(key), field.type, (*path, str(key)), found)
    elif field.repeated:
        left, right = before or [], after or []
        for at in range(max(len(left), len(right))):
            one, other = (side[at] if at < len(side) else None for side in (left, right))
            _values(one, other, field.type, (*path, str(at)), found)
    elif field.mode == POINTER and (before is None) != (after is None):
        found.extend(path)
    else:
        _values(before, after, field.type, path, found)


def _values(before: Any, after: Any, kind: str, path: tuple[str, ...], found: list[str]) -> None:
    sides = (before if before is not None else {}, after if after is not None else {})
    if is_message(kind) and all(isinstance(side, dict) for side in sides):
        _structures(*sides, kind, path, found)
    elif (before or None) != (after or None):
        found.extend(path)


def go_name(name: str) -> str:
    """`repoURL` is `RepoURL`, `sshPrivateKey` is `SSHPrivateKey`."""
    if name in WHOLE:
        return WHOLE[name]
    short = FRONT.get(name[:3]) if name[3:4].isupper() else None
    return f"{short}{name[3:]}" if short else name[:1].upper() + name[1:]
