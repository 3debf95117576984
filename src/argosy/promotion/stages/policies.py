"""Whether a Stage is promoted to automatically: the first promotion policy that matches decides.

Source: spec/kargo.md 2.
"""

from __future__ import annotations

from collections.abc import Iterable

from argosy.apis.kargo import Stage
from argosy.apis.kargo.configs import NameSelector, PromotionPolicy
from argosy.apis.kubernetes.views.meta import ObjectMeta
from argosy.machinery.selectors import label_selector_of
from argosy.promotion.patterns import PatternError, name_matcher


class PolicyError(ValueError):
    """A policy is invalid: the complete look-up fails."""


def auto_promotion_enabled(policies: Iterable[PromotionPolicy], stage: Stage) -> bool:
    """`policies` of the ProjectConfig, in order. Raises PolicyError."""
    for policy in policies:
        if _applies(policy, stage.metadata):
            return policy.auto_promotion_enabled
    return False


def _applies(policy: PromotionPolicy, metadata: ObjectMeta) -> bool:
    if policy.stage_selector is None:
        return policy.stage == metadata.name
    return selects(policy.stage_selector, metadata)


def selects(selector: NameSelector, metadata: ObjectMeta) -> bool:
    """Name pattern and labels must both match; an empty selector matches every Stage."""
    pattern = selector.name
    try:
        named = not pattern or name_matcher(pattern)(metadata.name)
    except PatternError as error:
        raise PolicyError(f'error parsing PromotionPolicy name pattern "{pattern}": {error}') from None
    labels = {key: selector.raw[key] for key in ("matchLabels", "matchExpressions") if selector.raw.get(key)}
    return named and label_selector_of(labels).matches(metadata.labels)
