"""Weights of the destinations of a VirtualService. Section 14, "Istio"."""

from __future__ import annotations

from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.routing import IstioDestinationRule, IstioVirtualService
from argosy.machinery.objects import JsonObject
from argosy.rollouts.reconcile.traffic.pair import stable_and_canary
from argosy.rollouts.routers.istio.resources import istio_of
from argosy.rollouts.routers.istio.routes import KINDS, chosen, host_of, managed_names, routes_of, subset_of
from argosy.rollouts.routers.port import Shares


def set_weight(rollout: Rollout, wanted: IstioVirtualService, obj: JsonObject, weight: int, shares: Shares) -> bool:
    """Changes the draft; returns whether anything changed. Raises RoutingError."""
    routes = {kind: chosen(rollout, wanted, obj, kind) for kind in KINDS}
    if mirrored := _mirrored(rollout, obj):
        # istio.go, generateVirtualServicePatches: with mirror routes, only named routes are weighted.
        kept = routes["http"] if wanted.routes else []
        routes["http"] = [*kept, *(route for route in mirrored if route not in kept)]
    changed = False
    for route in (route for found in routes.values() for route in found):
        changed |= _weight_route(rollout, route, weight, shares)
    return changed


def _mirrored(rollout: Rollout, obj: JsonObject) -> list[JsonObject]:
    managed = managed_names(rollout)
    routes = routes_of(obj, "http") or []
    return [route for route in routes if route.get("mirror") is not None and route.get("name") in managed]


def _weight_route(rollout: Rollout, route: JsonObject, weight: int, shares: Shares) -> bool:
    destinations: list[JsonObject] = route.get("route") or []
    wanted = _wanted(rollout, destinations, weight, shares)
    kept: list[JsonObject] = []
    changed = False
    for destination, value in zip(destinations, wanted, strict=True):
        old = destination.get("weight") or 0
        if value is None and old != 0:
            changed = True  # a destination that no longer takes part had traffic
            continue
        if value is not None and value != old:
            destination["weight"], changed = value, True
        kept.append(destination)
    known = {host_of(destination) for destination in destinations}
    for share in sorted(shares, key=lambda one: one.service_name):
        if share.service_name not in known and share.weight:
            kept.append({"destination": {"host": share.service_name}, "weight": share.weight})
            changed = True
    route["route"] = kept
    return changed


def _wanted(rollout: Rollout, destinations: list[JsonObject], weight: int, shares: Shares) -> list[int | None]:
    """The weight of each destination; None if it is to be removed."""
    istio = istio_of(rollout)
    rule = istio.destination_rule if istio is not None and istio.destination_rule else IstioDestinationRule()
    stable, canary = stable_and_canary(rollout, prefer_pair=False)
    by_service = {share.service_name: share.weight for share in shares}
    kept = sum(int(one.get("weight") or 0) for one in destinations if subset_of(one) in rule.additional_subset_names)
    rest = max(0, 100 - weight - sum(by_service.values()) - kept)
    found: list[int | None] = []
    for one in destinations:
        host, subset, own = host_of(one), subset_of(one), int(one.get("weight") or 0)
        if not host:
            found.append(own)
        elif host == canary or (subset and subset == rule.canary_subset_name):
            found.append(weight)
        elif host == stable or (subset and subset == rule.stable_subset_name):
            found.append(rest)
        elif host in by_service:
            found.append(by_service[host])
        elif subset and subset in rule.additional_subset_names:
            found.append(own)
        else:
            found.append(None)
    return found
