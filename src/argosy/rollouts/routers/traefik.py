"""Traefik: weights of the services of a weighted TraefikService. Section 14."""

from __future__ import annotations

from argosy.apis.rollouts import Rollout
from argosy.machinery.objects import JsonObject
from argosy.rollouts.routers.port import Passive, RoutingError, Shares
from argosy.rollouts.routers.versions import TRAEFIK_SERVICES


def service_name(rollout: Rollout) -> str:
    canary = rollout.spec.strategy.canary
    routing = canary.traffic_routing if canary is not None else None
    return routing.traefik.weighted_traefik_service_name if routing is not None and routing.traefik is not None else ""


class TraefikRouter(Passive):
    kind = "Traefik"

    def set_weight(self, weight: int, shares: Shares) -> None:
        name, canary = service_name(self.rollout), self.rollout.spec.strategy.canary
        assert canary is not None
        found = self.drafts.get(TRAEFIK_SERVICES, self.key(name))
        if found is None:
            raise RoutingError(f'traefikservices.traefik.io "{name}" not found')
        services = ((found.get("spec") or {}).get("weighted") or {}).get("services")
        if not isinstance(services, list):
            raise RoutingError("spec.weighted.services was not found in traefik service manifest")
        _named(services, canary.canary_service, "canary")["weight"] = weight
        _named(services, canary.stable_service, "stable")["weight"] = 100 - weight


def _named(services: list[JsonObject], name: str, what: str) -> JsonObject:
    for service in services:
        if service.get("name") == name:
            return service
    raise RoutingError(f"traefik {what} service was not found")
