"""Header and mirror routes of a VirtualService: created, ordered, removed."""

from __future__ import annotations

from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.routing import IstioVirtualService
from argosy.apis.rollouts.steps import SetHeaderRoute, SetMirrorRoute, StringMatch
from argosy.machinery.objects import JsonObject
from argosy.rollouts.reconcile.traffic.pair import stable_and_canary
from argosy.rollouts.routers.istio.resources import istio_of
from argosy.rollouts.routers.istio.routes import managed_names, named, routes_of
from argosy.rollouts.routers.port import RoutingError

NO_ROUTES = "spec.http not found"


def http_routes(obj: JsonObject) -> list[JsonObject]:
    routes = routes_of(obj, "http")
    if routes is None:
        raise RoutingError(NO_ROUTES)
    return routes


def remove_route(obj: JsonObject, name: str) -> None:
    obj["spec"]["http"] = [route for route in http_routes(obj) if (route.get("name") or "") != name]


def set_header_route(
    rollout: Rollout, wanted: IstioVirtualService, obj: JsonObject, route: SetHeaderRoute, host: str
) -> None:
    """`host`: the DestinationRule's, if there is one."""
    remove_route(obj, route.name)
    if not route.match:
        return
    destination = _canary(rollout, host)
    if (port := _port(wanted, obj)) is not None:
        destination["port"] = {"number": port}
    made = {
        "name": route.name,
        "match": [{"headers": {match.header_name: string_match(match.header_value)}} for match in route.match],
        "route": [{"destination": destination, "weight": 100}],
    }
    obj["spec"]["http"] = [*http_routes(obj), made]


def set_mirror_route(
    rollout: Rollout, wanted: IstioVirtualService, obj: JsonObject, route: SetMirrorRoute, host: str
) -> None:
    """The mirrored requests are served as before: by the weights of the route that it copies."""
    before = next((one for one in http_routes(obj) if one.get("name") == route.name), None)
    if not route.match:
        remove_route(obj, route.name)
        return
    mirror = _canary(rollout, host)
    if (port := _port(wanted, obj)) is not None:
        mirror["port"] = {"number": port}
    matches = []
    for match in route.match:
        parts: JsonObject = {"method": string_match(match.method), "uri": string_match(match.path)}
        parts["headers"] = match.headers
        matches.append({name: value for name, value in parts.items() if value})
    made = {
        "name": route.name,
        "match": matches,
        "route": _weighted(wanted, obj),
        "mirror": mirror,
        "mirrorPercentage": {"value": 100 if route.percentage is None else route.percentage},
    }
    if before is not None and {**before, "route": None} == {**made, "route": None}:
        return  # its weights follow the step's, see `weights`
    remove_route(obj, route.name)
    obj["spec"]["http"] = [made, *http_routes(obj)]


def string_match(match: StringMatch | None) -> JsonObject:
    if match is None:
        return {}
    parts = {"exact": match.exact, "prefix": match.prefix, "regex": match.regex}
    return {name: value for name, value in parts.items() if value}


def _canary(rollout: Rollout, host: str) -> JsonObject:
    istio = istio_of(rollout)
    rule = istio.destination_rule if istio is not None else None
    found: JsonObject = {"host": host or stable_and_canary(rollout, prefer_pair=False)[1]}
    if rule is not None and rule.canary_subset_name:
        found["subset"] = rule.canary_subset_name
    return found


def _first(wanted: IstioVirtualService, obj: JsonObject) -> list[JsonObject]:
    """The destinations of the first weighted route."""
    routes = http_routes(obj)
    if wanted.routes:
        return list(named(routes, wanted.routes[0]).get("route") or [])
    if len(routes) == 1:
        return list(routes[0].get("route") or [])
    return list(next((route for route in routes if not route.get("name")), {}).get("route") or [])


def _port(wanted: IstioVirtualService, obj: JsonObject) -> int | None:
    try:
        destinations = _first(wanted, obj)
    except RoutingError:
        return None
    port = ((destinations[0].get("destination") or {}).get("port") or {}).get("number") if destinations else None
    return int(port) if port else None


def _weighted(wanted: IstioVirtualService, obj: JsonObject) -> list[JsonObject]:
    """A copy; a weight of 0 is left out, as in upstream's type."""
    found = []
    for destination in _first(wanted, obj):
        copy = {"destination": destination.get("destination")}
        found.append({**copy, "weight": destination["weight"]} if destination.get("weight") else copy)
    return found


def order_routes(rollout: Rollout, obj: JsonObject) -> None:
    """Managed routes first, in the order of managedRoutes: Istio uses the first match."""
    routes, names = http_routes(obj), managed_names(rollout)
    if not names:
        return
    managed = [route for name in names for route in routes if route.get("name") == name]
    obj["spec"]["http"] = [*managed, *(route for route in routes if route.get("name") not in names)]


def remove_managed(rollout: Rollout, obj: JsonObject) -> bool:
    """Whether there was one."""
    routes, canary = routes_of(obj, "http"), rollout.spec.strategy.canary
    if routes is None or canary is None:
        return False
    names = set(managed_names(rollout))
    names |= {step.set_header_route.name for step in canary.steps if step.set_header_route is not None}
    names |= {step.set_mirror_route.name for step in canary.steps if step.set_mirror_route is not None}
    kept = [route for route in routes if not route.get("name") or route["name"] not in names]
    obj["spec"]["http"] = kept
    return len(kept) != len(routes)
