"""Requests to a Kubernetes API server as values, and the builders of conditional writes.

A `Client` carries them out. Since a request is data, a wrapper that fences, records, limits or injects faults does
not repeat any signature. Conditional writes are never built by hand: the builders take the object as it was read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from argosy.machinery.api import FieldValidation, PatchType, Propagation
from argosy.machinery.objects import JsonObject, JsonValue, Key, Kind, Resource, View, json_of, key_of, resource_of
from argosy.machinery.patches.mergepatch import create_merge_patch

Verb = Literal["create", "update", "patch", "apply", "delete"]


@dataclass(frozen=True, slots=True)
class Get:
    """One object, or one of its subresources such as `scale`."""

    resource: Resource
    key: Key
    subresource: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class List:
    """One page; an empty namespace means all of them, a limit of 0 no limit."""

    resource: Resource
    namespace: str = ""
    label_selector: str = ""
    field_selector: str = ""
    limit: int = 0
    continue_token: str = ""
    metadata_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Changes after `resource_version`, until the server ends the stream."""

    resource: Resource
    namespace: str = ""
    resource_version: str
    label_selector: str = ""
    field_selector: str = ""
    metadata_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One write. `uid` and `resource_version` are preconditions of a delete; other verbs carry theirs in the body."""

    verb: Verb
    resource: Resource
    key: Key
    body: JsonValue = None
    subresource: str = ""
    patch_type: PatchType = PatchType.MERGE
    """Only for the verb `patch`."""
    manager: str = ""
    force: bool = False
    """Only for the verb `apply`: take fields from other managers."""
    dry_run: bool = False
    validation: FieldValidation = "Warn"
    propagation: Propagation | None = None
    grace_seconds: int | None = None
    uid: str = ""
    resource_version: str = ""

    def __str__(self) -> str:
        """Without the body: it may be a Secret."""
        tail = f"/{self.subresource}" if self.subresource else ""
        return f"{self.verb} {self.resource.qualified}{tail} {self.key}"

    def __repr__(self) -> str:
        return f"Write({self})"


@dataclass(frozen=True, slots=True)
class Served:
    """The kinds a server serves, preferred version of each group first, without subresources; and its `/version`."""

    resources: tuple[Resource, ...]
    version: Mapping[str, Any]


def create(
    kind: Kind, obj: JsonObject, *, manager: str = "", validation: FieldValidation = "Warn", dry_run: bool = False
) -> Write:
    return Write(
        verb="create",
        resource=resource_of(kind),
        key=key_of(obj),
        body=obj,
        manager=manager,
        validation=validation,
        dry_run=dry_run,
    )


def update(
    kind: Kind,
    obj: JsonObject,
    *,
    subresource: str = "",
    manager: str = "",
    validation: FieldValidation = "Warn",
    dry_run: bool = False,
) -> Write:
    """Replaces the object; the resourceVersion in `obj` makes a stale decision a conflict."""
    return Write(
        verb="update",
        resource=resource_of(kind),
        key=key_of(obj),
        body=obj,
        subresource=subresource,
        manager=manager,
        validation=validation,
        dry_run=dry_run,
    )


def patch(
    kind: Kind,
    key: Key,
    body: JsonValue,
    patch_type: PatchType = PatchType.MERGE,
    *,
    subresource: str = "",
    manager: str = "",
    validation: FieldValidation = "Warn",
    dry_run: bool = False,
) -> Write:
    """Of any object that has the name now, for callers without an object; a decision uses `merge`."""
    return Write(
        verb="patch",
        resource=resource_of(kind),
        key=key,
        body=body,
        patch_type=patch_type,
        subresource=subresource,
        manager=manager,
        validation=validation,
        dry_run=dry_run,
    )


def remove(
    kind: Kind,
    key: Key,
    *,
    propagation: Propagation | None = None,
    grace_seconds: int | None = None,
    uid: str = "",
    resource_version: str = "",
    dry_run: bool = False,
) -> Write:
    """Deletes any object that has the name now, for callers without an object; a decision uses `delete`."""
    return Write(
        verb="delete",
        resource=resource_of(kind),
        key=key,
        propagation=propagation,
        grace_seconds=grace_seconds,
        uid=uid,
        resource_version=resource_version,
        dry_run=dry_run,
    )


def merge(
    kind: Kind,
    seen: JsonObject | View,
    patch: JsonObject,
    *,
    subresource: str = "",
    exact: bool = True,
    manager: str = "",
) -> Write:
    """A JSON merge patch of exactly the object that was read; `exact=False` allows changes since.

    The uid is a precondition in any case: a patch never applies to a later object of the same name.
    """
    obj = json_of(seen)
    metadata = obj["metadata"]
    conditions = {"uid": metadata["uid"]}
    if exact:
        conditions["resourceVersion"] = metadata["resourceVersion"]
    body = {**patch, "metadata": {**(patch.get("metadata") or {}), **conditions}}
    return Write(
        verb="patch",
        resource=resource_of(kind),
        key=key_of(obj),
        body=body,
        subresource=subresource,
        manager=manager,
    )


def apply(
    kind: Kind,
    obj: JsonObject,
    *,
    manager: str,
    force: bool = True,
    subresource: str = "",
    validation: FieldValidation = "Warn",
    dry_run: bool = False,
) -> Write:
    """Server-side apply of `obj`; creates when absent. A uid in its metadata prevents creating another object."""
    return Write(
        verb="apply",
        resource=resource_of(kind),
        key=key_of(obj),
        body=obj,
        subresource=subresource,
        manager=manager,
        force=force,
        validation=validation,
        dry_run=dry_run,
    )


def delete(
    kind: Kind,
    seen: JsonObject | View,
    *,
    propagation: Propagation = "Background",
    grace_seconds: int | None = None,
    exact: bool = True,
) -> Write:
    """Deletes exactly the object that was read; `exact=False` allows changes since, but not a replacement."""
    obj = json_of(seen)
    metadata = obj["metadata"]
    return Write(
        verb="delete",
        resource=resource_of(kind),
        key=key_of(obj),
        propagation=propagation,
        grace_seconds=grace_seconds,
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"] if exact else "",
    )


def status(kind: Kind, seen: JsonObject | View, wanted: JsonObject, *, manager: str = "") -> tuple[Write, ...]:
    """One merge patch of the status subresource with only the differences, or nothing. `wanted` has no nulls."""
    patch = create_merge_patch(json_of(seen).get("status") or {}, wanted)
    if not patch:
        return ()
    return (merge(kind, seen, {"status": patch}, subresource="status", manager=manager),)
