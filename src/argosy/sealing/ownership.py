"""What happens to an existing Secret: replaced, merged into, left alone, or not ours.

Source: sealed-secrets, pkg/controller/controller.go (updateSecret). Data is compared and written without being
interpreted, and never shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal

import orjson

from argosy.apis.kubernetes.views.core import Secret
from argosy.machinery.objects import JsonObject
from argosy.sealing.assembly import API_VERSION
from argosy.sealing.scope import MANAGED, PATCH, is_true

DEFAULT_TYPE: Final = "Opaque"
"""The API server's default for an empty type."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write; `secret` is the complete object for `create` and `update`, or nothing."""

    action: Literal["create", "update", "none", "unmanaged"]
    secret: JsonObject | None = None
    merged: bool = False
    """The Secret also has keys of others."""


def plan(desired: JsonObject, existing: Secret | None, *, name: str, uid: str) -> Plan:
    """`name` and `uid` are the SealedSecret's."""
    if existing is None:
        return Plan("create", desired)
    annotations = existing.metadata.annotations
    managed, patched = is_true(annotations, MANAGED), is_true(annotations, PATCH)
    if not (managed or patched or is_ours(existing, name=name, uid=uid)):
        return Plan("unmanaged")
    changed = _merged(desired, existing) if patched else _replaced(desired, existing)
    if same(changed, existing.raw):
        return Plan("none", merged=patched)
    return Plan("update", changed, merged=patched)


def is_ours(existing: Secret, *, name: str, uid: str) -> bool:
    """Controlled by this SealedSecret, or by a deleted one of the same name.

    An owner of our kind and name with another uid cannot exist: it was replaced by us. Upstream waits for the garbage
    collector there, gives up meanwhile, and the Secret stays deleted (sealed-secrets#1599).
    """
    owner = existing.metadata.controller
    if owner is None:
        return False
    return owner.uid == uid or (
        owner.kind == "SealedSecret" and owner.api_version == API_VERSION and owner.name == name
    )


def creates_unmanaged(desired: JsonObject) -> bool:
    """Without an owner and not annotated as managed: it is created once and not ours from then on."""
    metadata = desired["metadata"]
    return not metadata.get("ownerReferences") and not is_true(metadata.get("annotations"), MANAGED)


def same(one: JsonObject, other: JsonObject) -> bool:
    return _content(one) == _content(other)


def digest(secret: JsonObject, keys: frozenset[str] | None = None) -> bytes:
    """Compares what we write of a Secret; `keys` restricts it to these keys of its data, and leaves metadata out."""
    content = _content(secret)
    if keys is not None:
        content = {"data": {key: value for key, value in content["data"].items() if key in keys}}
    return sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()


def _replaced(desired: JsonObject, existing: Secret) -> JsonObject:
    metadata = dict(existing.raw["metadata"])
    for field in ("labels", "annotations", "ownerReferences"):
        _put(metadata, field, desired["metadata"].get(field))
    changed = {**existing.raw, "metadata": metadata, "data": desired.get("data") or {}}
    return _typed(changed, desired)


def _merged(desired: JsonObject, existing: Secret) -> JsonObject:
    metadata = dict(existing.raw["metadata"])
    wanted = desired["metadata"]
    for field in ("labels", "annotations"):
        _put(metadata, field, {**(metadata.get(field) or {}), **(wanted.get(field) or {})})
    if is_true(metadata.get("annotations"), MANAGED):
        _put(metadata, "ownerReferences", wanted.get("ownerReferences"))
    data = {**existing.data, **(desired.get("data") or {})}
    return _typed({**existing.raw, "metadata": metadata, "data": data}, desired)


def _typed(changed: JsonObject, desired: JsonObject) -> JsonObject:
    """An empty type is the existing one, or the API server's default: upstream sends it empty with every pass."""
    changed["type"] = desired.get("type") or DEFAULT_TYPE
    if "stringData" in desired:
        changed["stringData"] = desired["stringData"]
    return changed


def _put(metadata: JsonObject, field: str, value: JsonObject | list[JsonObject] | None) -> None:
    if value:
        metadata[field] = value
    else:
        metadata.pop(field, None)


def _content(secret: JsonObject) -> JsonObject:
    metadata = secret["metadata"]
    return {
        "labels": metadata.get("labels") or {},
        "annotations": metadata.get("annotations") or {},
        "owners": metadata.get("ownerReferences") or [],
        "type": secret.get("type") or DEFAULT_TYPE,
        "data": secret.get("data") or {},
        "more": secret.get("stringData") or {},
    }
