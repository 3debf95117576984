"""Questions of this room: to run a step plug-in, and to read a load balancer's state."""

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
    """A step plug-in's answer. `problem`: why it could not be asked; then the other fields do not count."""

    phase: str = ""
    message: str = ""
    requeue_after: timedelta = timedelta()
    state: JsonObject | None = None
    disabled: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RunStep(Question[StepAnswer]):
    """One operation of a step plug-in. The same operation of an execution is asked once, but may be repeated."""

    uid: str
    namespace: str
    name: str
    pod_hash: str
    index: int
    plugin: str
    operation: str
    execution: int
    config: str
    """JSON; as text, so that questions can be compared."""
    state: str
    url: str = ""
    """URL of the service that runs it."""

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
    """A step implemented by our code or a user's."""

    async def run(self, question: RunStep) -> StepAnswer:
        """Runs or polls one operation; it is asked again after a crash, and must be idempotent."""
        ...


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """A load balancer's target group, with the weight that its rules give it; None if no rule names it."""

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
    """`found` is None if none has that name. `problem`: why it could not be asked."""

    found: LoadBalancer | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class AskBalancer(Question[BalancerAnswer]):
    """A load balancer's state. `since` identifies the check: an answer is no proof for a weight that was set later."""

    host: str
    since: datetime


@dataclass(frozen=True, slots=True)
class TargetsAnswer:
    """The registered targets. `problem`: why they could not be read."""

    registered: frozenset[str] = frozenset()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class AskTargets(Question[TargetsAnswer]):
    """The targets of a target group, as `ip:port`. `since` is None the first time, then identifies the check."""

    arn: str
    targets: frozenset[str]
    since: datetime | None = None


class LoadBalancers(Protocol):
    """Never raises: errors are part of the answer, without secrets."""

    async def balancer(self, question: AskBalancer) -> BalancerAnswer: ...

    async def targets(self, question: AskTargets) -> TargetsAnswer: ...
