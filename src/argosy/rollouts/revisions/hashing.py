"""The hash of a pod template and of the steps, byte for byte upstream's, so that its ReplicaSets are adopted.

argo-rollouts: utils/hash/hash.go, utils/conditions/conditions.go (spec/rollouts.md section 2.1).
"""

from __future__ import annotations

from typing import Final

from argosy.apis.kubernetes.go_json import dumped, go_json
from argosy.apis.rollouts import Rollout
from argosy.machinery.objects import JsonObject
from argosy.rollouts.revisions.step_json import steps_json

ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
"""Without vowels, so that no hash is a word."""


def pod_template_hash(template: JsonObject, collision_count: int | None = None) -> str:
    """Raises `scalars.Mismatch` if the template is not a valid pod template."""
    data = go_json("core/v1.PodTemplateSpec", template)
    if collision_count is not None:
        data += collision_count.to_bytes(4, "little") + bytes(4)
    return _spelled(data)


def step_hash(rollout: Rollout) -> str:
    """Empty for blue-green."""
    strategy = rollout.spec.strategy
    if strategy.blue_green is not None or strategy.canary is None:
        return ""
    return _spelled(dumped(steps_json(strategy.canary.steps)))


def _spelled(data: bytes) -> str:
    value = 0x811C9DC5
    for byte in data:
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return "".join(ALPHABET[ord(digit) % len(ALPHABET)] for digit in str(value))
