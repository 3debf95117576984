"""The rules of metadata that hold for every kind (spec 8.1, 8.2, 8.5)."""

from __future__ import annotations

import json
from datetime import datetime

from argosy.cluster.handlers.core import timestamp
from argosy.cluster.kind import Kind
from argosy.cluster.ports import Rng
from argosy.machinery.names import label_value, qualified_name
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.status import Cause
from argosy.machinery.text.go_text import quoted

ANNOTATIONS_LIMIT = 262_144
GENERATED_PREFIX = 58
SUFFIX = 5
_SERVER_OWNED = (
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
    "generation",
)
_KEPT = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink")
_STANDARD_FINALIZERS = frozenset({"kubernetes", "orphan", "foregroundDeletion"})


def fill_on_create(kind: Kind, metadata: JsonObject, namespace: str, now: datetime, rng: Rng) -> None:
    """In place: the fields that only the server decides. The name may come from generateName."""
    for name in _SERVER_OWNED:
        metadata.pop(name, None)
    metadata["uid"] = rng.uuid()
    metadata["creationTimestamp"] = timestamp(now)
    if kind.resource.namespaced:
        metadata["namespace"] = namespace
    else:
        metadata.pop("namespace", None)
    if kind.strategy.has_generation:
        metadata["generation"] = 1
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = generated_name(metadata["generateName"], rng)


def generated_name(prefix: str, rng: Rng) -> str:
    return prefix[:GENERATED_PREFIX] + rng.suffix(SUFFIX)


def keep_on_update(metadata: JsonObject, old: JsonObject) -> None:
    """In place: the fields that no update changes."""
    for name in _KEPT:
        if name in old:
            metadata[name] = old[name]
        else:
            metadata.pop(name, None)
    for name in ("namespace", "generateName"):
        if name in old:
            metadata.setdefault(name, old[name])


def drop_duplicate_owners(metadata: JsonObject) -> list[str]:
    """In place. Returns a warning, if there is one."""
    owners = metadata.get("ownerReferences")
    if not owners or len(owners) < 2:
        return []
    seen: dict[str, JsonObject] = {}
    for owner in owners:
        seen.setdefault(owner.get("uid") or "", owner)
    if len(seen) == len(owners):
        return []
    metadata["ownerReferences"] = list(seen.values())
    twice = next(uid for uid in seen if sum(owner.get("uid") == uid for owner in owners) > 1)
    text = ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may"
    text += " reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed:"
    return [f"{text} {twice}"]


def is_unchanged(metadata: JsonObject, old: JsonObject) -> bool:
    """Whether `check` can only say what it said of the stored object: so for nearly all writes of a status."""
    names = (metadata.keys() | old.keys()) - {"managedFields"}
    return all(metadata.get(name) == old.get(name) for name in names)


def check(kind: Kind, metadata: JsonObject) -> list[Cause]:
    """All errors in the metadata of one object."""
    causes = _check_name(kind, metadata)
    causes += check_labels(metadata.get("labels"), "metadata.labels")
    causes += _check_annotations(metadata.get("annotations"))
    causes += _check_owners(metadata.get("ownerReferences"))
    causes += _check_finalizers(metadata.get("finalizers"), custom=kind.schema.raw is not None)
    return causes


def _no_name() -> list[Cause]:
    return [Cause("metadata.name", "Required value: name or generateName is required", "FieldValueRequired")]


def _check_name(kind: Kind, metadata: JsonObject) -> list[Cause]:
    causes = []
    prefix, name = metadata.get("generateName"), metadata.get("name")
    if prefix:
        causes += [
            invalid_value("metadata.generateName", prefix, text)
            for text in kind.strategy.name_errors(prefix, generate_prefix=True)
        ]
    if not name:
        return [*causes, *_no_name()]
    causes += [
        invalid_value("metadata.name", name, text) for text in kind.strategy.name_errors(name, generate_prefix=False)
    ]
    return causes


def invalid_value(field: str, value: JsonValue, text: str) -> Cause:
    shown = quoted(value) if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return Cause(field, f"Invalid value: {shown}: {text}")


