"""HorizontalPodAutoscaler: stored as autoscaling/v2, also served as the older v1."""

from __future__ import annotations

from argosy.cluster.kinds.strategies.builtin import BuiltinStrategy


class AutoscalerStrategy(BuiltinStrategy):
    pass
