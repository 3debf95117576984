"""Whether a Stage is promoted to automatically: the first promotion policy that matches decides.

Source: spec/kargo.md 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from argosy.machinery.objects import JsonObject
from argosy.machinery.selectors import label_selector_of
from argosy.promotion.patterns import PatternError, name_matcher


class PolicyError(ValueError):
    """A policy cannot be read: the whole look-up fails."""


def auto_promotion_enabled(policies: Sequence[Mapping[str, Any]] | None, stage: JsonObject) -> bool:
    """`policies` of the ProjectConfig, in order; None where there is none. Raises PolicyError."""
    for policy in policies or ():
        if _applies(policy, stage["metadata"]):
            return bool(policy.get("autoPromotionEnabled"))
    return False


def _applies(policy: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
    selector = policy.get("stageSelector")
    if selector is None:
        return bool(policy.get("stage") == metadata["name"])
    return selects(selector, metadata)


def selects(selector: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
    """Name pattern and labels together; an empty selector matches every Stage."""
    pattern = selector.get("name") or ""
    try:
        named = not pattern or name_matcher(pattern)(metadata["name"])
    except PatternError as error:
        raise PolicyError(f'error parsing PromotionPolicy name pattern "{pattern}": {error}') from None
    labels = {key: selector[key] for key in ("matchLabels", "matchExpressions") if selector.get(key)}
    return named and label_selector_of(labels).matches(metadata.get("labels") or {})
