"""How to read a recorded list of states, milestones or events, and the names that hashes have in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.kit.rollout_story import RolloutStory

Json = dict[str, Any]


def hashes_of(world: RolloutStory) -> dict[str, str]:
    """{hash:n} by first appearance."""
    found: dict[str, str] = {}
    for _, kind, _, obj in world.history:
        if kind == "ReplicaSet" and obj is not None:
            labels = obj["metadata"].get("labels") or {}
            if pod_hash := labels.get("rollouts-pod-template-hash") or labels.get("pod-template-hash"):
                found.setdefault(pod_hash, f"{{hash:{len(found) + 1}}}")
    return found


def named(value: Any, hashes: dict[str, str]) -> Any:
    text = json.dumps(value)
    for pod_hash, name in hashes.items():
        text = text.replace(pod_hash, name)
    return json.loads(text.replace("story/", "{ns}/"))


def plain(entry: Json) -> Json:
    """Without what is about the recording."""
    return {name: value for name, value in entry.items() if name not in ("after", "optional", "run", "flaps")}


def runs_of(recorded: Sequence[Json]) -> list[int]:
    return sorted({number for entry in recorded for number in entry.get("run") or ()}) or [1]


def of_run(recorded: Sequence[Json], run: int) -> list[Json]:
    """What one recorded run had."""
    return [plain(entry) for entry in recorded if not entry.get("optional") or run in (entry.get("run") or ())]


def follows(recorded: Sequence[Json], found: Sequence[Json]) -> bool:
    """All that is sure, in order, and what is found besides among the optional entries of its gap."""
    at = 0
    entries = list(recorded)
    for one in found:
        while True:
            optional: list[Json] = []
            ahead = at
            while ahead < len(entries) and entries[ahead].get("optional"):
                optional.append(plain(entries[ahead]))
                ahead += 1
            if ahead < len(entries) and plain(entries[ahead]) == one:
                at = ahead + 1
                break
            if one in optional:
                break
            return False
    return all(entry.get("optional") for entry in entries[at:])