def check_labels(labels: JsonObject | None, field: str) -> list[Cause]:
    causes = []
    for key, value in (labels or {}).items():
        causes += [invalid_value(field, key, text) for text in qualified_name(key)]
        causes += [invalid_value(field, value, text) for text in label_value(value)]
    return causes


def _check_annotations(annotations: JsonObject | None) -> list[Cause]:
    if not annotations:
        return []
    causes = []
    for key in annotations:
        causes += [invalid_value("metadata.annotations", key, text) for text in qualified_name(key.lower())]
    size = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
    if size > ANNOTATIONS_LIMIT:
        message = f"Too long: may not be more than {ANNOTATIONS_LIMIT} bytes"
        causes.append(Cause("metadata.annotations", message, "FieldValueTooLong"))
    return causes


def _check_owners(owners: list[JsonObject] | None) -> list[Cause]:
    """Upstream names the list, not the index; each further controller is compared with the first."""
    causes, controller, at = [], "", "metadata.ownerReferences"
    for owner in owners or ():
        causes += _check_owner(owner, at)
        if owner.get("controller"):
            name = f"{owner.get('kind') or ''}/{owner.get('name') or ''}"
            if controller:
                text = "Only one reference can have Controller set to true."
                text += f' Found "true" in references for {controller} and {name}'
                causes.append(invalid_value(at, [_shown_owner(item) for item in owners or ()], text))
            controller = controller or name
    return causes


def _check_owner(owner: JsonObject, at: str) -> list[Cause]:
    api_version, kind = owner.get("apiVersion") or "", owner.get("kind") or ""
    causes = []
    if not api_version.rpartition("/")[2]:
        causes.append(invalid_value(f"{at}.apiVersion", api_version, "version must not be empty"))
    missing = (name for name in ("kind", "name", "uid") if not owner.get(name))
    causes += [invalid_value(f"{at}.{name}", "", "must not be empty") for name in missing]
    if (api_version, kind) == ("v1", "Event"):
        text = "/v1, Kind=Event is disallowed from being an owner"
        causes.append(invalid_value(at, _shown_owner(owner), text))
    return causes


def _shown_owner(owner: JsonObject) -> JsonObject:
    """In the order of the type's fields; the first four are always present."""
    shown = {name: owner.get(name) or "" for name in ("apiVersion", "kind", "name", "uid")}
    return shown | {name: owner[name] for name in ("controller", "blockOwnerDeletion") if owner.get(name) is not None}


def _check_finalizers(finalizers: list[str] | None, *, custom: bool) -> list[Cause]:
    """Custom resources may have unqualified finalizers, such as Argo CD's `resources-finalizer.argocd.argoproj.io`."""
    causes = []
    for index, finalizer in enumerate(finalizers or ()):
        at = f"metadata.finalizers[{index}]"
        errors = qualified_name(finalizer)
        causes += [invalid_value(at, finalizer, text) for text in errors]
        if not errors and not custom and "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            text = "name is neither a standard finalizer name nor is it fully qualified"
            causes.append(invalid_value(at, finalizer, text))
    if {"orphan", "foregroundDeletion"} <= set(finalizers or ()):
        text = "finalizer orphan and foregroundDeletion cannot be both set"
        causes.append(invalid_value("metadata.finalizers", str(finalizers), text))
    return causes


def check_update(metadata: JsonObject, old: JsonObject, claimed: JsonObject) -> list[Cause]:
    """The errors of an update; `claimed` is the metadata as the client sent it."""
    causes = []
    wanted = claimed.get("deletionTimestamp")
    if wanted and wanted != old.get("deletionTimestamp"):
        causes.append(invalid_value("metadata.deletionTimestamp", wanted, "field is immutable"))
    if old.get("deletionTimestamp"):
        known = set(old.get("finalizers") or ())
        added = [name for name in metadata.get("finalizers") or () if name not in known]
        if added:
            listed = ", ".join(f'"{name}"' for name in added)
            text = "no new finalizers can be added if the object is being deleted, found new finalizers"
            cause = Cause("metadata.finalizers", f"Forbidden: {text} []string{{{listed}}}", "FieldValueForbidden")
            causes.append(cause)
    return causes
