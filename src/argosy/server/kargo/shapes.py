"""Objects in the JSON form of Kargo's API: which empty fields are present, and which objects contain kind and version.

Pure. Objects that were read have them, created ones do not; Secrets never do (by the recordings).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from argosy.machinery.objects import JsonObject

WITH_STATUS: Final = frozenset(
    {"Project", "ProjectConfig", "ClusterConfig", "Warehouse", "Stage", "Freight", "Promotion", "PromotionRequest"}
)
LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
CACHED: Final = {"continue": "continue-not-supported"}
"""Kinds whose lists upstream serves from its cache."""


def plain(obj: JsonObject, *, kind: bool = True, typed: bool = True) -> JsonObject:
    """Drops internal fields. `kind`: includes kind and apiVersion; `typed`: includes an empty status."""
    found = {name: value for name, value in obj.items() if name not in ("kind", "apiVersion", "metadata")}
    metadata = {name: value for name, value in obj["metadata"].items() if name != "managedFields"}
    if typed and obj.get("kind") in WITH_STATUS:
        found.setdefault("status", {})
    type_fields: JsonObject = {name: obj[name] for name in ("kind", "apiVersion") if kind and name in obj}
    return {**type_fields, "metadata": metadata, **found}


def listed(items: Iterable[JsonObject], metadata: JsonObject, *, kind: bool = True) -> JsonObject:
    return {"metadata": metadata, "items": [plain(one, kind=kind) for one in items]}


def cached_list(items: Iterable[JsonObject], *, kind: bool = True) -> JsonObject:
    return listed(items, dict(CACHED), kind=kind)


def versioned(items: Iterable[JsonObject], version: str, *, kind: bool = True) -> JsonObject:
    """`version`: the resourceVersion from which a watch may start."""
    return listed(items, {"resourceVersion": version}, kind=kind)


def omitting_empty(found: dict[str, Any]) -> JsonObject:
    return {name: value for name, value in found.items() if value not in (None, "", [], {})}
