"""Rows of claims and slices of devices (resource.k8s.io)."""

from __future__ import annotations

from datetime import datetime

from argosy.cluster.kinds.cells.plain import age
from argosy.machinery.objects import JsonObject, JsonValue


def claim_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    return [obj["metadata"].get("name", ""), _state(obj), age(obj, now)]


def _state(claim: JsonObject) -> str:
    status, is_going = claim.get("status") or {}, bool(claim["metadata"].get("deletionTimestamp"))
    words = ["deleted"] if is_going else []
    if status.get("allocation"):
        words += ["allocated", *(["reserved"] if status.get("reservedFor") else [])]
    elif not is_going:
        words.append("pending")
    return ",".join(words)


def slice_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    spec = obj.get("spec") or {}
    pool = (spec.get("pool") or {}).get("name", "")
    return [obj["metadata"].get("name", ""), spec.get("nodeName") or "", spec.get("driver", ""), pool, age(obj, now)]
