"""Tables of Rollouts and Experiments."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.machinery.objects import JsonObject
from argosy.rollouts.commands.tree import experiments_table, rollouts_table

NOW = datetime(2030, 1, 1, 12, 0, 5, 999_999, tzinfo=UTC)


def obj(kind: str, **spec: Any) -> JsonObject:
    metadata = {"name": "web", "namespace": "shop", "creationTimestamp": "2030-01-01T12:00:00Z"}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}


@pytest.mark.parametrize(
    ("table", "one"),
    [(rollouts_table, obj("Rollout", strategy={"canary": {}})), (experiments_table, obj("Experiment", templates=[]))],
)
@pytest.mark.parametrize("namespaces", [False, True])
def test_timestamps_are_the_first_column_in_whole_seconds(table: Any, one: JsonObject, namespaces: bool) -> None:
    plain = table([one], NOW, namespaces=namespaces).splitlines()
    header, row = table([one], NOW, namespaces=namespaces, timestamps=True).splitlines()
    assert header == f"{'TIMESTAMP':20}  {plain[0]}"
    assert row == f"2030-01-01T12:00:05Z  {plain[1]}"


def test_a_table_without_rows_says_so() -> None:
    assert rollouts_table([], NOW, timestamps=True) == "No resources found.\n"
