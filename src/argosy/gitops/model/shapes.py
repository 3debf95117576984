"""Whether an Application or an AppProject has the structure that all code relies on (security rule 16). Pure.

A CRD's schema rejects malformed objects; an older one, or an older client, may have let some in. Such an object must
stop nobody else: the invalid field is reported, and the object is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final, Literal

from argosy.machinery.objects import JsonObject, JsonValue

Shape = Literal["object", "objects", "texts", "map of texts"]

_METADATA: Final[Mapping[str, Shape]] = {
    "metadata.annotations": "map of texts",
    "metadata.labels": "map of texts",
    "metadata.finalizers": "texts",
    "metadata.ownerReferences": "objects",
    "spec": "object",
    "status": "object",
}
APPLICATION: Final[Mapping[str, Shape]] = {
    **_METADATA,
    "operation": "object",
    "operation.sync": "object",
    "operation.sync.resources": "objects",
    "spec.source": "object",
    "spec.sources": "objects",
    "spec.sourceHydrator": "object",
    "spec.destination": "object",
    "spec.ignoreDifferences": "objects",
    "spec.syncPolicy": "object",
    "spec.syncPolicy.automated": "object",
    "spec.syncPolicy.retry": "object",
    "spec.syncPolicy.syncOptions": "texts",
    "spec.syncPolicy.managedNamespaceMetadata": "object",
    "status.conditions": "objects",
    "status.health": "object",
    "status.history": "objects",
    "status.operationState": "object",
    "status.operationState.operation": "object",
    "status.operationState.syncResult": "object",
    "status.operationState.syncResult.resources": "objects",
    "status.resources": "objects",
    "status.summary": "object",
    "status.sync": "object",
    "status.sync.comparedTo": "object",
}
PROJECT: Final[Mapping[str, Shape]] = {
    **_METADATA,
    "spec.clusterResourceBlacklist": "objects",
    "spec.clusterResourceWhitelist": "objects",
    "spec.destinationServiceAccounts": "objects",
    "spec.destinations": "objects",
    "spec.namespaceResourceBlacklist": "objects",
    "spec.namespaceResourceWhitelist": "objects",
    "spec.orphanedResources": "object",
    "spec.roles": "objects",
    "spec.signatureKeys": "objects",
    "spec.sourceIntegrity": "object",
    "spec.sourceIntegrity.git": "object",
    "spec.sourceIntegrity.git.policies": "objects",
    "spec.sourceNamespaces": "texts",
    "spec.sourceRepos": "texts",
    "spec.syncWindows": "objects",
}


def wrong_field(obj: JsonObject, shapes: Mapping[str, Shape]) -> str:
    """Describes values of the wrong type; "" if there are none. Absent or null values are valid."""
    for path, shape in shapes.items():
        found = _at(obj, path)
        if found is not None and not _is(found, shape):
            return f"{path} must be {_SPELLED[shape]}"
    return ""


_SPELLED: Final[Mapping[Shape, str]] = {
    "object": "an object",
    "objects": "a list of objects",
    "texts": "a list of strings",
    "map of texts": "a map of strings",
}


def _at(obj: JsonObject, path: str) -> JsonValue:
    found: JsonValue = obj
    for name in _parts(path):
        if not isinstance(found, dict):
            return None
        found = found.get(name)
    return found


@cache
def _parts(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _is(value: JsonValue, shape: Shape) -> bool:
    match shape:
        case "object":
            return isinstance(value, dict)
        case "objects":
            return isinstance(value, list) and all(isinstance(item, dict) for item in value)
        case "texts":
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        case "map of texts":
            return isinstance(value, dict) and all(isinstance(item, str | None) for item in value.values())
