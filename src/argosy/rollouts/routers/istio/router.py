"""Istio's router: VirtualServices and, if the Rollout names one, a DestinationRule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.routing import IstioVirtualService
from argosy.apis.rollouts.steps import SetHeaderRoute, SetMirrorRoute
from argosy.machinery.objects import JsonObject, Key
from argosy.rollouts.arithmetic.sums import is_fully_available, pod_hash_of
from argosy.rollouts.routers.istio import managed_routes, subsets, weights
from argosy.rollouts.routers.istio.resources import (
    DESTINATION_RULES,
    VIRTUAL_SERVICES,
    istio_of,
    virtual_service_key,
    virtual_services,
)
from argosy.rollouts.routers.port import Drafts, Passive, RoutingError, Shares, Tell

UPDATED = "Updated VirtualService"


class IstioRouter(Passive):
    kind = "Istio"

    def __init__(self, rollout: Rollout, drafts: Drafts, report: Tell, sets: Sequence[ReplicaSet] = ()) -> None:
        super().__init__(rollout, drafts, report)
        self.sets = sets

    def remove_managed_routes(self) -> None:
        for wanted in virtual_services(self.rollout):
            key = virtual_service_key(self.rollout, wanted.name)
            obj = self.drafts.get(VIRTUAL_SERVICES, key)
            if obj is not None and managed_routes.remove_managed(self.rollout, obj):
                self.report("Normal", UPDATED, f"VirtualService `{key.name}` removed all managed routes.")

    def set_header_route(self, route: SetHeaderRoute) -> None:
        for wanted, obj in self._each():
            before = list((obj.get("spec") or {}).get("http") or ())
            managed_routes.set_header_route(self.rollout, wanted, obj, route, self._rule_host())
            managed_routes.order_routes(self.rollout, obj)
            if obj["spec"]["http"] != before:
                name = obj["metadata"]["name"]
                self.report("Normal", UPDATED, f"VirtualService `{name}` set headerRoute '{route.name}'")

    def set_mirror_route(self, route: SetMirrorRoute) -> None:
        for wanted, obj in self._each():
            before = list((obj.get("spec") or {}).get("http") or ())
            managed_routes.set_mirror_route(self.rollout, wanted, obj, route, self._rule_host())
            managed_routes.order_routes(self.rollout, obj)
            if obj["spec"]["http"] != before:
                name = obj["metadata"]["name"]
                self.report("Normal", UPDATED, f"VirtualService `{name}` set mirrorRoute '{route.name}'")

    def update_hash(self, canary: str, stable: str, shares: Shares) -> None:
        if (waiting := self._not_available(canary, stable)) is not None:
            raise RoutingError(f"delaying destination rule switch: ReplicaSet {waiting} not fully available")
        istio = istio_of(self.rollout)
        if istio is None or (rule := istio.destination_rule) is None:
            return
        obj = self.drafts.get(DESTINATION_RULES, self.key(rule.name))
        if obj is None:
            self.report("Warning", "DestinationRuleNotFound", f"DestinationRule `{rule.name}` not found")
            raise RoutingError(f'destinationrules.networking.istio.io "{rule.name}" not found')
        seen = self.drafts.seen.get((DESTINATION_RULES, self.key(rule.name)))
        subsets.update_subsets(self.rollout.name, rule, obj, canary, stable, shares)
        if obj != seen:
            text = (
                f"DestinationRule {rule.name} subset updated "
                f"({rule.canary_subset_name}: {canary}, {rule.stable_subset_name}: {stable})"
            )
            self.report("Normal", "UpdatedDestinationRule", text)

    def set_weight(self, weight: int, shares: Shares) -> None:
        for wanted, obj in self._each():
            if not weights.set_weight(self.rollout, wanted, obj, weight, shares):
                continue
            if (obj.get("spec") or {}).get("http") is not None:
                managed_routes.order_routes(self.rollout, obj)
            name = obj["metadata"]["name"]
            self.report("Normal", UPDATED, f"VirtualService `{name}` set to desiredWeight '{weight}'")

    def _each(self) -> Iterator[tuple[IstioVirtualService, JsonObject]]:
        for wanted in virtual_services(self.rollout):
            key = virtual_service_key(self.rollout, wanted.name)
            obj = self.drafts.get(VIRTUAL_SERVICES, key)
            if obj is None:
                self.report("Warning", "VirtualServiceNotFound", f"VirtualService `{key.name}` not found")
                raise RoutingError(f'virtualservices.networking.istio.io "{key.name}" not found')
            yield wanted, obj

    def _rule_host(self) -> str:
        istio = istio_of(self.rollout)
        rule = istio.destination_rule if istio is not None else None
        if rule is None:
            return ""
        obj = self.drafts.peek(DESTINATION_RULES, Key(self.rollout.namespace, rule.name))
        if obj is None:
            self.report("Warning", "DestinationRuleNotFound", f"DestinationRule `{rule.name}` not found")
            raise RoutingError(f'destinationrules.networking.istio.io "{rule.name}" not found')
        return str((obj.get("spec") or {}).get("host") or "")

    def _not_available(self, canary: str, stable: str) -> str | None:
        """Without Services nothing else keeps traffic from missing pods, so the subsets wait for the pods."""
        strategy = self.rollout.spec.strategy.canary
        if strategy is None or strategy.canary_service or strategy.stable_service:
            return None
        going_back = self.rollout.status.abort or self._rolls_back(stable)
        for found in self.sets:
            pod_hash = pod_hash_of(found)
            concerned = found.replicas and pod_hash and pod_hash in (canary, stable)
            if concerned and not (going_back and pod_hash == canary) and not is_fully_available(found):
                return found.name
        return None

    def _rolls_back(self, stable: str) -> bool:
        status, canary = self.rollout.status, self.rollout.spec.strategy.canary
        weights_now = status.canary.weights
        if canary is None or not canary.dynamic_stable_scale or weights_now is None:
            return False
        if status.stable_rs != status.current_pod_hash or weights_now.canary.pod_template_hash == stable:
            return False
        found = next((one for one in self.sets if pod_hash_of(one) == stable), None)
        return found is not None and found.available < self.rollout.replicas
