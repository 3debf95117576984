"""Whether ALB load balancers have the weights that were set, for status.alb and status.albs. Section 14.

argo-rollouts: rollout/trafficrouting/alb/alb.go, VerifyWeight. Checked once the weight is written, then every ten
seconds until it has taken effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from argosy.apis.rollouts.status import WeightDestination
from argosy.machinery.controller import PENDING
from argosy.machinery.objects import JsonObject, Key
from argosy.rollouts.arithmetic.limits import largest_weight
from argosy.rollouts.arithmetic.weights import current_step
from argosy.rollouts.ports import BalancerAnswer, LoadBalancer, TargetGroup
from argosy.rollouts.reconcile.traffic.balancing import Balancing, Check
from argosy.rollouts.reconcile.traffic.pair import stable_and_canary
from argosy.rollouts.reconcile.turn import Turn
from argosy.rollouts.resources import INGRESSES
from argosy.rollouts.routers.alb import alb_ingresses, alb_of
from argosy.rollouts.routers.ingresses import hosts_of

Shares = Sequence[WeightDestination]
_AT_ONCE = timedelta(microseconds=1)
"""`look` asks questions: the next look is this much later."""
_NONE = {"name": "", "arn": "", "fullName": ""}


def weights_are_set(turn: Turn, weight: int, shares: Shares) -> bool | None:
    """None if it is not verified."""
    balancing, status = turn.seen.balancing, turn.status
    if balancing is None:
        status.pop("alb", None)
        status.pop("albs", None)
        return None
    if not _is_to_verify(turn, weight) and (status.get("alb") or status.get("albs")):
        turn.weighing = None
        return None
    about = weight, tuple((share.service_name, share.weight) for share in shares)
    check = turn.weighing
    if check is None or check.about != about or (check.again is not None and check.again <= turn.now):
        turn.weighing = Check(about, since=turn.now)
        turn.wake(turn.now + _AT_ONCE)
        return False
    turn.wake(check.again)
    return _compared(turn, balancing, weight, shares)


def _is_to_verify(turn: Turn, weight: int) -> bool:
    """At a setWeight step, and at the end of an update: each check costs calls of a rate-limited API."""
    rollout = turn.rollout
    status = rollout.status
    if not status.stable_rs or status.stable_rs == status.current_pod_hash:
        return False
    step, _ = current_step(rollout)
    return weight == largest_weight(rollout) if step is None else step.set_weight is not None


def _compared(turn: Turn, balancing: Balancing, weight: int, shares: Shares) -> bool:
    names = alb_ingresses(turn.rollout)
    statuses: list[JsonObject] = [_empty() for _ in names]
    whole, verified = _empty(), True
    for name, status in zip(names, statuses, strict=True):
        ingress = turn.seen.objects.get((INGRESSES, Key(turn.rollout.namespace, name))) or {}
        hosts = list(hosts_of(ingress))
        verified &= bool(hosts)  # without a host the load balancer does not exist yet
        for host in hosts:
            answer = balancing.balancers.get(host, PENDING)
            if answer is PENDING:
                return False
            if (found := _found(turn, answer, host)) is None:
                verified = False
                continue
            _note(turn, name, found, status)
            whole = status
            verified &= _follows(turn, name, found, weight, shares)
    turn.status["alb"], turn.status["albs"] = whole, statuses
    if not verified:
        _ask_again(turn, balancing)
    return verified


def _found(turn: Turn, answer: object, host: str) -> LoadBalancer | None:
    if not isinstance(answer, BalancerAnswer) or answer.problem:
        reason = answer.problem if isinstance(answer, BalancerAnswer) else str(getattr(answer, "reason", answer))
        _, canary = stable_and_canary(turn.rollout)
        _report(turn, "TargetGroupVerifyError", f"Failed to verify Service {canary} (TargetGroup unknown): {reason}")
        _report(turn, "WeightVerifyError", f"Failed to verify weight: {reason}")
        turn.obstacle = f"AWS could not be asked: {reason}"
        return None
    if answer.found is None:
        _report(turn, "LoadBalancerNotFound", f"Failed to find load balancer: {host}")
    return answer.found


def _follows(turn: Turn, ingress: str, found: LoadBalancer, weight: int, shares: Shares) -> bool:
    """Whether each target group except the stable one's has its weight."""
    canary = stable_and_canary(turn.rollout)[1]
    wanted = {canary: weight, **{share.service_name: share.weight for share in shares}}
    services = {_resource(turn, ingress, service): service for service in wanted}
    right = set()
    for group in found.groups:
        service = services.get(group.resource)
        if service is not None and group.weight is not None and _compare(turn, group, service, wanted[service]):
            right.add(service)
    return right == set(wanted)


def _compare(turn: Turn, group: TargetGroup, service: str, wanted: int) -> bool:
    text = f"Service {service} (TargetGroup {group.arn})"
    if group.weight == wanted:
        _report(turn, "TargetGroupVerified", f"{text} verified: canary weight {wanted} set")
        return True
    text = f"{text} not verified: canary weight {wanted} not yet set (current: {group.weight})"
    _report(turn, "TargetGroupUnverified", text)
    return False


def _resource(turn: Turn, ingress: str, service: str) -> str:
    alb = alb_of(turn.rollout)
    port = alb.service_port if alb is not None else 0
    return f"{turn.rollout.namespace}/{ingress}-{service}:{port}"


def _report(turn: Turn, reason: str, text: str) -> None:
    """Emitted once per check."""
    check = turn.weighing
    if check is not None and text not in check.reported:
        turn.event(reason, text, "Normal" if reason == "TargetGroupVerified" else "Warning")
        turn.weighing = replace(check, reported=(*check.reported, text))


def _ask_again(turn: Turn, balancing: Balancing) -> None:
    check = turn.weighing
    if check is not None and check.again is None:
        turn.weighing = replace(check, again=turn.now + balancing.settings.verify_again)
        turn.wake(turn.weighing.again)


def _empty() -> JsonObject:
    return {"loadBalancer": _NONE, "canaryTargetGroup": _NONE, "stableTargetGroup": _NONE}


def _note(turn: Turn, ingress: str, found: LoadBalancer, status: JsonObject) -> None:
    status["ingress"] = ingress
    status["loadBalancer"] = {"name": found.name, "arn": found.arn, "fullName": _after(found.arn, 2)}
    stable, canary = (_resource(turn, ingress, service) for service in stable_and_canary(turn.rollout))
    places = {stable: "stableTargetGroup", canary: "canaryTargetGroup"}
    for group in found.groups:
        if (place := places.get(group.resource)) is not None:
            status[place] = {"name": group.name, "arn": group.arn, "fullName": _after(group.arn, 1)}


def _after(arn: str, count: int) -> str:
    """As CloudWatch names it: an ARN without its first parts."""
    return "/".join(arn.split("/")[count:])
