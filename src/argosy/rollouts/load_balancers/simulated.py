"""A simulated load balancer controller: it applies Ingresses at once. For clusters without AWS.

A load balancer has the host name in an Ingress's status, and a target group for each Service of its actions.
Every target that is asked for is registered.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.rollouts.ports import AskBalancer, AskTargets, BalancerAnswer, LoadBalancer, TargetGroup, TargetsAnswer
from argosy.rollouts.routers.ingresses import hosts_of

ARN: Final = "arn:aws:elasticloadbalancing:simulated:000000000000"
_ACTIONS: Final = "/actions."


class SimulatedLoadBalancers:
    """`ingresses`: returns the current ones of the cluster."""

    def __init__(self, ingresses: Callable[[], Iterable[JsonObject]]) -> None:
        self._ingresses = ingresses

    async def balancer(self, question: AskBalancer) -> BalancerAnswer:
        found = [one for one in self._ingresses() if question.host in hosts_of(one)]
        if not found:
            return BalancerAnswer()
        name = question.host.partition(".")[0]
        groups = {group.resource: group for one in found for group in _groups(one)}
        return BalancerAnswer(LoadBalancer(name, f"{ARN}:loadbalancer/app/{name}/0", tuple(groups.values())))

    async def targets(self, question: AskTargets) -> TargetsAnswer:
        return TargetsAnswer(question.targets)


def _groups(ingress: JsonObject) -> Iterator[TargetGroup]:
    metadata = ingress["metadata"]
    for name, text in (metadata.get("annotations") or {}).items():
        if _ACTIONS not in name:
            continue
        try:
            listed = ((json.loads(text).get("ForwardConfig") or {}).get("TargetGroups")) or ()
            for one in listed:
                service, port = str(one["ServiceName"]), one.get("ServicePort")
                resource = f"{metadata['namespace']}/{metadata['name']}-{service}:{port}"
                arn = f"{ARN}:targetgroup/{service}/0"
                yield TargetGroup(service, arn, resource, int(one.get("Weight") or 0))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
