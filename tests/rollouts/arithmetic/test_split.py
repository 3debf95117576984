from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as some

from argosy.rollouts.arithmetic.split import Split, closest_split


@given(some.integers(0, 60), some.integers(0, 100), some.integers(0, 20))
def test_a_split_has_all_pods_and_at_most_one_more_when_surging(replicas: int, weight: int, surge: int) -> None:
    split = closest_split(replicas, weight, 100, surge)
    assert min(split) >= 0
    assert replicas <= sum(split) <= replicas + (1 if surge and replicas else 0)


@given(some.integers(2, 60), some.integers(1, 99), some.integers(0, 3))
def test_a_weight_in_between_leaves_a_pod_on_either_side(replicas: int, weight: int, surge: int) -> None:
    is_tied_below_all = replicas * weight % 100 == 50 and replicas * weight // 100 == replicas - 1
    assume(surge or not is_tied_below_all)
    assert min(closest_split(replicas, weight, 100, surge)) >= 1


def test_a_tie_just_below_all_gets_no_canary_without_surge_as_upstream() -> None:
    assert closest_split(2, 75, 100, 0) == Split(0, 2)


def test_of_two_equally_far_splits_the_larger_canary_is_taken() -> None:
    assert closest_split(3, 50, 100, 0) == Split(2, 1)


def test_all_or_nothing_is_exact() -> None:
    assert closest_split(7, 100, 100, 2) == Split(7, 0)
    assert closest_split(7, 0, 100, 2) == Split(0, 7)
    assert closest_split(0, 50, 100, 1) == Split(0, 0)
