"""Computes the canary's weight and sets it at the routers. Sections 5.6 and 5.7.

Runs before ReplicaSets are scaled: an outgoing one only shrinks in a later turn, when its traffic has moved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from argosy.apis.rollouts.status import TrafficWeights, WeightDestination
from argosy.apis.rollouts.steps import SetHeaderRoute
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject
from argosy.machinery.text.go_text import plain
from argosy.rollouts.arithmetic.limits import largest_weight
from argosy.rollouts.arithmetic.progress import at_desired_counts, threshold_is_met
from argosy.rollouts.arithmetic.sums import pod_hash_of
from argosy.rollouts.arithmetic.weights import current_set_weight, current_step, desired_weight, step_count
from argosy.rollouts.reconcile.steps.experiment_step import traffic_for_experiment
from argosy.rollouts.reconcile.traffic.route_edits import heed
from argosy.rollouts.reconcile.traffic.services import ensure_target, rolling_back_from
from argosy.rollouts.reconcile.turn import Halted, Turn
from argosy.rollouts.revisions.annotations import revision_of
from argosy.rollouts.routers.port import Router, RoutingError

VERIFY_AGAIN: Final = timedelta(seconds=10)


def sync_traffic(turn: Turn, routers: Sequence[Router]) -> None:
    canary_status = turn.status.setdefault("canary", {})
    if not routers:
        canary_status.pop("weights", None)
        return
    answers: list[bool] = []
    for router in routers:
        if not _route(turn, router, answers):
            return


def _route(turn: Turn, router: Router, answers: list[bool]) -> bool:
    """Whether the next router is updated too: not while the stable pods cannot take their share.

    `answers`: whether the routers so far have the weight, from those that can verify it.
    """
    rollout = turn.rollout
    canary_hash, stable_hash = pod_hash_of(turn.new), pod_hash_of(turn.stable)
    pointed = rolling_back_from(turn)
    with _errors_reported(turn):
        weight, shares = _weight(turn, router)
    if pointed:
        canary_hash = pointed
    if not _stable_can_serve(turn, largest_weight(rollout) - weight):
        return False
    destinations = [read(WeightDestination, share) for share in shares]
    with _errors_reported(turn):
        _set_routes(turn, router)
    before = rollout.status.canary.weights
    if (turn.new is None or turn.new.available == 0) and before is not None and before.canary.weight > 0:
        with _errors_reported(turn, event="TrafficRoutingError"):
            router.set_weight(weight, destinations)  # before the hash: no traffic to a version without pods
    with _errors_reported(turn):
        router.update_hash(canary_hash, stable_hash, destinations)
    with _errors_reported(turn, event="TrafficRoutingError"):
        router.set_weight(weight, destinations)
        _keep_routes(turn, router)
        heed(turn, weight)
    _note_weights(turn, canary_hash, stable_hash, weight, shares)
    return _verify(turn, router, weight, destinations, answers)


@contextmanager
def _errors_reported(turn: Turn, event: str = "") -> Iterator[None]:
    """An invalid router object stops the turn; the reason is kept to explain the wait."""
    try:
        yield
    except RoutingError as error:
        turn.write(*turn.drafts.flush())
        turn.obstacle = str(error)
        if event:
            turn.event(event, str(error), "Warning")
        raise Halted from error
    turn.write(*turn.drafts.flush())


def _weight(turn: Turn, router: Router) -> tuple[int, list[JsonObject]]:
    """The first case that applies; most of them revert what earlier steps set up."""
    rollout, new = turn.rollout, turn.new
    status, canary = rollout.status, rollout.spec.strategy.canary
    assert canary is not None
    if rolling_back_from(turn):
        return weight_on_the_way_back(turn), []
    if status.stable_rs == status.current_pod_hash:
        router.remove_managed_routes()
        return 0, []
    if turn.pauses.is_aborted:
        weight = weight_on_the_way_back(turn)
        if not canary.dynamic_stable_scale or weight == 0:
            ensure_target(turn, canary.canary_service, turn.stable, when_available=False)
        router.remove_managed_routes()
        return weight, []
    if new is None or new.available == 0:
        router.remove_managed_routes()
        return 0, traffic_for_experiment(turn)
    if status.promote_full:
        router.remove_managed_routes()
        if canary.dynamic_stable_scale:
            return largest_weight(rollout) * new.available // max(rollout.replicas, 1), []
        return (status.canary.weights.canary.weight if status.canary.weights is not None else 0), []
    return _weight_of_steps(turn)


def _weight_of_steps(turn: Turn) -> tuple[int, list[JsonObject]]:
    rollout = turn.rollout
    canary, (_, index) = rollout.spec.strategy.canary, current_step(rollout)
    if index is None or canary is None:
        return 0, []
    if not at_desired_counts(rollout, turn.new, turn.stable, turn.others, None):
        behind = (step.set_weight for step in reversed(canary.steps[:index]) if step.set_weight is not None)
        return next(behind, 0), traffic_for_experiment(turn)
    if index < len(canary.steps):
        return current_set_weight(rollout), traffic_for_experiment(turn)
    return largest_weight(rollout), []


def weight_on_the_way_back(turn: Turn) -> int:
    """After an abort, or back at the stable version: with dynamicStableScale only as stable pods become available."""
    rollout, new, stable = turn.rollout, turn.new, turn.stable
    canary = rollout.spec.strategy.canary
    if canary is None or not canary.dynamic_stable_scale or new is None or stable is None or rollout.replicas == 0:
        return 0
    most, desired = largest_weight(rollout), desired_weight(rollout, new, stable)
    share = most * stable.available // rollout.replicas
    expected = max(0, most - share)
    weights = rollout.status.canary.weights
    if weights is None:
        return max(expected, desired)
    current = weights.canary.weight
    if desired <= 0:
        return min(expected, current)  # never raised again because a stable pod flaps
    return current if share < most - desired else min(desired, current)


def _stable_can_serve(turn: Turn, weight: int) -> bool:
    stable, rollout = turn.stable, turn.rollout
    if stable is None:
        return False
    needed = weight * rollout.replicas // largest_weight(rollout)
    canary = rollout.spec.strategy.canary
    threshold = canary.replica_progress_threshold if canary is not None else None
    return stable.available >= needed or threshold_is_met(threshold, stable, needed)


def _set_routes(turn: Turn, router: Router) -> None:
    """Of the current step; the first deployment runs none, though its index is the first step's."""
    step, _ = current_step(turn.rollout)
    if step is None or revision_of(turn.rollout.annotations) <= 1:
        return
    if step.set_header_route is not None:
        router.set_header_route(step.set_header_route)
    if step.set_mirror_route is not None:
        router.set_mirror_route(step.set_mirror_route)


