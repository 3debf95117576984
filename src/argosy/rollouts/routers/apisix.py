"""Apisix: weights of the backends of an ApisixRoute, and a separate route for each header route. Section 14."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Final

from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.routing import ApisixRouteReference
from argosy.apis.rollouts.steps import HeaderMatch, SetHeaderRoute
from argosy.machinery.objects import JsonObject, Resource
from argosy.rollouts.routers.ownership import controls, owner_of
from argosy.rollouts.routers.port import Passive, RoutingError, Shares

ROUTES: Final = Resource("apisix.apache.org", "v2", "apisixroutes", "ApisixRoute")


def route_of(rollout: Rollout) -> ApisixRouteReference | None:
    canary = rollout.spec.strategy.canary
    routing = canary.traffic_routing if canary is not None else None
    return routing.apisix.route if routing is not None and routing.apisix is not None else None


def header_route_names(rollout: Rollout) -> list[str]:
    canary = rollout.spec.strategy.canary
    if canary is None or canary.traffic_routing is None:
        return []
    names = [step.set_header_route.name for step in canary.steps if step.set_header_route is not None]
    return list(dict.fromkeys([*names, *(route.name for route in canary.traffic_routing.managed_routes or ())]))


class ApisixRouter(Passive):
    kind = "Apisix"

    def set_weight(self, weight: int, shares: Shares) -> None:
        canary = self.rollout.spec.strategy.canary
        assert canary is not None
        for rule in self._rules(self._route()):
            backends = _backends(rule)
            _named(backends, canary.canary_service)["weight"] = weight
            _named(backends, canary.stable_service)["weight"] = 100 - weight

    def set_header_route(self, route: SetHeaderRoute) -> None:
        key = self.key(route.name)
        found = self.drafts.get(ROUTES, key)
        if found is not None and not controls(self.rollout, found):
            raise RoutingError(f"duplicate ApisixRoute [{route.name}] already exists")
        if not route.match:
            if found is not None:
                self.drafts.drop(ROUTES, key)
            return
        is_new = found is None
        if found is None:
            found = copy.deepcopy(self._route())
            kept = {name: found["metadata"].get(name) for name in ("labels", "annotations")}
            metadata = {name: value for name, value in kept.items() if value}
            found["metadata"] = {**metadata, "name": route.name, "namespace": self.rollout.namespace}
            found["metadata"]["ownerReferences"] = [owner_of(self.rollout)]
            found.pop("status", None)
        self._lead_to_canary(found, route, is_new=is_new)
        self.drafts.put(ROUTES, found)

    def remove_managed_routes(self) -> None:
        for name in header_route_names(self.rollout):
            found = self.drafts.peek(ROUTES, self.key(name))
            if found is not None and controls(self.rollout, found):
                self.drafts.drop(ROUTES, self.key(name))

    def _lead_to_canary(self, obj: JsonObject, route: SetHeaderRoute, *, is_new: bool) -> None:
        canary = self.rollout.spec.strategy.canary
        assert canary is not None
        for rule in self._rules(obj):
            backends = _backends(rule)
            _named(backends, canary.canary_service)["weight"] = 100
            rule["backends"] = [one for one in backends if one.get("serviceName") != canary.stable_service]
            if is_new:
                rule["priority"] = int(rule.get("priority") or 0) + 1  # before the route that it is a copy of
            expressions = [part for match in route.match for part in _expressions(match)]
            rule["match"] = {**(rule.get("match") or {}), "exprs": expressions}

    def _route(self) -> JsonObject:
        reference = route_of(self.rollout)
        name = reference.name if reference is not None else ""
        found = self.drafts.get(ROUTES, self.key(name))
        if found is None:
            raise RoutingError(f'apisixroutes.apisix.apache.org "{name}" not found')
        return found

    def _rules(self, obj: JsonObject) -> Iterator[JsonObject]:
        reference = route_of(self.rollout)
        assert reference is not None
        rules = (obj.get("spec") or {}).get("http")
        if not isinstance(rules, list):
            raise RoutingError("spec.http was not found in Apisix Route manifest")
        for name in reference.rules or (reference.name,):
            found = next((rule for rule in rules if rule.get("name") == name), None)
            if found is None:
                raise RoutingError(f"Apisix http route rule {name} not found")
            yield found


def _backends(rule: JsonObject) -> list[JsonObject]:
    found = rule.get("backends")
    if not isinstance(found, list):
        raise RoutingError("Apisix http route backends not found")
    return found


def _named(backends: list[JsonObject], name: str) -> JsonObject:
    for backend in backends:
        if backend.get("serviceName") == name:
            return backend
    raise RoutingError(f"apisix route {name} backend was not found")


def _expressions(match: HeaderMatch) -> Iterator[JsonObject]:
    value, subject = match.header_value, {"scope": "Header", "name": match.header_name}
    if value is None:
        return
    if value.exact:
        yield {"subject": subject, "op": "Equal", "value": value.exact}
    if value.regex:
        yield {"subject": subject, "op": "RegexMatch", "value": value.regex}
    if value.prefix:
        yield {"subject": subject, "op": "RegexMatch", "value": f"^{value.prefix}.*"}
