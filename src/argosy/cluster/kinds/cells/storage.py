"""Rows of volumes, claims, classes and drivers."""

from __future__ import annotations

from datetime import datetime

from argosy.cluster.kinds.cells.plain import UNSET, age
from argosy.machinery.objects import JsonObject, JsonValue

_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}
_CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def _name(obj: JsonObject) -> JsonValue:
    return obj["metadata"].get("name", "")


def _modes(modes: list[str] | None) -> str:
    """In the fixed order RWO, ROX, RWX, RWOP."""
    present = set(modes or ())
    return ",".join(short for mode, short in _MODES.items() if mode in present)


def _phase(obj: JsonObject) -> str:
    return "Terminating" if obj["metadata"].get("deletionTimestamp") else (obj.get("status") or {}).get("phase", "")


def _class(obj: JsonObject) -> str:
    annotations = obj["metadata"].get("annotations") or {}
    return annotations.get(_CLASS_ANNOTATION) or (obj.get("spec") or {}).get("storageClassName") or ""


def volume_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    claim = spec.get("claimRef")
    attributes = spec.get("volumeAttributesClassName")
    return [
        _name(obj),
        (spec.get("capacity") or {}).get("storage", "0"),
        _modes(spec.get("accessModes")),
        spec.get("persistentVolumeReclaimPolicy", ""),
        _phase(obj),
        f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "",
        _class(obj),
        UNSET if attributes is None else attributes,
        status.get("reason", ""),
        age(obj, now),
        spec.get("volumeMode") or UNSET,
    ]


def claim_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    """Capacity and modes come from the bound volume; empty before binding."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    capacity, modes = "", ""
    if spec.get("volumeName"):
        modes = _modes(status.get("accessModes"))
        capacity = (status.get("capacity") or {}).get("storage", "0")
    attributes = spec.get("volumeAttributesClassName")
    return [
        _name(obj),
        _phase(obj),
        spec.get("volumeName", ""),
        capacity,
        modes,
        _class(obj),
        UNSET if attributes is None else attributes,
        age(obj, now),
        spec.get("volumeMode") or UNSET,
    ]


def storage_class_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    default = (obj["metadata"].get("annotations") or {}).get(DEFAULT_CLASS) == "true"
    return [
        f"{_name(obj)} (default)" if default else _name(obj),
        obj.get("provisioner", ""),
        obj.get("reclaimPolicy") or "Delete",
        obj.get("volumeBindingMode") or "Immediate",
        bool(obj.get("allowVolumeExpansion")),
        age(obj, now),
    ]


def attributes_class_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    default = (obj["metadata"].get("annotations") or {}).get(DEFAULT_CLASS) == "true"
    return [f"{_name(obj)} (default)" if default else _name(obj), obj.get("driverName", ""), age(obj, now)]


def attachment_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    volume = (spec.get("source") or {}).get("persistentVolumeName") or ""
    attached = bool(status.get("attached"))
    return [_name(obj), spec.get("attacher", ""), volume, spec.get("nodeName", ""), attached, age(obj, now)]


def driver_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    spec = obj.get("spec") or {}
    flags = [spec.get("attachRequired", True), bool(spec.get("podInfoOnMount")), bool(spec.get("storageCapacity"))]
    return [_name(obj), *flags]


def driver_node_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    return [_name(obj), len((obj.get("spec") or {}).get("drivers") or ()), age(obj, now)]


def capacity_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    return [_name(obj), obj.get("storageClassName", ""), obj.get("capacity") or UNSET]
