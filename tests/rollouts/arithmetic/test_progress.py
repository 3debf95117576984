from __future__ import annotations

import pytest

from argosy.apis.rollouts.strategy import ReplicaProgressThreshold
from argosy.apis.schema import read
from argosy.rollouts.arithmetic.progress import threshold_is_met
from tests.kit.rollouts import pods


@pytest.mark.parametrize(
    ("threshold", "available", "met"),
    [
        (None, 3, True),
        (None, 2, False),
        ({"type": "Percent", "value": 66}, 2, True),
        ({"type": "Percent", "value": 67}, 2, False),
        ({"type": "Pods", "value": 1}, 1, True),
        ({"type": "Pods", "value": -1}, 2, False),
    ],
)
def test_a_step_is_scaled_when_its_threshold_is_met(
    threshold: dict[str, object] | None, available: int, met: bool
) -> None:
    rule = read(ReplicaProgressThreshold, threshold) if threshold else None
    assert threshold_is_met(rule, pods("new", 3, available), 3) is met
