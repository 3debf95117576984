"""Volumes, claims and storage classes."""

from __future__ import annotations

from argosy.apis.kubernetes.facts import json_fields
from argosy.cluster.kinds.validation.causes import forbidden, immutable, invalid, one_of_or_unset, required
from argosy.cluster.kinds.validation.containers import not_negative_quantity
from argosy.machinery.objects import JsonObject
from argosy.machinery.quantity import nano_units
from argosy.machinery.status import Cause

_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_CLAIM_FIXED = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
)
_SMALLER = "field can not be less than status.capacity"


def _check_modes(path: str, modes: list[str] | None, text: str) -> list[Cause]:
    if not modes:
        return [required(path, text)]
    return [cause for mode in modes for cause in one_of_or_unset(path, mode, _MODES)]


def check_claim(obj: JsonObject) -> list[Cause]:
    spec = obj.get("spec") or {}
    causes = _check_modes("spec.accessModes", spec.get("accessModes"), "at least 1 access mode is required")
    amount = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    if amount is None:
        causes.append(required("spec.resources[storage]"))
    elif nano_units(amount) <= 0:
        causes.append(invalid("spec.resources[storage]", amount, "must be greater than zero"))
    return causes + one_of_or_unset("spec.volumeMode", spec.get("volumeMode"), ("Block", "Filesystem"))


def check_claim_update(obj: JsonObject, old: JsonObject) -> list[Cause]:
    """Requests may grow, the volume may be set once, the class may be set by the default."""
    new, before = dict(obj["spec"]), dict(old["spec"])
    amount, known = (
        ((spec.get("resources") or {}).get("requests") or {}).get("storage", "0") for spec in (new, before)
    )
    causes = [forbidden("spec.resources.requests.storage", _SMALLER)] if nano_units(amount) < nano_units(known) else []
    for name in ("volumeName", "storageClassName"):
        if not before.get(name):
            new.pop(name, None)
            before.pop(name, None)
    for spec in (new, before):
        resources = dict(spec.get("resources") or {})
        resources.pop("requests", None)
        spec["resources"] = resources
        spec.pop("volumeAttributesClassName", None)
    return causes if new == before else [*causes, forbidden("spec", _CLAIM_FIXED)]


def _sources(spec: JsonObject) -> JsonObject:
    names = {item.name for item in json_fields("core/v1.PersistentVolumeSource")}
    return {name: value for name, value in spec.items() if name in names and value is not None}


def check_volume(obj: JsonObject) -> list[Cause]:
    spec = obj.get("spec") or {}
    causes = _check_modes("spec.accessModes", spec.get("accessModes"), "")
    capacity = spec.get("capacity") or {}
    if not capacity:
        causes.append(required("spec.capacity"))
    for resource, amount in capacity.items():
        causes += not_negative_quantity(f"spec.capacity[{resource}]", amount)
    sources = list(_sources(spec))
    if not sources:
        causes.append(required("spec", "must specify a volume type"))
    causes += [forbidden(f"spec.{name}", "may not specify more than 1 volume type") for name in sources[1:]]
    policy = spec.get("persistentVolumeReclaimPolicy")
    return causes + one_of_or_unset("spec.persistentVolumeReclaimPolicy", policy, ("Delete", "Recycle", "Retain"))


def check_volume_update(obj: JsonObject, old: JsonObject) -> list[Cause]:
    if _sources(obj["spec"]) != _sources(old["spec"]):
        text = "spec.persistentvolumesource is immutable after creation"
        return [forbidden("spec.persistentvolumesource", text)]
    return immutable("spec.volumeMode", obj["spec"].get("volumeMode"), old["spec"].get("volumeMode"))


def check_storage_class(obj: JsonObject) -> list[Cause]:
    causes = [] if obj.get("provisioner") else [required("provisioner")]
    causes += one_of_or_unset("reclaimPolicy", obj.get("reclaimPolicy"), ("Delete", "Retain"))
    modes = ("Immediate", "WaitForFirstConsumer")
    return causes + one_of_or_unset("volumeBindingMode", obj.get("volumeBindingMode"), modes)


def check_storage_class_update(obj: JsonObject, old: JsonObject) -> list[Cause]:
    causes = [
        forbidden(name, f"updates to {name} are forbidden.")
        for name in ("parameters", "provisioner", "reclaimPolicy")
        if (obj.get(name) or None) != (old.get(name) or None)
    ]
    mode = obj.get("volumeBindingMode")
    return causes + immutable("volumeBindingMode", mode, old.get("volumeBindingMode"))
