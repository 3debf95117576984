"""Conditions of statuses: lastTransitionTime changes only with the status; all other fields are always updated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from argosy.apis.certmanager.shared import Condition
from argosy.apis.schema import written
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import seconds


def with_condition(
    conditions: Iterable[Condition],
    type_: str,
    status: str,
    reason: str,
    message: str,
    now: datetime,
    *,
    generation: int | None = None,
) -> list[JsonObject]:
    """The conditions as JSON with this one replaced, or appended."""
    listed = [written(one) for one in conditions]
    made: JsonObject = {"type": type_, "status": status, "lastTransitionTime": seconds(now), "reason": reason}
    if message:
        made["message"] = message
    if generation:
        made["observedGeneration"] = generation
    for at, one in enumerate(listed):
        if one["type"] == type_:
            if one.get("status") == status:
                made["lastTransitionTime"] = one.get("lastTransitionTime") or made["lastTransitionTime"]
            listed[at] = made
            return listed
    return [*listed, made]


def without_condition(conditions: Sequence[Condition], type_: str) -> list[JsonObject]:
    return [written(one) for one in conditions if one.type != type_]
