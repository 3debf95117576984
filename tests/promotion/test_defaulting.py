"""What admission writes into objects: durations are normalised only where something else changes too."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.machinery.objects import JsonObject
from argosy.promotion.admission import stages, warehouses

GIT = {"git": {"repoURL": "https://example.com/a.git", "branch": "main"}}


@pytest.mark.parametrize(("more", "soak"), [({}, "1h"), ({"shard": "s"}, "1h0m0s")])
def test_a_soak_time_is_normalised_along_with_another_change(more: JsonObject, soak: str) -> None:
    request = {"origin": {"kind": "Warehouse", "name": "w"}, "sources": {"stages": ["a"], "requiredSoakTime": "1h"}}
    obj: dict[str, Any] = {"metadata": {"name": "b"}, "spec": {"requestedFreight": [request], **more}}

    found: Any = stages.default(obj, None, "me", control_plane=False)

    assert found["spec"]["requestedFreight"][0]["sources"]["requiredSoakTime"] == soak


def test_an_interval_is_normalised_where_a_subscription_gets_its_defaults() -> None:
    first: Any = warehouses.default({"metadata": {"name": "w"}, "spec": {"interval": "1h", "subscriptions": [GIT]}})
    second: Any = warehouses.default({**first, "spec": {**first["spec"], "interval": "2h"}})

    assert (first["spec"]["interval"], second["spec"]["interval"]) == ("1h0m0s", "2h")
