"""Server-side apply: merges a manager's configuration into a live object (spec 10.4).

Pure: the caller has checked path and name, and afterwards defaults, validates, admits and stores the result. Paths are
assumed to be equal in all versions of a kind.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import orjson

from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject, group_version
from argosy.machinery.schema import Node
from argosy.machinery.server_side_apply import fieldset, managed, typed, typed_check
from argosy.machinery.server_side_apply.fieldset import FieldSet
from argosy.machinery.server_side_apply.managed import STRIPPED, Entry, Identity, Managers
from argosy.machinery.server_side_apply.ownership import taken_from_all, track_update, without_reset
from argosy.machinery.server_side_apply.typed_merge import merge
from argosy.machinery.status import Cause, StatusError

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
BEFORE_FIRST_APPLY = "before-first-apply"
KUBECTL = "kubectl"


def apply(
    live: JsonObject | None,
    config: JsonObject,
    *,
    node: Node,
    manager: str,
    force: bool,
    subresource: str,
    api_version: str,
    now: datetime,
    reset: Iterable[Iterable[str]] = (),
    empty: JsonObject | None = None,
) -> tuple[JsonObject, bool]:
    """The merged object with its managedFields, and whether the object or the ownership changed.

    `live` is None if there is no object yet; `empty` is the kind's empty object in canonical form.
    Raises StatusError: 422 without manager, 400 for managedFields in `config`, 500 for fields or types that the schema
    does not have, 409 with one cause per conflict.
    """
    check_configuration(config, manager=manager, api_version=api_version)
    config = _without_null_metadata(config)
    _check_types(config, node)
    step = _Apply(live, config, node, manager, subresource, api_version, now, tuple(map(tuple, reset)), empty)
    merged, managers, conflicts = step.run()
    if conflicts and not force:
        _refuse(_unforgiven(conflicts, live, manager, node))
    return step.finish(merged, managers)


def check_configuration(config: JsonObject, *, manager: str, api_version: str, kind: str = "") -> None:
    """The checks of a configuration that need no object. Raises StatusError 400 or 422."""
    if not manager:
        message = "Required value: is required for apply patch"
        raise StatusError(
            422,
            "Invalid",
            f'PatchOptions.meta.k8s.io "" is invalid: fieldManager: {message}',
            group="meta.k8s.io",
            kind="PatchOptions",
            causes=[Cause("fieldManager", message, "FieldValueRequired")],
        )
    if config.get("apiVersion") != api_version or not config.get("kind") or (kind and config["kind"] != kind):
        raise StatusError(400, "BadRequest", f"invalid object type: {_group_version_kind(config)}")
    metadata = config.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise StatusError(400, "BadRequest", "metadata must be an object")
    if metadata.get("managedFields") is not None:
        raise StatusError(400, "BadRequest", "metadata.managedFields must be nil")


def _group_version_kind(config: JsonObject) -> str:
    group, version = group_version(str(config.get("apiVersion") or ""))
    return f"{group}/{version}, Kind={config.get('kind') or ''}"


def _check_types(config: JsonObject, node: Node) -> None:
    errors = typed_check.type_errors(config, node)
    if errors:
        metadata = config.get("metadata") or {}
        where = f"{metadata.get('namespace') or ''}/{metadata.get('name') or ''}; {_group_version_kind(config)}"
        raise StatusError(500, "", f"failed to create typed patch object ({where}): {typed_check.joined(errors)}")


def _without_null_metadata(config: JsonObject) -> JsonObject:
    """Clients print `creationTimestamp: null` for objects that were never stored: it means nothing."""
    metadata = config.get("metadata")
    if not metadata or not any(metadata.get(name, 0) is None for name in ("creationTimestamp", "managedFields")):
        return config
    dropped = ("creationTimestamp", "managedFields")
    return {**config, "metadata": {key: value for key, value in metadata.items() if key not in dropped or value}}


Conflicts = dict[Identity, tuple[Entry, FieldSet]]


@dataclass(frozen=True, slots=True)
class _Apply:
    live: JsonObject | None
    config: JsonObject
    node: Node
    manager: str
    subresource: str
    api_version: str
    now: datetime
    reset: tuple[tuple[str, ...], ...]
    empty: JsonObject | None

    @property
    def self(self) -> Identity:
        return managed.identity("Apply", self.manager, self.subresource, self.api_version)

    def run(self) -> tuple[JsonObject, Managers, Conflicts]:
        """The merged object, the managers after it (as if forced), and the conflicting paths of others."""
        live = self.live if self.live is not None else (self.empty or {})
        managers = self._managers()
        before = managers.get(self.self)
        owned = fieldset.difference(typed.field_set(self.config, self.node), STRIPPED)
        owned = fieldset.without_branches(owned, managed.reset_paths(self.reset))
        merged = merge(live, self.config, self.node)
        if before is not None:
            owned = before.fields if owned == before.fields else owned
            managers[self.self] = before.with_fields(owned)
            merged = self._pruned(merged, before.fields, managers)
        else:
            managers[self.self] = Entry(owned, self.api_version, "")
        comparison = without_reset(typed.compare(live, merged, self.node), self.reset)
        conflicts = self._conflicts(managers, comparison.taken)
        return merged, taken_from_all(managers, comparison, keep=self.self), conflicts

    def _managers(self) -> Managers:
        """The live object's; one that has none is assigned to `before-first-apply` completely."""
        entries = managed.entries_of(self.live)
        if self.live is not None and not entries:
            entries = track_update(
                None,
                self.live,
                node=self.node,
                manager=BEFORE_FIRST_APPLY,
                subresource=self.subresource,
                api_version=self.api_version,
                now=self.now,
                reset=self.reset,
                empty=self.empty,
            )
        return managed.decode(entries)

    def _conflicts(self, managers: Managers, taken: FieldSet) -> Conflicts:
        found: Conflicts = {}
        if not taken:
            return found
        for key, entry in managers.items():
            if key != self.self and (common := fieldset.intersection(entry.fields, taken)):
                found[key] = (entry, common)
        return found

    def _pruned(self, merged: JsonObject, last: FieldSet, managers: Managers) -> JsonObject:
        """Removes fields that the manager applied before, applies no longer, and nobody else owns (step 3)."""
        if not fieldset.difference(last, managers[self.self].fields):
            return merged
        node = self.node
        last = typed.with_named_parents(last, node)
        owned = STRIPPED  # name, uid and so on belong to the object itself
        for entry in managers.values():
            owned = fieldset.union(owned, entry.fields)
        owned = typed.with_named_parents(owned, node)
        everything = self._all_paths(merged)
        bare = self._all_paths(typed.remove(merged, last, node))
        unowned = fieldset.difference(everything, fieldset.union(bare, owned))
        kept = self._all_paths(typed.remove(merged, unowned, node))
        dropped = fieldset.intersection(fieldset.difference(everything, kept), last)
        if not dropped:
            return merged
        # a map that lost all its items is removed, but one that the configuration has as empty is restored
        return merge(typed.remove(merged, dropped, node), self.config, node)

    def _all_paths(self, obj: JsonObject) -> FieldSet:
        return typed.with_named_parents(typed.field_set(obj, self.node), self.node)

    def finish(self, merged: JsonObject, managers: Managers) -> tuple[JsonObject, bool]:
        """Writes the managers into the object; the entry's time changes only if anything else did."""
        merged = self._with_last_applied(merged)
        mine = managers.get(self.self)
        live_entries = managed.entries_of(self.live)
        same_owners = managed.encode(managers) == live_entries
        if self.live is not None and same_owners and merged == self.live:
            return self.live, False
        if mine is not None:
            managers[self.self] = Entry(mine.fields, self.api_version, timestamps.seconds(self.now))
        return managed.with_entries(merged, managed.encode(managed.capped(managers))), True

    def _with_last_applied(self, merged: JsonObject) -> JsonObject:
        """kubectl's client-side annotation, if there is one, follows its server-side applies (step 6)."""
        annotations = ((self.live or {}).get("metadata") or {}).get("annotations") or {}
        if self.manager != KUBECTL or LAST_APPLIED not in annotations:
            return merged
        text = orjson.dumps(self.config, option=orjson.OPT_SORT_KEYS).decode() + "\n"
        metadata = merged["metadata"]
        return {
            **merged,
            "metadata": {**metadata, "annotations": {**(metadata.get("annotations") or {}), LAST_APPLIED: text}},
        }


