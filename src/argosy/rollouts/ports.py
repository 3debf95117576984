"""What this room asks of the world: a step plug-in, and what a load balancer does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from argosy.apis.rollouts import Rollout
from argosy.machinery.controller import Question
from argosy.machinery.objects import JsonObject


@dataclass(frozen=True, slots=True)
class StepAnswer:
    """What a step plug-in said. `problem`: why it could not be asked; then nothing else counts."""

    phase: str = ""
    message: str = ""
    requeue_after: timedelta = timedelta()
    state: JsonObject | None = None
    disabled: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RunStep(Question[StepAnswer]):
    """One operation of a step plug-in. The same operation of the same execution is asked once, and may be repeated."""

    uid: str
    namespace: str
    name: str
    pod_hash: str
    index: int
    plugin: str
    operation: str
    execution: int
    config: str
    """JSON; text, so that the question can be compared."""
    state: str
    url: str = ""
    """Of the service that does it."""

    @classmethod
    def about(
        cls,
        rollout: Rollout,
        index: int,
        plugin: str,
        operation: str,
        execution: int,
        *,
        config: JsonObject | None,
        state: JsonObject | None,
    ) -> RunStep:
        pod_hash = rollout.status.current_pod_hash
        texts = json.dumps(config or {}, sort_keys=True), json.dumps(state, sort_keys=True)
        return cls(rollout.uid, rollout.namespace, rollout.name, pod_hash, index, plugin, operation, execution, *texts)


class StepPlugin(Protocol):
    """A step done by code of ours or of a user's."""

    async def run(self, question: RunStep) -> StepAnswer:
        """Does, or looks at, one operation; it is asked again after a crash, and must not act twice."""
        ...


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """Of a load balancer, with the weight that its rules give it; None where none names it."""

    name: str
    arn: str
    resource: str
    """`<namespace>/<ingress>-<service>:<port>`, from its tag."""
    weight: int | None = None


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    name: str
    arn: str
    groups: tuple[TargetGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class BalancerAnswer:
    """`found` is None when there is none of that name. `problem`: why it could not be asked."""

    found: LoadBalancer | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class AskBalancer(Question[BalancerAnswer]):
    """What a load balancer does. `since` tells one asking from the next: an answer says nothing of a later weight."""

    host: str
    since: datetime


@dataclass(frozen=True, slots=True)
class TargetsAnswer:
    """Which of the targets are registered. `problem`: why that could not be asked."""

    registered: frozenset[str] = frozenset()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class AskTargets(Question[TargetsAnswer]):
    """Which targets, as `ip:port`, a target group has. `since` is None the first time, then tells askings apart."""

    arn: str
    targets: frozenset[str]
    since: datetime | None = None


class LoadBalancers(Protocol):
    """Never raises: what goes wrong is told by the answer, without a secret."""

    async def balancer(self, question: AskBalancer) -> BalancerAnswer: ...

    async def targets(self, question: AskTargets) -> TargetsAnswer: ...
