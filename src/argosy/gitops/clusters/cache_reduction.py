"""What is cached of a destination's objects: tracked ones completely, of all others an outline. Pure.

A cluster has a hundred objects for each one that comes from Git. Only their names, owners and marks are needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from sys import intern

from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.keys import PREFIX
from argosy.gitops.model.resource_tracking import Marks, owner_of
from argosy.machinery.objects import JsonObject
from argosy.runtime.caches.outline import Outline

KEPT = ("name", "namespace", "uid", "resourceVersion", "ownerReferences", "deletionTimestamp", "finalizers")
OWNING = ("kubernetes.io/service-account.name", "kubernetes.io/service-account.uid", "olm.operatorGroup")
"""Annotations that name an owner (spec 3)."""


@dataclass(frozen=True, slots=True)
class Reduction:
    """A `Strip`. Two with equal marks are equal, so that they share a cache."""

    marks: Marks

    def __call__(self, obj: JsonObject) -> JsonObject:
        return obj if owner_of(obj, self.marks) else reduced(obj, self.marks)


@dataclass(frozen=True, slots=True)
class MetadataOnly:
    """A `Strip` for kinds that no Application targets: all metadata of tracked objects is kept."""

    marks: Marks

    def __call__(self, obj: JsonObject) -> JsonObject:
        if not owner_of(obj, self.marks):
            return reduced(obj, self.marks)
        return Outline(apiVersion=obj.get("apiVersion"), kind=obj.get("kind"), metadata=obj.get("metadata"))


def marks_of(settings: Settings) -> Marks:
    return Marks(settings.tracking_method, settings.label_key, settings.installation_id)


def reduced(obj: JsonObject, marks: Marks) -> Outline:
    """Small: a hundred thousand of them must not cost much memory."""
    metadata = obj.get("metadata") or {}
    kept = {name: metadata[name] for name in KEPT if metadata.get(name)}
    if namespace := kept.get("namespace"):
        kept["namespace"] = intern(str(namespace))
    annotations = metadata.get("annotations") or {}
    if ours := {name: value for name, value in annotations.items() if name.startswith(PREFIX) or name in OWNING}:
        kept["annotations"] = ours
    if label := (metadata.get("labels") or {}).get(marks.label_key):
        kept["labels"] = {marks.label_key: label}
    return Outline(
        apiVersion=intern(str(obj.get("apiVersion") or "")), kind=intern(str(obj.get("kind") or "")), metadata=kept
    )
