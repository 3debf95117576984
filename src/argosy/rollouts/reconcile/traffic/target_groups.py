"""Whether a Service's pods are registered with AWS, before the previous pods may be removed. Section 6.

argo-rollouts: rollout/service.go, awsVerifyTargetGroups.
"""

from __future__ import annotations

from dataclasses import replace

from argosy.machinery.controller import PENDING, Failed
from argosy.rollouts.ports import TargetsAnswer
from argosy.rollouts.reconcile.traffic.balancing import Balancing, Binding, Check
from argosy.rollouts.reconcile.turn import Halted, Turn


def verify_targets(turn: Turn) -> bool:
    """Whether all pods are registered, or none must be. Stops the turn if AWS cannot be asked."""
    balancing = turn.seen.balancing
    if balancing is None or not balancing.is_bound:
        turn.registering = None
        return True
    turn.targets_verified = _all_registered(turn, balancing)
    return turn.targets_verified


def _all_registered(turn: Turn, balancing: Balancing) -> bool:
    if balancing.bindings is None:
        return False  # the Service or its Endpoints are about to change, which wakes us
    about = tuple((one.arn, one.targets) for one in balancing.bindings)
    check = turn.registering
    if check is None or check.about != about:
        check = Check(about, check.since if check is not None else None)
    if check.again is not None and check.again <= turn.now:
        turn.registering = Check(about, since=turn.now)
        return False
    turn.registering = check
    turn.wake(check.again)
    return all(_is_registered(turn, balancing, one) for one in balancing.bindings)


def _is_registered(turn: Turn, balancing: Balancing, binding: Binding) -> bool:
    answer, group = binding.answer, f"Service {balancing.service} (TargetGroup {binding.arn})"
    if answer is PENDING:
        return False
    if isinstance(answer, Failed) or not isinstance(answer, TargetsAnswer) or answer.problem:
        reason = answer.problem if isinstance(answer, TargetsAnswer) else str(getattr(answer, "reason", answer))
        _report(turn, balancing, "TargetGroupVerifyError", f"Failed to verify {group}: {reason}")
        turn.obstacle = f"AWS could not be asked: {reason}"
        raise Halted
    count, wanted = len(answer.registered), len(binding.targets)
    if count < wanted:
        text = f"{group} not verified: {count}/{wanted} endpoints registered"
        _report(turn, balancing, "TargetGroupUnverified", text)
        return False
    _report(turn, balancing, "TargetGroupVerified", f"{group} verified: {count} endpoints registered")
    return True


def _report(turn: Turn, balancing: Balancing, reason: str, text: str) -> None:
    """Emitted once per check. A failed check is repeated."""
    check = turn.registering
    assert check is not None
    if text not in check.reported:
        turn.event(reason, text, "Normal" if reason == "TargetGroupVerified" else "Warning")
        check = replace(check, reported=(*check.reported, text))
    if reason != "TargetGroupVerified" and check.again is None:
        check = replace(check, again=turn.now + balancing.settings.verify_again)
        turn.wake(check.again)
    turn.registering = check
