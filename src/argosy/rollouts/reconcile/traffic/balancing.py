"""The state of a Rollout's AWS load balancers, gathered by `look`, only if an installation verifies it.

There are two checks: whether the pods of a Service are registered with its target groups, after it was switched; and
which weights the load balancers of ALB Ingresses have, after a weight was set. Sections 5.6, 6 and 14.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.kubernetes.views.core import Service
from argosy.apis.rollouts import Rollout
from argosy.machinery.controller import Failed, Pending, Snapshot
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.rollouts.arithmetic.sums import pod_hash_of
from argosy.rollouts.ports import AskBalancer, AskTargets, BalancerAnswer, TargetsAnswer
from argosy.rollouts.reconcile.traffic.pair import stable_and_canary
from argosy.rollouts.resources import HASH_LABEL, INGRESSES
from argosy.rollouts.revisions.annotations import has_deadline
from argosy.rollouts.routers.alb import alb_ingresses, alb_of
from argosy.rollouts.routers.ingresses import hosts_of
from argosy.rollouts.settings import RolloutSettings

ENDPOINTS = Resource("", "v1", "endpoints", "Endpoints")


@dataclass(frozen=True, slots=True)
class Check:
    """A check, remembered from turn to turn."""

    about: Any
    """What is checked: a change starts a new check."""
    since: datetime | None = None
    again: datetime | None = None
    """When to ask again; None until there is an answer, and after a positive answer."""
    reported: tuple[str, ...] = ()
    """Events of this check: each is emitted once."""


@dataclass(frozen=True, slots=True)
class Binding:
    """A TargetGroupBinding of the Service, and AWS's answer about it."""

    arn: str
    targets: frozenset[str]
    answer: TargetsAnswer | Failed | Pending


@dataclass(frozen=True, slots=True)
class Balancing:
    settings: RolloutSettings
    service: str = ""
    """The Service whose pods must be registered now; empty if there is none."""
    is_bound: bool = False
    """Whether any TargetGroupBinding refers to it."""
    bindings: Sequence[Binding] | None = ()
    """None while the Service or its Endpoints do not point to the new pods."""
    balancers: Mapping[str, BalancerAnswer | Failed | Pending] = field(default_factory=dict)
    """By host name."""


def bindings_resource(settings: RolloutSettings) -> Resource:
    group, _, version = settings.binding_version.partition("/")
    return Resource(group, version, "targetgroupbindings", "TargetGroupBinding")


def balancing(
    snapshot: Snapshot,
    rollout: Rollout,
    sets: Sequence[ReplicaSet],
    services: Mapping[str, Service],
    objects: Mapping[tuple[Resource, Key], JsonObject],
    pod_hash: str,
    settings: RolloutSettings,
) -> Balancing | None:
    """None if nothing is verified. `snapshot.memory` has the checks."""
    if not settings.verify_target_groups:
        return None
    weighing, registering = (getattr(snapshot.memory, name, None) for name in ("weighing", "registering"))
    balancers = {}
    if weighing is not None:
        for host in _hosts(rollout, objects):
            balancers[host] = snapshot.ask(AskBalancer(host, weighing.since))
    service = services.get(_service_to_verify(rollout, sets, pod_hash))
    if service is None:
        return Balancing(settings, balancers=balancers)
    found = list(_bindings(snapshot, rollout, service, settings))
    since = registering.since if registering is not None else None
    return Balancing(
        settings,
        service=service.metadata.name,
        is_bound=bool(found),
        bindings=_answered(snapshot, service, found, pod_hash, since) if found else (),
        balancers=balancers,
    )


def _hosts(rollout: Rollout, objects: Mapping[tuple[Resource, Key], JsonObject]) -> Iterator[str]:
    for name in alb_ingresses(rollout):
        ingress = objects.get((INGRESSES, Key(rollout.namespace, name))) or {}
        yield from hosts_of(ingress)


def _service_to_verify(rollout: Rollout, sets: Sequence[ReplicaSet], pod_hash: str) -> str:
    """Blue-green: the active one, from its switch to the promotion. ALB canary: the stable one, when the update is over
    and old pods still have to be scaled down."""
    status, blue_green = rollout.status, rollout.spec.strategy.blue_green
    is_stable = bool(status.stable_rs) and status.stable_rs == pod_hash
    if blue_green is not None:
        begun = status.blue_green.post_promotion_analysis_run_status is not None
        return "" if is_stable or begun else blue_green.active_service
    if alb_of(rollout) is None or not is_stable:
        return ""
    old = [one for one in sets if pod_hash_of(one) != pod_hash and one.replicas and not has_deadline(one)]
    return stable_and_canary(rollout)[0] if old else ""


def _bindings(
    snapshot: Snapshot, rollout: Rollout, service: Service, settings: RolloutSettings
) -> Iterator[JsonObject]:
    resource = bindings_resource(settings)
    if not snapshot.serves(resource):
        return
    ports = service.raw["spec"].get("ports") or ()
    for found in snapshot.objects(resource, rollout.namespace):
        reference = (found.get("spec") or {}).get("serviceRef") or {}
        port = reference.get("port")
        if reference.get("name") == service.metadata.name and any(_is_port(port, one) for one in ports):
            yield found


def _is_port(wanted: object, port: JsonObject) -> bool:
    """By number or by name, as in IntOrString."""
    return wanted == port.get("port") if isinstance(wanted, int) else bool(wanted) and wanted == port.get("name")


def _answered(
    snapshot: Snapshot, service: Service, found: Sequence[JsonObject], pod_hash: str, since: datetime | None
) -> list[Binding] | None:
    endpoints = snapshot.object(ENDPOINTS, Key(service.metadata.namespace, service.metadata.name))
    if service.spec.selector.get(HASH_LABEL) != pod_hash or endpoints is None or not _is_of(endpoints, pod_hash):
        return None
    answered = []
    for one in found:
        spec = one["spec"]
        if spec.get("targetType") != "ip":
            continue  # nodes are registered, whatever pods they run
        port = _target_port(spec["serviceRef"].get("port"), service, endpoints)
        if port:
            targets, arn = frozenset(_targets(endpoints, port)), str(spec.get("targetGroupARN") or "")
            answered.append(Binding(arn, targets, snapshot.ask(AskTargets(arn, targets, since))))
    return answered


def _addresses(endpoints: JsonObject) -> Iterator[JsonObject]:
    for subset in endpoints.get("subsets") or ():
        yield from subset.get("addresses") or ()


def _is_of(endpoints: JsonObject, pod_hash: str) -> bool:
    """Whether they have followed the switch: pods are named after their ReplicaSet."""
    pods = (one.get("targetRef") or {} for one in _addresses(endpoints))
    return all(f"-{pod_hash}-" in str(pod.get("name")) for pod in pods if pod.get("kind") == "Pod")


def _targets(endpoints: JsonObject, port: int) -> Iterator[str]:
    yield from (f"{one.get('ip')}:{port}" for one in _addresses(endpoints))


def _target_port(wanted: object, service: Service, endpoints: JsonObject) -> int:
    """The port that pods listen on; 0 if it cannot be found."""
    for port in service.raw["spec"].get("ports") or ():
        if not _is_port(wanted, port):
            continue
        target = port.get("targetPort") or port.get("port")
        if isinstance(target, int):
            return target
        for subset in endpoints.get("subsets") or ():
            for one in subset.get("ports") or ():
                if one.get("name") == target:
                    return int(one.get("port") or 0)
    return 0
