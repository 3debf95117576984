from __future__ import annotations

from argosy.rollouts.arithmetic.routed import routed_sizes
from argosy.rollouts.arithmetic.split import Split
from argosy.rollouts.arithmetic.weights import Wanted, current_set_weight, wanted
from tests.kit.rollouts import canary, pods

STEPS = [
    {"setWeight": 20},
    {"pause": {}},
    {"setCanaryScale": {"replicas": 3}},
    {"setCanaryScale": {"matchTrafficWeight": True}},
]


def test_the_weight_is_that_of_the_nearest_step_behind() -> None:
    assert [current_set_weight(canary(steps=STEPS, status={"currentStepIndex": at})) for at in (0, 1, 4)] == [
        20,
        20,
        100,
    ]
    assert current_set_weight(canary(steps=[{"pause": {}}])) == 0


def test_an_aborted_canary_wants_no_traffic() -> None:
    assert current_set_weight(canary(steps=STEPS, status={"abort": True, "currentStepIndex": 1})) == 0


def test_set_canary_scale_counts_until_it_is_cancelled_and_only_with_a_router() -> None:
    at_scale, cancelled = {"currentStepIndex": 2}, {"currentStepIndex": 3}
    assert wanted(canary(steps=STEPS, trafficRouting={}, status=at_scale), None, None) == Wanted(0, 3)
    assert wanted(canary(steps=STEPS, trafficRouting={}, status=cancelled), None, None) == Wanted(20)
    assert wanted(canary(steps=STEPS, status=at_scale), None, None) == Wanted(20)


def test_stable_pods_stay_until_their_traffic_has_gone() -> None:
    rollout = canary(10, steps=[{"setWeight": 60}], trafficRouting={}, dynamicStableScale=True)
    status = {"canary": {"weights": {"canary": {"weight": 20}, "stable": {"weight": 80}}}}
    before = canary(10, steps=[{"setWeight": 60}], trafficRouting={}, dynamicStableScale=True, status=status)
    new, stable = pods("new", 2), pods("stable", 8)
    assert routed_sizes(before, new, stable, before.status.canary.weights) == Split(6, 8)
    assert routed_sizes(rollout, new, stable, None) == Split(6, 4)


def test_min_pods_are_at_most_all_pods() -> None:
    rollout = canary(2, steps=[{"setWeight": 1}], trafficRouting={}, minPodsPerReplicaSet=5)
    assert routed_sizes(rollout, pods("new", 0), pods("stable", 2), None) == Split(2, 2)
