from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from argosy.rollouts.arithmetic.basic import basic_sizes
from argosy.rollouts.arithmetic.limits import max_surge, max_unavailable
from argosy.rollouts.arithmetic.split import Split
from tests.kit.rollouts import canary, pods


@pytest.mark.parametrize(
    ("replicas", "weight", "unavailable", "surge", "before", "after"),
    [
        (10, 10, 1, 1, (0, 10), (1, 9)),
        (10, 30, 0, 3, (0, 10), (3, 10)),
        (10, 30, 5, 0, (0, 10), (0, 7)),
        (1, 5, 0, 1, (0, 1), (1, 1)),
        (4, 0, 0, 1, (4, 0), (4, 1)),
    ],
)
def test_sizes_move_as_far_as_surge_and_availability_allow(
    replicas: int, weight: int, unavailable: int, surge: int, before: tuple[int, int], after: tuple[int, int]
) -> None:
    rollout = canary(replicas, maxUnavailable=unavailable, maxSurge=surge, steps=[{"setWeight": weight}])
    new, stable = pods("new", before[0]), pods("stable", before[1])
    assert basic_sizes(rollout, new, stable, ()) == Split(*after)


@given(some.integers(1, 30), some.integers(0, 100), some.integers(0, 40), some.integers(0, 40), some.data())
def test_a_turn_never_plans_above_the_surge_or_below_the_floor(
    replicas: int, weight: int, surge: int, unavailable: int, data: some.DataObject
) -> None:
    rollout = canary(replicas, maxUnavailable=unavailable, maxSurge=f"{surge}%", steps=[{"setWeight": weight}])
    ceiling, floor = replicas + max_surge(rollout), replicas - max_unavailable(rollout)
    size = data.draw(some.integers(0, ceiling))
    rest = data.draw(some.integers(0, ceiling - size))
    there = data.draw(some.integers(0, size)), data.draw(some.integers(0, rest))
    sizes = basic_sizes(rollout, pods("new", size, there[0]), pods("stable", rest, there[1]), ())
    assert min(sizes) >= 0
    assert sum(sizes) <= ceiling
    kept = min(sizes.canary, there[0]) + min(sizes.stable, there[1])
    lost = sum(there) - kept
    unready = size + rest - sum(there)
    assert kept >= min(floor, sum(there)) or lost <= unready, "available pods went that the floor needs"
