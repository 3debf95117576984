"""The routes of a VirtualService that a Rollout controls: selecting and validating them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.routing import IstioVirtualService, TcpRoute, TlsRoute
from argosy.machinery.objects import JsonObject
from argosy.rollouts.reconcile.traffic.pair import stable_and_canary
from argosy.rollouts.routers.istio.resources import istio_of
from argosy.rollouts.routers.port import RoutingError

KINDS = ("http", "tls", "tcp")


def routes_of(obj: JsonObject, kind: str) -> list[JsonObject] | None:
    """None if the VirtualService has none of this kind. Raises RoutingError if they are not routes."""
    found = (obj.get("spec") or {}).get(kind)
    if found is None or not isinstance(found, list):
        return None
    for route in found:
        if not isinstance(route, dict) or not isinstance(route.get("route") or [], list):
            raise RoutingError(f"spec.{kind}[] of VirtualService {obj['metadata'].get('name')} has an invalid route")
    return found


def chosen(rollout: Rollout, wanted: IstioVirtualService, obj: JsonObject, kind: str) -> list[JsonObject]:
    """The routes that carry the weights, validated. Raises RoutingError."""
    routes = routes_of(obj, kind)
    if routes is None:
        return []
    if kind == "http":
        return _checked(rollout, _http(rollout, wanted.routes, routes))
    given = wanted.tls_routes if kind == "tls" else wanted.tcp_routes
    found = _checked(rollout, _by_match(given, routes, kind))
    if not given and len(routes) > 1:
        raise RoutingError(_ambiguous(kind))
    return found


def _ambiguous(kind: str) -> str:
    field = {"http": "routes", "tls": "tlsRoutes", "tcp": "tcpRoutes"}[kind]
    return (
        f"spec.{kind}[] should be set in VirtualService and it must have exactly one route when omitting "
        f"spec.strategy.canary.trafficRouting.istio.virtualService.{field}"
    )


def _http(rollout: Rollout, names: Sequence[str], routes: list[JsonObject]) -> list[JsonObject]:
    managed = managed_names(rollout)
    if names:
        return [named(routes, name) for name in names]
    if len([route for route in routes if route.get("name") not in managed]) > 1:
        raise RoutingError(_ambiguous("http"))
    if len(routes) == 1:
        return routes
    return [route for route in routes if not route.get("name")][:1]


def named(routes: Iterable[JsonObject], name: str) -> JsonObject:
    found = next((route for route in routes if route.get("name") == name), None)
    if found is None:
        raise RoutingError(f"HTTP Route '{name}' is not found in the defined Virtual Service.")
    return found


def managed_names(rollout: Rollout) -> list[str]:
    canary = rollout.spec.strategy.canary
    routing = canary.traffic_routing if canary is not None else None
    return [route.name for route in routing.managed_routes or ()] if routing is not None else []


def _by_match(wanted: Sequence[TlsRoute] | Sequence[TcpRoute], routes: list[JsonObject], kind: str) -> list[JsonObject]:
    if not wanted:
        return routes[:1]
    found: list[JsonObject] = []
    for one in wanted:
        hosts = sorted(one.sni_hosts) if isinstance(one, TlsRoute) else None
        matching = [route for route in routes if _matches(route, one.port, hosts)]
        if not matching:
            raise RoutingError(f"No matching {kind.upper()} routes found in the defined Virtual Service.")
        found += matching
    return found


def _matches(route: JsonObject, port: int, hosts: list[str] | None) -> bool:
    """By the one port of its matches, and by all their server names."""
    matches = route.get("match") or []
    ports = {match.get("port") or 0 for match in matches}
    names = {name for match in matches for name in match.get("sniHosts") or match.get("sni") or ()}
    return len(ports) <= 1 and next(iter(ports), 0) == port and (hosts is None or hosts == sorted(names))


def host_of(destination: JsonObject) -> str:
    """The first label of the host; empty if it starts with a dot."""
    return str((destination.get("destination") or {}).get("host") or "").split(".", 1)[0]


def subset_of(destination: JsonObject) -> str:
    return str((destination.get("destination") or {}).get("subset") or "")


def _checked(rollout: Rollout, routes: list[JsonObject]) -> list[JsonObject]:
    """Each must route to both versions."""
    istio = istio_of(rollout)
    rule = istio.destination_rule if istio is not None else None
    stable, canary = stable_and_canary(rollout, prefer_pair=False)
    for route in routes:
        destinations = route.get("route") or []
        if rule is not None:
            subsets = {subset_of(one) for one in destinations}
            _require(
                bool(rule.canary_subset_name) and rule.canary_subset_name in subsets,
                "Canary DestinationRule subset",
                rule.canary_subset_name,
            )
            _require(
                bool(rule.stable_subset_name) and rule.stable_subset_name in subsets,
                "Stable DestinationRule subset",
                rule.stable_subset_name,
            )
        else:
            hosts = {host_of(one) for one in destinations}
            _require(bool(canary) and canary in hosts, "Canary Service", canary)
            _require(bool(stable) and stable in hosts, "Stable Service", stable)
    return routes


def _require(found: bool, what: str, name: str) -> None:
    if not found:
        raise RoutingError(f"{what} '{name}' not found in route")
