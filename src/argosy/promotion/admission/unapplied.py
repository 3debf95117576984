"""Warnings for fields that are stored without any effect, so that nobody relies on them.

Source: spec/kargo.md 1 and 2: only Kargo's paid edition acts on them, and its open source controllers ignore them.
"""

from __future__ import annotations

from collections.abc import Iterator

from argosy.machinery.objects import JsonObject

REASON = "is stored but not applied, as by Kargo's open source controllers"


def unapplied(kind: str, obj: JsonObject) -> list[str]:
    """One line for each field of a ProjectConfig or ClusterConfig."""
    spec = obj.get("spec") or {}
    if kind not in ("ProjectConfig", "ClusterConfig") or not isinstance(spec, dict):
        return []
    return [f"{path} {REASON}" for path in _paths(spec)]


def _paths(spec: JsonObject) -> Iterator[str]:
    for number, policy in enumerate(spec.get("promotionPolicies") or ()):
        if policy.get("autoRollback"):
            yield f"spec.promotionPolicies[{number}].autoRollback"
    if spec.get("promotionWindows"):
        yield "spec.promotionWindows"