def _keep_routes(turn: Turn, router: Router) -> None:
    """Sets the routes of all steps so far again: somebody may have changed or removed them.

    The current step counts, too: if it removes a route, an earlier step must not bring it back.
    """
    rollout, new = turn.rollout, turn.new
    status, canary = rollout.status, rollout.spec.strategy.canary
    if canary is None or new is None or new.available == 0 or status.promote_full or turn.pauses.is_aborted:
        return
    if status.stable_rs == status.current_pod_hash or revision_of(rollout.annotations) <= 1:
        return
    _, index = current_step(rollout)
    if index is None:
        return
    steps = canary.steps[: index + 1]
    routes = (one for step in steps for one in (step.set_header_route, step.set_mirror_route) if one)
    for route in {route.name: route for route in routes}.values():
        if not route.match:
            continue
        if isinstance(route, SetHeaderRoute):
            router.set_header_route(route)
        else:
            router.set_mirror_route(route)


def _note_weights(turn: Turn, canary_hash: str, stable_hash: str, weight: int, shares: list[JsonObject]) -> None:
    """status.canary.weights, and the event if they differ from the stored ones."""
    rollout = turn.rollout
    canary = rollout.spec.strategy.canary
    assert canary is not None
    rest = largest_weight(rollout) - weight - sum(int(share["weight"]) for share in shares)
    fresh: JsonObject = {
        "canary": _destination(weight, canary.canary_service, canary_hash),
        "stable": _destination(rest, canary.stable_service, stable_hash),
    }
    if shares:
        fresh["additional"] = [_destination(s["weight"], s["serviceName"], s["podTemplateHash"]) for s in shares]
    before = rollout.status.canary.weights
    if before is not None and _same(before, read(TrafficWeights, fresh)):
        return
    turn.event("TrafficWeightUpdated", f"Traffic weight updated {_change(before, weight, shares)}")
    turn.status["canary"]["weights"] = fresh


def _destination(weight: int, service: str, pod_hash: str) -> JsonObject:
    parts = {"weight": weight, "serviceName": service, "podTemplateHash": pod_hash}
    return {name: value for name, value in parts.items() if value or name == "weight"}


def _same(before: TrafficWeights, after: TrafficWeights) -> bool:
    return (before.canary, before.stable, before.additional) == (after.canary, after.stable, after.additional)


def _change(before: TrafficWeights | None, weight: int, shares: list[JsonObject]) -> str:
    if before is None:
        return f"to {weight}"
    found = [f"from {before.canary.weight} to {weight}"] if before.canary.weight != weight else []
    after = [(s["weight"], s["serviceName"], s["podTemplateHash"]) for s in shares]
    if [(s.weight, s.service_name, s.pod_template_hash) for s in before.additional] != after:
        texts = " ".join("{" + " ".join(plain(part) for part in parts) + "}" for parts in after)
        found.append(f"additional: [{texts}]")
    return ", ".join(found)


def _verify(turn: Turn, router: Router, weight: int, shares: Sequence[WeightDestination], answers: list[bool]) -> bool:
    try:
        verified = router.verify_weight(weight, shares)
    except RoutingError as error:
        turn.event("WeightVerifyError", f"Failed to verify weight: {error}", "Warning")
        _note_answers(turn, answers, False)
        return False
    _note_answers(turn, answers, verified)
    if verified is False:
        turn.wake(turn.now + VERIFY_AGAIN)
        index = turn.rollout.status.current_step_index or 0
        if weight == largest_weight(turn.rollout) and step_count(turn.rollout) >= index:
            raise Halted  # no old pod is removed before the router is known to follow
    return True


def _note_answers(turn: Turn, answers: list[bool], verified: bool | None) -> None:
    """A router that cannot verify does not hide that another is behind; upstream keeps the last answer."""
    if verified is not None:
        answers.append(verified)
    weights = {
        name: value for name, value in (turn.status["canary"].get("weights") or {}).items() if name != "verified"
    }
    turn.status["canary"]["weights"] = {**weights, "verified": all(answers)} if answers else weights
