"""Which Freight auto-promotion chooses for each origin that a Stage requests.

Source: spec/kargo.md 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from argosy.apis.kargo import Freight, Stage
from argosy.apis.kargo.stage import FreightRequest
from argosy.promotion.freight.availability import available, discovered_at

MATCH_UPSTREAM = "MatchUpstream"


def candidates(stage: Stage, eligible: Sequence[Freight]) -> dict[str, Freight]:
    """Origin -> Freight, from the eligible Freight. An origin without a choice is absent."""
    found: dict[str, Freight] = {}
    for request in stage.spec.requested_freight:
        origin = str(request.origin)
        own = [one for one in eligible if str(one.origin) == origin]
        if chosen := _chosen(request, own):
            found[origin] = chosen
    return found


def eligible(stage: Stage, freight: Iterable[Freight], now: datetime) -> list[Freight]:
    """Available Freight; for a request that matches its upstream, only what that Stage holds now."""
    found = []
    for one in available(stage, freight, now):
        request = stage.request_of(one.origin)
        if request is not None and (not _matches_upstream(request) or _is_upstream(request, one)):
            found.append(one)
    return found


def newest(freight: Sequence[Freight]) -> Freight | None:
    """By effective discovery time; equal times by name, descending."""
    return max(freight, key=lambda one: (discovered_at(one), one.metadata.name), default=None)


def _chosen(request: FreightRequest, freight: Sequence[Freight]) -> Freight | None:
    if _matches_upstream(request):
        # Several pieces upstream: the choice waits until only one is left.
        return freight[0] if len(freight) == 1 else None
    return newest(freight)


def _matches_upstream(request: FreightRequest) -> bool:
    return request.sources.auto_promotion_options.selection_policy == MATCH_UPSTREAM


def _is_upstream(request: FreightRequest, freight: Freight) -> bool:
    return any(freight.status.stay_in(name) for name in request.sources.stages)
