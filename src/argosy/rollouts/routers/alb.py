"""ALB: forward actions in the annotations of Ingresses. Section 14."""

from __future__ import annotations

import json
from collections.abc import Callable

from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.routing import Alb
from argosy.apis.rollouts.steps import SetHeaderRoute
from argosy.machinery.objects import JsonObject, Key
from argosy.rollouts.reconcile.traffic.pair import stable_and_canary
from argosy.rollouts.resources import INGRESSES
from argosy.rollouts.routers.ingresses import leads_to, service_of
from argosy.rollouts.routers.port import Drafts, Passive, RoutingError, Shares, Tell

PREFIX = "alb.ingress.kubernetes.io"
MANAGED = "rollouts.argoproj.io/managed-alb-annotations"
LONGEST_STICKINESS = 604800


def alb_of(rollout: Rollout) -> Alb | None:
    canary = rollout.spec.strategy.canary
    return canary.traffic_routing.alb if canary is not None and canary.traffic_routing is not None else None


def alb_ingresses(rollout: Rollout) -> tuple[str, ...]:
    alb = alb_of(rollout)
    return (alb.ingresses or (alb.ingress,)) if alb is not None else ()


def action_service(rollout: Rollout) -> str:
    canary, alb = rollout.spec.strategy.canary, alb_of(rollout)
    root = alb.root_service if alb is not None else ""
    return root or (canary.stable_service if canary is not None else "")


class AlbRouter(Passive):
    """`weights`: whether load balancers have them; None if that is not verified."""

    kind = "ALB"

    def __init__(
        self, rollout: Rollout, drafts: Drafts, report: Tell, weights: Callable[[int, Shares], bool | None]
    ) -> None:
        super().__init__(rollout, drafts, report)
        self._weights = weights

    def verify_weight(self, weight: int, shares: Shares) -> bool | None:
        return self._weights(weight, shares)

    def set_weight(self, weight: int, shares: Shares) -> None:
        service = action_service(self.rollout)
        for name in alb_ingresses(self.rollout):
            ingress = self._ingress(name)
            if not leads_to(ingress, service):
                raise RoutingError(f"ingress does not have service `{service}` in rules")
            before = dict(ingress["metadata"].get("annotations") or {})
            ingress["metadata"]["annotations"] = weighted(self.rollout, before, weight, shares)
            if ingress["metadata"]["annotations"] != before:
                text = f"Updating Ingress `{name}` to desiredWeight '{weight}'"
                self.report("Normal", "PatchingALBIngress", text)

    def set_header_route(self, route: SetHeaderRoute) -> None:
        for name in alb_ingresses(self.rollout):
            ingress = self._ingress(name)
            before = json.dumps(ingress, sort_keys=True)
            notes = ingress["metadata"].get("annotations") or {}
            ingress["metadata"]["annotations"] = with_header_route(self.rollout, notes, route)
            if not route.match:
                _remove_paths(ingress, {route.name})
            elif not leads_to(ingress, route.name):
                _add_path(ingress, route.name)
            self._sort_paths(ingress)
            if json.dumps(ingress, sort_keys=True) != before:
                text = f"Updating Ingress `{name}` to headerRoute '{route.name}'"
                self.report("Normal", "PatchingALBIngress", text)

    def remove_managed_routes(self) -> None:
        names = self._managed()
        for ingress_name in alb_ingresses(self.rollout) if names else ():
            ingress = self._ingress(ingress_name)
            before = json.dumps(ingress, sort_keys=True)
            keys = [key for name in names for key in _keys(self.rollout, name)]
            notes = dict(ingress["metadata"].get("annotations") or {})
            for key in keys:
                notes.pop(key, None)
            ingress["metadata"]["annotations"] = noted(notes, self.rollout.name, keys, add=False)
            _remove_paths(ingress, set(names))
            if json.dumps(ingress, sort_keys=True) != before:
                text = f"Updating Ingress `{ingress_name}` removing managed routes"
                self.report("Normal", "PatchingALBIngress", text)

    def _ingress(self, name: str) -> JsonObject:
        found = self.drafts.get(INGRESSES, Key(self.rollout.namespace, name))
        if found is None:
            raise RoutingError(f'ingress.networking.k8s.io "{name}" not found')
        return found

    def _managed(self) -> list[str]:
        canary = self.rollout.spec.strategy.canary
        routing = canary.traffic_routing if canary is not None else None
        return [route.name for route in routing.managed_routes or ()] if routing is not None else []

    def _sort_paths(self, ingress: JsonObject) -> None:
        """Managed routes first, in their order: the first match wins."""
        order = {name: at for at, name in enumerate(self._managed())}
        for rule in (ingress.get("spec") or {}).get("rules") or ():
            paths = (rule.get("http") or {}).get("paths")
            if paths:
                rule["http"]["paths"] = sorted(paths, key=lambda path: order.get(service_of(path), len(order)))


