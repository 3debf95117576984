"""Which Freight auto-promotion would choose for each origin that a Stage requests.

Source: spec/kargo.md 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from argosy.machinery.objects import JsonObject
from argosy.promotion.freight.availability import available, discovered_at, origin_text, request_of

MATCH_UPSTREAM = "MatchUpstream"


def candidates(stage: JsonObject, eligible: Sequence[JsonObject]) -> dict[str, JsonObject]:
    """Origin -> Freight, of the eligible Freight. An origin without a choice is absent."""
    found: dict[str, JsonObject] = {}
    for request in (stage.get("spec") or {}).get("requestedFreight") or ():
        origin = origin_text(request.get("origin") or {})
        own = [one for one in eligible if origin_text(one.get("origin") or {}) == origin]
        if chosen := _chosen(request, own):
            found[origin] = chosen
    return found


def eligible(stage: JsonObject, freight: Iterable[JsonObject], now: datetime) -> list[JsonObject]:
    """Available Freight; where a request matches its upstream, only what that Stage holds now."""
    found = []
    for one in available(stage, freight, now):
        request = request_of(stage, origin_text(one.get("origin") or {}))
        if request is not None and (not _matches_upstream(request) or _is_upstream(request, one)):
            found.append(one)
    return found


def newest(freight: Sequence[JsonObject]) -> JsonObject | None:
    """By effective discovery; equal times by name, descending."""
    return max(freight, key=lambda one: (discovered_at(one), str(one["metadata"]["name"])), default=None)


def _chosen(request: Mapping[str, Any], freight: Sequence[JsonObject]) -> JsonObject | None:
    if _matches_upstream(request):
        # More than one piece upstream: which of them is meant will show when one of them has left.
        return freight[0] if len(freight) == 1 else None
    return newest(freight)


def _matches_upstream(request: Mapping[str, Any]) -> bool:
    options = (request.get("sources") or {}).get("autoPromotionOptions") or {}
    return bool(options.get("selectionPolicy") == MATCH_UPSTREAM)


def _is_upstream(request: Mapping[str, Any], freight: JsonObject) -> bool:
    current = (freight.get("status") or {}).get("currentlyIn") or {}
    return any(name in current for name in (request.get("sources") or {}).get("stages") or ())
