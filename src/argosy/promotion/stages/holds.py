"""Holds on auto-promotion: a manual promotion of other Freight pauses automation, until somebody resumes it.

Source: spec/kargo.md 7.4. A Promotion carries its intent as an annotation, which admission inferred.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from argosy.apis.kargo import Promotion
from argosy.apis.kargo.artifacts import Origin
from argosy.apis.kargo.stage import AutoPromotionHold, FreightRequest
from argosy.apis.schema import written
from argosy.machinery.objects import JsonObject
from argosy.promotion.events import actor_of
from argosy.promotion.names import HOLD, RESUME
from argosy.promotion.stages.order import is_terminal

Holds = dict[str, AutoPromotionHold]
"""By origin."""


def as_json(holds: Mapping[str, AutoPromotionHold]) -> JsonObject | None:
    """As they are in a status; None if there are none."""
    return {origin: written(hold) for origin, hold in holds.items()} or None


def applied(holds: Mapping[str, AutoPromotionHold], promotion: Promotion) -> Holds:
    """After a Promotion has ended; an aborted one changes nothing."""
    found: Holds = dict(holds)
    if promotion.status.phase == "Aborted":
        return found
    origin, holding = intent_of(promotion)
    if origin and holding:
        found[origin] = _hold(promotion, origin)
    elif origin:
        found.pop(origin, None)
    return found


def intent_of(promotion: Promotion) -> tuple[str, bool]:
    """(origin, whether it is held); no origin without an intent."""
    annotations = promotion.metadata.annotations
    if held := annotations.get(HOLD):
        return held, True
    return annotations.get(RESUME) or "", False


def effective(holds: Mapping[str, AutoPromotionHold], promotions: Iterable[Promotion], processed: str) -> Holds:
    """The current holds, overridden by the newest Promotion with an intent that is neither processed nor aborted."""
    found: Holds = dict(holds)
    fresh = [
        one
        for one in promotions
        if one.status.phase != "Aborted" and (not is_terminal(one) or one.metadata.name > processed)
    ]
    for promotion in sorted(fresh, key=lambda one: one.metadata.name):
        origin, holding = intent_of(promotion)
        if origin and holding:
            found[origin] = _hold(promotion, origin)
        elif origin:
            found.pop(origin, None)
    return found


def of_requests(holds: Mapping[str, AutoPromotionHold], requests: Iterable[FreightRequest]) -> Holds:
    wanted = {str(request.origin) for request in requests}
    return {origin: hold for origin, hold in holds.items() if origin in wanted}


def _hold(promotion: Promotion, origin: str) -> AutoPromotionHold:
    kind, _, name = origin.partition("/")
    return AutoPromotionHold(
        freight_name=promotion.spec.freight,
        origin=Origin(kind=kind, name=name),
        promotion_name=promotion.metadata.name,
        actor=actor_of(promotion),
        created_at=promotion.metadata.creation_timestamp,
    )