def _unforgiven(conflicts: Conflicts, live: JsonObject | None, manager: str, node: Node) -> Conflicts:
    """Without the fields that kubectl itself once applied client-side (step 6)."""
    annotations = ((live or {}).get("metadata") or {}).get("annotations") or {}
    if manager != KUBECTL or not (text := annotations.get(LAST_APPLIED)):
        return conflicts
    try:
        allowed = typed.field_set(orjson.loads(text), node)
    except (orjson.JSONDecodeError, AttributeError):
        return conflicts
    remaining = {key: (entry, fieldset.difference(fields, allowed)) for key, (entry, fields) in conflicts.items()}
    return {key: item for key, item in remaining.items() if item[1]}


def _refuse(conflicts: Conflicts) -> None:
    """Raises StatusError 409 if a conflict remains."""
    named = sorted((_describe(key, entry), fields) for key, (entry, fields) in conflicts.items())
    causes = [
        Cause(fieldset.spelled(path), f"conflict with {who}", "FieldManagerConflict")
        for who, fields in named
        for path in fieldset.paths(fields)
    ]
    if not causes:
        return
    if len(causes) == 1:
        message = f"Apply failed with 1 conflict: {causes[0].message}: {causes[0].field}"
    else:
        parts = [
            "\n".join([f"conflicts with {who}:", *(f"- {fieldset.spelled(path)}" for path in fieldset.paths(fields))])
            for who, fields in named
        ]
        message = f"Apply failed with {len(causes)} conflicts: " + "\n".join(parts)
    raise StatusError(409, "Conflict", message, causes=causes)


def _describe(key: Identity, entry: Entry) -> str:
    who = f'"{key.manager}"' + (f' with subresource "{key.subresource}"' if key.subresource else "")
    return f"{who} using {entry.api_version}" if key.operation == "Update" else who
