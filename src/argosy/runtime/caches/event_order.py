"""Which of two states of an object is newer: watch events may be late, duplicated, or about a deleted namesake."""

from __future__ import annotations

from argosy.machinery.objects import JsonObject, Key, key_of


def key_or_none(obj: JsonObject) -> Key | None:
    try:
        key = key_of(obj)
    except (KeyError, TypeError, AttributeError):
        return None
    return key if key.name else None


def revision_of(obj: JsonObject) -> str:
    return (obj.get("metadata") or {}).get("resourceVersion") or ""


def is_old(obj: JsonObject, known: JsonObject) -> bool:
    """Already known, or older than what is known: an event may be duplicated, or late."""
    new, old = revision_of(obj), revision_of(known)
    return bool(new) and (new == old or (new.isdigit() and old.isdigit() and int(new) < int(old)))


def is_of_another(gone: JsonObject, known: JsonObject) -> bool:
    """The late deletion of a previous object with the same name."""
    uids = [(obj.get("metadata") or {}).get("uid") for obj in (gone, known)]
    return None not in uids and uids[0] != uids[1] and is_old(gone, known)
