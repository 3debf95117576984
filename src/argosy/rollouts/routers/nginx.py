"""NGINX: a canary Ingress for each stable one, with the weight in its annotations. Section 14."""

from __future__ import annotations

import copy

from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.routing import Nginx
from argosy.machinery.objects import JsonObject
from argosy.rollouts.resources import INGRESSES
from argosy.rollouts.routers.ingresses import service_of
from argosy.rollouts.routers.ownership import controls, owner_of
from argosy.rollouts.routers.port import Passive, RoutingError, Shares

PREFIX = "nginx.ingress.kubernetes.io"
SUFFIX = "-canary"
LONGEST_NAME = 253
CLASS = "kubernetes.io/ingress.class"


def nginx_of(rollout: Rollout) -> Nginx | None:
    canary = rollout.spec.strategy.canary
    return canary.traffic_routing.nginx if canary is not None and canary.traffic_routing is not None else None


def stable_ingresses(rollout: Rollout) -> tuple[str, ...]:
    nginx = nginx_of(rollout)
    if nginx is None:
        return ()
    return nginx.stable_ingresses or (nginx.stable_ingress,)


def canary_name(rollout: Rollout, stable: str) -> str:
    return f"{rollout.name}-{stable}"[: LONGEST_NAME - len(SUFFIX)] + SUFFIX


class NginxRouter(Passive):
    kind = "Nginx"

    def set_weight(self, weight: int, shares: Shares) -> None:
        for name in stable_ingresses(self.rollout):
            stable = self.drafts.peek(INGRESSES, self.key(name))
            if stable is None:
                raise RoutingError(f'error retrieving stableIngress `{name}` from cache: ingress "{name}" not found')
            self._set(stable, canary_name(self.rollout, name), weight)

    def _set(self, stable: JsonObject, name: str, weight: int) -> None:
        wanted = canary_ingress(self.rollout, stable, name, weight)
        found = self.drafts.get(INGRESSES, self.key(name))
        if found is None:
            self.drafts.put(INGRESSES, wanted)
            text = f"Creating canary ingress `{name}` with weight `{weight}`"
            self.report("Normal", "CreatingCanaryIngress", text)
            return
        if not controls(self.rollout, found):
            raise RoutingError(f"canary ingress `{name}` controlled by different object")
        before = copy.deepcopy(found)
        notes = {**(found["metadata"].get("annotations") or {}), **wanted["metadata"]["annotations"]}
        found["metadata"]["annotations"] = notes
        found["spec"] = {**(found.get("spec") or {}), **wanted["spec"]}
        if found != before:
            text = f"Updating Ingress `{name}` to desiredWeight '{weight}'"
            self.report("Normal", "PatchingCanaryIngress", text)


def canary_ingress(rollout: Rollout, stable: JsonObject, name: str, weight: int) -> JsonObject:
    """The stable Ingress' rules for the stable Service, pointed at the canary. Raises RoutingError."""
    canary, nginx = rollout.spec.strategy.canary, nginx_of(rollout)
    assert canary is not None and nginx is not None and canary.traffic_routing is not None
    source = stable.get("spec") or {}
    rules = []
    for rule in copy.deepcopy(source.get("rules") or []):
        leads = False
        for path in (rule.get("http") or {}).get("paths") or ():
            if service_of(path) == canary.stable_service:
                path["backend"]["service"]["name"], leads = canary.canary_service, True
        rules += [rule] if leads else []
    if not rules:
        text = f"ingress `{nginx.stable_ingress}` has no rules using service {canary.stable_service} backend"
        raise RoutingError(text)
    spec: JsonObject = {"rules": rules}
    spec |= {field: copy.deepcopy(source[field]) for field in ("ingressClassName", "tls") if source.get(field)}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": name,
            "namespace": rollout.namespace,
            "annotations": _annotations(nginx, stable, weight, canary.traffic_routing.max_traffic_weight),
            "ownerReferences": [owner_of(rollout)],
        },
        "spec": spec,
    }


def _annotations(nginx: Nginx, stable: JsonObject, weight: int, total: int | None) -> dict[str, str]:
    prefix, found = nginx.annotation_prefix or PREFIX, {}
    if (kind := (stable["metadata"].get("annotations") or {}).get(CLASS)) is not None:
        found[CLASS] = kind
    for key, value in (nginx.additional_ingress_annotations or {}).items():
        found[key if key.startswith(prefix) else f"{prefix}/{key}"] = value
    found |= nginx.canary_ingress_annotations or {}
    found[f"{prefix}/canary"] = "true"
    found[f"{prefix}/canary-weight"] = str(weight)
    if total is not None:
        found[f"{prefix}/canary-weight-total"] = str(total)
    return found
