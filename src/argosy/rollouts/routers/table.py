"""Which routers a Rollout uses, in upstream's order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal

from argosy.rollouts.reconcile.traffic.balancer_weights import weights_are_set
from argosy.rollouts.reconcile.turn import Turn
from argosy.rollouts.routers.alb import AlbRouter
from argosy.rollouts.routers.ambassador import AmbassadorRouter
from argosy.rollouts.routers.apisix import ApisixRouter
from argosy.rollouts.routers.app_mesh import AppMeshRouter
from argosy.rollouts.routers.gateway_api import PLUGIN, GatewayApiRouter
from argosy.rollouts.routers.istio.router import IstioRouter
from argosy.rollouts.routers.needs import selected_routes
from argosy.rollouts.routers.nginx import NginxRouter
from argosy.rollouts.routers.port import Passive, Router, RoutingError, Shares
from argosy.rollouts.routers.smi import SmiRouter
from argosy.rollouts.routers.traefik import TraefikRouter


class UnknownPlugin(Passive):
    """An unknown router plug-in: upstream's are Go programs, which cannot be loaded here."""

    def __init__(self, turn: Turn, name: str) -> None:
        super().__init__(turn.rollout, turn.drafts, reporter(turn))
        self.kind = name

    def set_weight(self, weight: int, shares: Shares) -> None:
        raise RoutingError(f"traffic router plugin {self.kind} is not known here; {PLUGIN} is built in")


def reporter(turn: Turn):  # type: ignore[no-untyped-def]
    def report(kind: Literal["Normal", "Warning"], reason: str, message: str) -> None:
        turn.event(reason, message, kind)

    return report


def routers_of(turn: Turn) -> Sequence[Router]:
    canary = turn.rollout.spec.strategy.canary
    routing = canary.traffic_routing if canary is not None else None
    if routing is None:
        return ()
    parts = turn.rollout, turn.drafts, reporter(turn)
    found: list[Router] = [IstioRouter(*parts, turn.sets)] if routing.istio is not None else []
    for setting, make in (
        (routing.nginx, NginxRouter),
        (routing.alb, partial(AlbRouter, weights=partial(weights_are_set, turn))),
        (routing.smi, partial(SmiRouter, version=turn.seen.split_version)),
        (routing.ambassador, AmbassadorRouter),
        (routing.app_mesh, AppMeshRouter),
        (routing.traefik, TraefikRouter),
        (routing.apisix, ApisixRouter),
    ):
        if setting is not None:
            found.append(make(*parts))
    for name in sorted(routing.plugins or {}):
        if name == PLUGIN:
            found.append(GatewayApiRouter(*parts, selected=selected_routes(turn.rollout, turn.seen.objects)))
        else:
            found.append(UnknownPlugin(turn, name))
    return found
