"""Whole reconciles of an Experiment, compared as those of a Rollout."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from argosy.machinery import timestamps
from argosy.machinery.objects import Key
from argosy.rollouts.experiments.decide import decide
from argosy.rollouts.experiments.look import look

from .outcome import Outcome
from .rollouts_reconcile import differences, expected_objects, world_of

Json = dict[str, Any]


def run(data: Path) -> Iterator[Outcome]:
    for case in json.loads((data / "rollouts/vectors/experiment-reconcile.json").read_bytes())["cases"]:
        try:
            wrong = played(case)
        except Exception as error:
            wrong = [f"{type(error).__name__}: {error}"]
        yield Outcome("rollouts/experiment-reconcile", case["id"], not wrong, "; ".join(wrong)[:1500])


def played(case: Json) -> list[str]:
    given, wanted, now = case["in"], case["out"], timestamps.parse(case["now"])
    world, expected = world_of(given["objects"]), expected_objects(given["objects"], wanted)
    key = Key(*given["key"].split("/"))
    for _ in range(given["syncs"]):
        seen = look(world, key)
        if seen is None:
            break
        world.carry_out(decide(seen, now).steps)
    return differences(world, expected, wanted, now)
