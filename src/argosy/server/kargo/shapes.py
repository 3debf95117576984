"""Objects as Kargo's API sends them: Go's types decide which empty parts are there, and which objects tell their kind.

Pure. What was read tells its kind, what was just made does not; Secrets never do (the recordings).
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
"""What lists tell that upstream takes from its cache."""


def plain(obj: JsonObject, *, kind: bool = True, typed: bool = True) -> JsonObject:
    """Without what only servers need. `kind`: whether kind and version are told; `typed`: an empty status, too."""
    found = {name: value for name, value in obj.items() if name not in ("kind", "apiVersion", "metadata")}
    metadata = {name: value for name, value in obj["metadata"].items() if name != "managedFields"}
    if typed and obj.get("kind") in WITH_STATUS:
        found.setdefault("status", {})
    told: JsonObject = {name: obj[name] for name in ("kind", "apiVersion") if kind and name in obj}
    return {**told, "metadata": metadata, **found}


def listed(items: Iterable[JsonObject], metadata: JsonObject, *, kind: bool = True) -> JsonObject:
    return {"metadata": metadata, "items": [plain(one, kind=kind) for one in items]}


def cached_list(items: Iterable[JsonObject], *, kind: bool = True) -> JsonObject:
    return listed(items, dict(CACHED), kind=kind)


def versioned(items: Iterable[JsonObject], version: str, *, kind: bool = True) -> JsonObject:
    """`version`: what a watch may begin from."""
    return listed(items, {"resourceVersion": version}, kind=kind)


def omitting_empty(found: dict[str, Any]) -> JsonObject:
    return {name: value for name, value in found.items() if value not in (None, "", [], {})}
