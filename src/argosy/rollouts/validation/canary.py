"""The canary strategy except for its steps. Section 10, "Canary"."""

from __future__ import annotations

from argosy.apis.rollouts import Canary, Rollout
from argosy.apis.rollouts.routing import TrafficRouting
from argosy.rollouts.arithmetic.limits import DEFAULT_PERCENT, scaled
from argosy.rollouts.validation.blue_green import anti_affinity_errors
from argosy.rollouts.validation.errors import FieldError, invalid
from argosy.rollouts.validation.steps import step_errors

_BOTH_SERVICES = "Canary service and Stable service must to be set to use Traffic Routing"
_PING_PONG = "Ping service and Pong service must to be set to use Ping-Pong feature"
_WITH_ROUTERS = "Ping-pong feature works with the ALB, Istio, and plugin-based traffic routers only"


def canary_errors(rollout: Rollout, path: str) -> list[FieldError]:
    canary = rollout.spec.strategy.canary
    if canary is None:
        return []
    found = _surge_errors(canary, f"{path}.maxSurge")
    if canary.canary_service and canary.canary_service == canary.stable_service:
        text = (
            "This rollout uses the same service for the stable and canary services, "
            "but two different services are required."
        )
        found.append(invalid(f"{path}.stableService", canary.stable_service, text))
    found += _ping_pong_errors(canary, path)
    if needs_both_services(canary):
        for name, value in (("stableService", canary.stable_service), ("canaryService", canary.canary_service)):
            found += [] if value else [invalid(f"{path}.{name}", value, _BOTH_SERVICES)]
    found += _scale_errors(canary, path)
    for index, step in enumerate(canary.steps):
        found += step_errors(rollout, canary, step, path, index)
    return found + anti_affinity_errors(canary.anti_affinity, f"{path}.antiAffinity")


def _surge_errors(canary: Canary, path: str) -> list[FieldError]:
    surge = DEFAULT_PERCENT if canary.max_surge is None else canary.max_surge
    unavailable = DEFAULT_PERCENT if canary.max_unavailable is None else canary.max_unavailable
    if scaled(surge, 100, up=True) or scaled(unavailable, 100, up=True):
        return []
    return [invalid(path, surge, "MaxSurge and MaxUnavailable both can not be zero")]


def _ping_pong_errors(canary: Canary, path: str) -> list[FieldError]:
    pair, routing, found = canary.ping_pong, canary.traffic_routing, []
    if pair is None:
        return []
    if routing is not None and routing.alb is None and routing.istio is None and not routing.plugins:
        found.append(invalid(f"{path}.trafficRouting.alb", None, _WITH_ROUTERS))
    for name, value in (("pingService", pair.ping_service), ("pongService", pair.pong_service)):
        found += [] if value else [invalid(f"{path}.pingPong.{name}", value, _PING_PONG)]
    if pair.ping_service == pair.pong_service:
        text = (
            "This rollout uses the same service for the ping and pong services, "
            "but two different services are required."
        )
        found.append(invalid(f"{path}.pingPong.pingService", pair.ping_service, text))
    if routing is not None and routing.alb is not None and not routing.alb.root_service:
        text = "Root service field is required for the configuration with ALB and ping-pong feature enabled"
        found.append(invalid(f"{path}.trafficRouting.alb.rootService", "", text))
    return found


def needs_both_services(canary: Canary) -> bool:
    """Most routers need Services."""
    routing = canary.traffic_routing
    if routing is None:
        return False
    if canary.ping_pong is None and (routing.alb or (routing.istio and routing.istio.destination_rule is None)):
        return True
    by_service = (routing.smi, routing.apisix, routing.ambassador, routing.nginx, routing.app_mesh, routing.traefik)
    return any(router is not None for router in by_service)


def _scale_errors(canary: Canary, path: str) -> list[FieldError]:
    delay, dynamic = canary.scale_down_delay_seconds, canary.dynamic_stable_scale
    if canary.traffic_routing is None:
        found = []
        if delay is not None:
            text = "Canary scaleDownDelaySeconds can only be used with traffic routing"
            found.append(invalid(f"{path}.scaleDownDelaySeconds", delay, text))
        if dynamic:
            text = "Canary dynamicStableScale can only be used with traffic routing"
            found.append(invalid(f"{path}.dynamicStableScale", dynamic, text))
        return found
    found = _weight_errors(canary.traffic_routing, path)
    if delay is not None and dynamic:
        text = "Canary dynamicStableScale cannot be used with scaleDownDelaySeconds"
        found.insert(0, invalid(f"{path}.dynamicStableScale", dynamic, text))
    return found


def _weight_errors(routing: TrafficRouting, path: str) -> list[FieldError]:
    if routing.max_traffic_weight is None or routing.nginx is not None or routing.plugins:
        return []
    text = "Canary maxTrafficWeight in traffic routing only supported in Nginx and Plugins"
    return [invalid(f"{path}.trafficRouting.maxTrafficWeight", routing.max_traffic_weight, text)]
