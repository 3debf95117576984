"""Gateway API, as upstream's plug-in `argoproj-labs/gatewayAPI`. Section 14.

Weights of backendRefs in HTTPRoutes, GRPCRoutes, TCPRoutes and TLSRoutes; header routes as further rules.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.steps import HeaderMatch, SetHeaderRoute
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.rollouts.routers.port import Passive, RoutingError, Shares

PLUGIN: Final = "argoproj-labs/gatewayAPI"
GROUP: Final = "gateway.networking.k8s.io"
KINDS: Final = {
    "http": Resource(GROUP, "v1", "httproutes", "HTTPRoute"),
    "grpc": Resource(GROUP, "v1", "grpcroutes", "GRPCRoute"),
    "tcp": Resource(GROUP, "v1alpha2", "tcproutes", "TCPRoute"),
    "tls": Resource(GROUP, "v1alpha2", "tlsroutes", "TLSRoute"),
}
IN_PROGRESS: Final = "rollouts.argoproj.io/gatewayapi-canary"


@dataclass(frozen=True, slots=True)
class Wanted:
    kind: str
    name: str
    header_routes: bool


def config_of(rollout: Rollout) -> JsonObject | None:
    canary = rollout.spec.strategy.canary
    plugins = canary.traffic_routing.plugins if canary is not None and canary.traffic_routing is not None else None
    found = (plugins or {}).get(PLUGIN)
    return found if isinstance(found, dict) else None


def namespace_of(rollout: Rollout, config: JsonObject) -> str:
    return str(config.get("namespace") or rollout.namespace)


def selectors_of(config: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """(kind, label selector), for routes that are selected by labels."""
    for kind in KINDS:
        if (selector := config.get(f"{kind}RouteSelector")) is not None:
            yield kind, selector


def named_routes(config: JsonObject) -> list[Wanted]:
    found = []
    for kind in KINDS:
        if name := config.get(f"{kind}Route"):
            found.append(Wanted(kind, str(name), header_routes=True))
        more = config.get(f"{kind}Routes") or ()
        found += [Wanted(kind, str(one.get("name")), header_routes=bool(one.get("useHeaderRoutes"))) for one in more]
    return found


class GatewayApiRouter(Passive):
    kind = PLUGIN

    def __init__(self, *args: object, selected: Iterable[Wanted] = ()) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.config = config_of(self.rollout) or {}
        named = named_routes(self.config)
        known = {(one.kind, one.name) for one in named}
        self.wanted = [*named, *(one for one in selected if (one.kind, one.name) not in known)]

    def set_weight(self, weight: int, shares: Shares) -> None:
        for wanted, route in self._each():
            self._weight(route, weight, shares if wanted.kind == "http" else ())
            self._label(route, in_progress=weight > 0)

    def verify_weight(self, weight: int, shares: Shares) -> bool | None:
        return True

    def set_header_route(self, route: SetHeaderRoute) -> None:
        for wanted, obj in self._each():
            if not wanted.header_routes or wanted.kind not in ("http", "grpc"):
                continue
            self._remove(obj, {route.name})
            if route.match:
                self._add(obj, route)

    def remove_managed_routes(self) -> None:
        for _, obj in self._each():
            self._remove(obj, set(self._managed()))

    def _each(self) -> Iterator[tuple[Wanted, JsonObject]]:
        if not self.wanted:
            raise RoutingError(f"{PLUGIN} names no route")
        for wanted in self.wanted:
            key = Key(namespace_of(self.rollout, self.config), wanted.name)
            found = self.drafts.get(KINDS[wanted.kind], key)
            if found is None:
                raise RoutingError(f'{KINDS[wanted.kind].qualified} "{wanted.name}" not found')
            yield wanted, found

    def _managed(self) -> list[str]:
        canary = self.rollout.spec.strategy.canary
        routing = canary.traffic_routing if canary is not None else None
        return [route.name for route in routing.managed_routes or ()] if routing is not None else []

    def _rules(self, route: JsonObject) -> list[JsonObject]:
        """Rules that are not managed, by their names: `name`, or `name-1` for a further rule."""
        return [rule for rule in (route.get("spec") or {}).get("rules") or () if not self._is_managed(rule)]

    def _is_managed(self, rule: JsonObject, names: set[str] | None = None) -> bool:
        name = str(rule.get("name") or "")
        head, _, tail = name.rpartition("-")
        wanted = set(self._managed()) if names is None else names
        return bool(name) and (name in wanted or (tail.isdecimal() and head in wanted))

    def _weight(self, route: JsonObject, weight: int, shares: Shares) -> None:
        canary = self.rollout.spec.strategy.canary
        assert canary is not None
        rest, found = 100 - weight - sum(share.weight for share in shares), False
        for rule in self._rules(route):
            backends = rule.get("backendRefs") or []
            by_name = {backend.get("name"): backend for backend in backends}
            if canary.canary_service not in by_name or canary.stable_service not in by_name:
                continue
            found = True
            by_name[canary.canary_service]["weight"] = weight
            by_name[canary.stable_service]["weight"] = rest
            rule["backendRefs"] = _with_shares(backends, shares, self._own(backends), by_name[canary.stable_service])
        if not found:
            name = route["metadata"]["name"]
            services = f"{canary.canary_service} and {canary.stable_service}"
            raise RoutingError(f"no rule of {route.get('kind')} {name} has the backends {services}")

    def _own(self, backends: list[JsonObject]) -> set[str]:
        """Services of experiments that were added before: ours are named after the Rollout."""
        prefix = f"{self.rollout.name}-"
        return {str(one.get("name")) for one in backends if str(one.get("name") or "").startswith(prefix)}

    def _label(self, route: JsonObject, *, in_progress: bool) -> None:
        """Marks the weights so that GitOps tools do not reset them now."""
        if self.config.get("disableInProgressLabel"):
            return
        key = str(self.config.get("inProgressLabelKey") or IN_PROGRESS)
        labels = dict(route["metadata"].get("labels") or {})
        if in_progress:
            labels[key] = str(self.config.get("inProgressLabelValue") or "in-progress")
        else:
            labels.pop(key, None)
        if labels != (route["metadata"].get("labels") or {}):
            route["metadata"]["labels"] = labels

    def _remove(self, route: JsonObject, names: set[str]) -> None:
        rules = (route.get("spec") or {}).get("rules") or []
        kept = [rule for rule in rules if not self._is_managed(rule, names)]
        if len(kept) != len(rules):
            route["spec"]["rules"] = kept

    def _add(self, obj: JsonObject, route: SetHeaderRoute) -> None:
        canary = self.rollout.spec.strategy.canary
        assert canary is not None
        made: list[JsonObject] = []
        for rule in self._rules(obj):
            names = {backend.get("name") for backend in rule.get("backendRefs") or ()}
            if not {canary.canary_service, canary.stable_service} <= names:
                continue
            copied = copy.deepcopy(rule)
            copied["name"] = f"{route.name}-{len(made)}" if made else route.name
            backends = [one for one in copied["backendRefs"] if one.get("name") == canary.canary_service]
            copied["backendRefs"] = [{**one, "weight": 100} for one in backends]
            copied["matches"] = [_with_headers(match, route.match) for match in copied.get("matches") or [{}]]
            made.append(copied)
        obj["spec"]["rules"] = [*obj["spec"]["rules"], *made]


def _with_headers(match: JsonObject, headers: Iterable[HeaderMatch]) -> JsonObject:
    return {**match, "headers": [*(match.get("headers") or ()), *(_header(one) for one in headers)]}


def _header(match: HeaderMatch) -> JsonObject:
    value = match.header_value
    if value is None:
        return {"name": match.header_name, "type": "Exact", "value": ""}
    if value.exact:
        return {"name": match.header_name, "type": "Exact", "value": value.exact}
    text = f"{value.prefix}.*" if value.prefix else value.regex
    return {"name": match.header_name, "type": "RegularExpression", "value": text}


def _with_shares(backends: list[JsonObject], shares: Shares, own: set[str], stable: JsonObject) -> list[JsonObject]:
    wanted = {share.service_name: share.weight for share in shares}
    kept = [one for one in backends if one.get("name") not in own or one.get("name") in wanted]
    for one in kept:
        if one.get("name") in wanted:
            one["weight"] = wanted[str(one["name"])]
    known = {one.get("name") for one in kept}
    port = {"port": stable["port"]} if "port" in stable else {}
    kept += [{"name": name, **port, "weight": weight} for name, weight in wanted.items() if name not in known]
    return kept
