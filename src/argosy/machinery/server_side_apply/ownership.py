"""Field ownership after a plain write: the managedFields of a created, replaced or patched object (spec 10.3).

Every write that is not an apply goes through `track_update`. It never raises: a client's invalid managedFields are
ignored.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject
from argosy.machinery.schema import Node
from argosy.machinery.server_side_apply import fieldset, managed
from argosy.machinery.server_side_apply.fieldset import FieldSet, FieldSetError
from argosy.machinery.server_side_apply.managed import STRIPPED, Entry, Identity, Managers
from argosy.machinery.server_side_apply.typed import Comparison, compare


def track_update(
    old: JsonObject | None,
    new: JsonObject,
    *,
    node: Node,
    manager: str,
    subresource: str,
    api_version: str,
    now: datetime,
    reset: Iterable[Iterable[str]] = (),
    empty: JsonObject | None = None,
) -> list[JsonObject]:
    """The managedFields that `new` is to be stored with.

    `old` is None on create; then `empty` is the kind's empty object in canonical form (built-in structs print
    `{}` and are not new as a whole). `reset` are the field paths that the endpoint ignores. An object without managers
    is not tracked by updates, only by its creation and by applies.
    """
    managers = _managers(old, new, subresource)
    if old is not None and not managers:
        return []
    comparison = without_reset(compare(old if old is not None else (empty or {}), new, node), reset)
    if comparison.is_same:
        return managed.encode(managers)
    self = managed.identity("Update", manager, subresource, api_version)
    managers = taken_from_all(managers, comparison)
    taken = fieldset.difference(comparison.taken, STRIPPED)
    if taken:
        previous = managers.get(self)
        fields = fieldset.union(previous.fields, taken) if previous else taken
        managers[self] = Entry(fields, api_version, timestamps.seconds(now))
    return managed.encode(managed.capped(managers))


def _managers(old: JsonObject | None, new: JsonObject, subresource: str) -> Managers:
    """The client's own list if it differs from the stored one, through the main endpoint only."""
    live = managed.entries_of(old)
    sent = (new.get("metadata") or {}).get("managedFields")
    if sent is None or subresource or sent is live or sent == live:
        return managed.decode(live)
    if managed.is_cleared(sent):
        return {}
    try:
        return managed.decode(sent, trusted=False) or managed.decode(live)
    except (FieldSetError, AttributeError):
        return managed.decode(live)


def without_reset(comparison: Comparison, reset: Iterable[Iterable[str]]) -> Comparison:
    """The comparison without the paths that the endpoint ignores."""
    roots = managed.reset_paths(reset)
    if not roots or comparison.is_same:
        return comparison
    return Comparison(*(fieldset.without_branches(fields, roots) for fields in comparison))


def taken_from_all(managers: Managers, comparison: Comparison, keep: Identity | None = None) -> Managers:
    """Every entry but `keep` loses what was changed, added or removed; empty entries are dropped."""
    gone: FieldSet = fieldset.union(comparison.taken, comparison.removed)
    result: Managers = {}
    for key, entry in managers.items():
        remaining = entry if key == keep else entry.with_fields(fieldset.difference(entry.fields, gone))
        if remaining.fields:
            result[key] = remaining
    return result
