"""Holds on auto-promotion: who promotes something else by hand keeps automation away, until somebody resumes it.

Source: spec/kargo.md 7.4. A Promotion carries its intent as an annotation, which admission inferred.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from argosy.machinery.objects import JsonObject
from argosy.promotion.events import actor_of
from argosy.promotion.freight.availability import origin_text
from argosy.promotion.names import HOLD, RESUME
from argosy.promotion.stages.order import is_terminal, phase_of

Holds = dict[str, JsonObject]


def applied(holds: Mapping[str, Any], promotion: JsonObject) -> Holds:
    """After a Promotion has ended; an aborted one changes nothing."""
    found: Holds = dict(holds)
    if phase_of(promotion) == "Aborted":
        return found
    origin, holding = intent_of(promotion)
    if origin and holding:
        found[origin] = _hold(promotion, origin)
    elif origin:
        found.pop(origin, None)
    return found


def intent_of(promotion: JsonObject) -> tuple[str, bool]:
    """(origin, whether it is to be held); no origin without an intent."""
    annotations = promotion["metadata"].get("annotations") or {}
    if annotations.get(HOLD):
        return str(annotations[HOLD]), True
    return str(annotations.get(RESUME) or ""), False


def effective(holds: Mapping[str, Any], promotions: Iterable[JsonObject], processed: str) -> Holds:
    """Those in force, overruled by the newest Promotion with an intent that is not processed yet, nor aborted."""
    found: Holds = dict(holds)
    fresh = [
        one
        for one in promotions
        if phase_of(one) != "Aborted" and (not is_terminal(one) or str(one["metadata"]["name"]) > processed)
    ]
    for promotion in sorted(fresh, key=lambda one: str(one["metadata"]["name"])):
        origin, holding = intent_of(promotion)
        if origin and holding:
            found[origin] = _hold(promotion, origin)
        elif origin:
            found.pop(origin, None)
    return found


def of_requests(holds: Mapping[str, Any], requests: Iterable[Mapping[str, Any]]) -> Holds:
    wanted = {origin_text(request["origin"]) for request in requests}
    return {origin: hold for origin, hold in holds.items() if origin in wanted}


def _hold(promotion: JsonObject, origin: str) -> JsonObject:
    kind, _, name = origin.partition("/")
    return {
        "freightName": promotion["spec"].get("freight") or "",
        "origin": {"kind": kind, "name": name},
        "promotionName": promotion["metadata"]["name"],
        "actor": actor_of(promotion),
        "createdAt": promotion["metadata"]["creationTimestamp"],
    }
