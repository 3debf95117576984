"""A Deployment's numbers, as tables and as a property of every rollout."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.cluster.workloads.apps.rollout_arithmetic import (
    MAXIMUM,
    Numbers,
    available,
    new_set_size,
    old_set_sizes,
    scaled,
    size,
    total,
)


def replicas(name: str, count: int, up: int, maximum: int = 0) -> dict[str, Any]:
    annotations = {MAXIMUM: str(maximum)} if maximum else {}
    metadata = {"name": name, "creationTimestamp": f"2030-01-01T00:00:0{len(name)}Z", "annotations": annotations}
    return {"metadata": metadata, "spec": {"replicas": count}, "status": {"availableReplicas": up}}


@pytest.mark.parametrize(
    ("desired", "surge", "unavailable", "expected"),
    [
        (4, "25%", "25%", (1, 1)),
        (10, "25%", "25%", (3, 2)),
        (1, "25%", "25%", (1, 0)),
        (3, 0, 0, (0, 1)),
        (2, 1, 9, (1, 2)),
    ],
)
def test_surge_rounds_up_and_unavailable_down(
    desired: int, surge: Any, unavailable: Any, expected: tuple[int, int]
) -> None:
    strategy = {"rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    numbers = Numbers.of({"replicas": desired, "strategy": strategy})
    assert (numbers.surge, numbers.unavailable) == expected


@given(st.data())
def test_no_step_of_a_rollout_breaks_the_bounds_and_every_rollout_ends(data: st.DataObject) -> None:
    desired = data.draw(st.integers(1, 12))
    surge, unavailable = data.draw(st.integers(0, 5)), data.draw(st.integers(0, 5))
    strategy = {"rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    numbers = Numbers.of({"replicas": desired, "strategy": strategy})
    old, new = replicas("o", desired, desired), replicas("new", 0, 0)
    for _ in range(200):
        wanted = new_set_size(numbers, new, [old, new])
        if wanted != size(new):
            new["spec"]["replicas"] = wanted
        else:
            for item, count in old_set_sizes(numbers, new, [old]):
                item["spec"]["replicas"] = count
                item["status"]["availableReplicas"] = min(available(item), count)
        assert total([old, new]) <= max(numbers.maximum, desired)
        assert available(old) + available(new) >= numbers.minimum
        if available(new) < size(new):
            new["status"]["availableReplicas"] = data.draw(st.integers(available(new), size(new)))
        if size(old) == 0 and size(new) == desired:
            break
        if data.draw(st.booleans()):
            new["status"]["availableReplicas"] = size(new)
    new["status"]["availableReplicas"] = size(new)


def test_a_new_size_during_a_rollout_is_shared_by_size() -> None:
    numbers = Numbers.of({"replicas": 15, "strategy": {"rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2}}})
    old, new = replicas("o", 8, 8, 13), replicas("new", 5, 2, 13)
    sizes = {item["metadata"]["name"]: count for item, count in scaled(numbers, new, [old])}
    assert sizes == {"o": 11, "new": 7}