def weighted(rollout: Rollout, notes: dict[str, str], weight: int, shares: Shares) -> dict[str, str]:
    """The annotations with the action for a weight. Raises RoutingError."""
    stable, canary = stable_and_canary(rollout)
    rest = 100 - weight - sum(share.weight for share in shares)
    targets = [(canary, weight), *((share.service_name, share.weight) for share in shares), (stable, rest)]
    key = f"{annotation_prefix(rollout)}/actions.{action_service(rollout)}"
    return noted({**notes, key: _action(rollout, targets)}, rollout.name, [key], add=True)


def with_header_route(rollout: Rollout, notes: dict[str, str], route: SetHeaderRoute) -> dict[str, str]:
    action, condition = _keys(rollout, route.name)
    found = {key: value for key, value in notes.items() if key not in (action, condition)}
    if route.match:
        found[action] = _action(rollout, [(stable_and_canary(rollout)[1], 100)])
        found[condition] = _conditions(route)
    return noted(found, rollout.name, [action, condition], add=bool(route.match))


def annotation_prefix(rollout: Rollout) -> str:
    alb = alb_of(rollout)
    return (alb.annotation_prefix if alb is not None else "") or PREFIX


def _keys(rollout: Rollout, name: str) -> tuple[str, str]:
    return f"{annotation_prefix(rollout)}/actions.{name}", f"{annotation_prefix(rollout)}/conditions.{name}"


def _action(rollout: Rollout, targets: list[tuple[str, int]]) -> str:
    alb = alb_of(rollout)
    assert alb is not None
    port = str(alb.service_port)
    groups = [{"ServiceName": service, "ServicePort": port, "Weight": weight} for service, weight in targets]
    forward: JsonObject = {"TargetGroups": groups}
    sticky = alb.stickiness_config
    if sticky is not None and sticky.enabled:
        if not 1 <= sticky.duration_seconds <= LONGEST_STICKINESS:
            text = "TargetGroupStickinessConfig's duration must be between 1 and 604800 seconds (7 days)!"
            raise RoutingError(text)
        forward["TargetGroupStickinessConfig"] = {"Enabled": True, "DurationSeconds": sticky.duration_seconds}
    return _compact({"Type": "forward", "ForwardConfig": forward})


def _conditions(route: SetHeaderRoute) -> str:
    """One condition per header, with all of its values."""
    values: dict[str, list[str]] = {}
    for match in route.match:
        exact = match.header_value.exact if match.header_value is not None else ""
        values.setdefault(match.header_name, []).append(exact)
    return _compact(
        [
            {"field": "http-header", "httpHeaderConfig": {"httpHeaderName": name, "values": found}}
            for name, found in values.items()
        ]
    )


def noted(notes: dict[str, str], rollout: str, keys: list[str], *, add: bool) -> dict[str, str]:
    """With the record of which annotations are this Rollout's. Raises RoutingError."""
    try:
        managed = json.loads(notes.get(MANAGED) or "{}")
        mine = [str(key) for key in managed.get(rollout) or ()]
    except (ValueError, AttributeError, TypeError):
        raise RoutingError(f"annotation {MANAGED} is not a JSON object of lists") from None
    kept = [*mine, *(key for key in keys if key not in mine)] if add else [key for key in mine if key not in keys]
    return {**notes, MANAGED: _compact(dict(sorted({**managed, rollout: kept}.items())))}


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _add_path(ingress: JsonObject, name: str) -> None:
    """A path in each rule whose action is in an annotation."""
    backend = {"service": {"name": name, "port": {"name": "use-annotation"}}}
    path = {"path": "/*", "pathType": "ImplementationSpecific", "backend": backend}
    for rule in (ingress.get("spec") or {}).get("rules") or ():
        if rule.get("http"):
            rule["http"]["paths"] = [path, *(rule["http"].get("paths") or ())]


def _remove_paths(ingress: JsonObject, names: set[str]) -> None:
    for rule in (ingress.get("spec") or {}).get("rules") or ():
        if rule.get("http"):
            rule["http"]["paths"] = [p for p in rule["http"].get("paths") or () if service_of(p) not in names]
