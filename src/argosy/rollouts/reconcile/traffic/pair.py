"""Which Service is the stable one, and which is the canary's."""

from __future__ import annotations

from argosy.apis.rollouts import Rollout


def stable_and_canary(rollout: Rollout, *, prefer_pair: bool = True) -> tuple[str, str]:
    """Their names; in a ping-pong pair, the roles swap with each promotion.

    Unless preferred, the pair only counts if no other Services are named.
    """
    canary = rollout.spec.strategy.canary
    if canary is None:
        return "", ""
    pair = canary.ping_pong
    if pair is None or not (prefer_pair or not (canary.stable_service or canary.canary_service)):
        return canary.stable_service, canary.canary_service
    if rollout.status.canary.stable_ping_pong == "ping":
        return pair.ping_service, pair.pong_service
    return pair.pong_service, pair.ping_service
