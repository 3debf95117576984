"""Defaults of volumes, claims and classes (kinds sheet 2.3)."""

from __future__ import annotations

from argosy.apis.kubernetes.defaults.filling import fill, fill_empty, struct
from argosy.apis.kubernetes.defaults.pods import default_plugin_sources
from argosy.machinery.objects import JsonObject


def default_volume(obj: JsonObject) -> None:
    spec = struct(obj, "spec")
    fill_empty(spec, {"persistentVolumeReclaimPolicy": "Retain"})
    fill(spec, {"volumeMode": "Filesystem"})
    fill_empty(struct(obj, "status"), {"phase": "Pending"})
    default_plugin_sources(spec)


def default_claim(obj: JsonObject) -> None:
    fill(struct(obj, "spec"), {"volumeMode": "Filesystem"})
    fill_empty(struct(obj, "status"), {"phase": "Pending"})


def default_storage_class(obj: JsonObject) -> None:
    fill(obj, {"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"})


def default_csi_driver(obj: JsonObject) -> None:
    spec = struct(obj, "spec")
    fill(
        spec,
        {
            "attachRequired": True,
            "podInfoOnMount": False,
            "storageCapacity": False,
            "fsGroupPolicy": "ReadWriteOnceWithFSType",
            "requiresRepublish": False,
            "seLinuxMount": False,
        },
    )
    fill_empty(spec, {"volumeLifecycleModes": ["Persistent"]})
