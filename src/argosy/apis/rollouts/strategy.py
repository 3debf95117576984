"""The two strategies of a Rollout."""

from __future__ import annotations

from argosy.apis.rollouts.routing import TrafficRouting
from argosy.apis.rollouts.steps import BackgroundAnalysis, CanaryStep, PodMetadata, RolloutAnalysis
from argosy.apis.schema import FreeObject, IntOrText, schema


@schema
class PreferredAntiAffinity:
    weight: int = 0


@schema
class AntiAffinity:
    """Keeps pods of two versions on different nodes."""

    preferred_during_scheduling_ignored_during_execution: PreferredAntiAffinity | None = None
    required_during_scheduling_ignored_during_execution: FreeObject | None = None


@schema
class PingPong:
    ping_service: str = ""
    pong_service: str = ""


@schema
class ReplicaProgressThreshold:
    """How much of a ReplicaSet must be available for a step to count as scaled: `Percent` or `Pods`."""

    type: str = ""
    value: int = 0


@schema
class Canary:
    """Step by step."""

    canary_service: str = ""
    stable_service: str = ""
    steps: tuple[CanaryStep, ...] = ()
    traffic_routing: TrafficRouting | None = None
    max_unavailable: IntOrText | None = None
    max_surge: IntOrText | None = None
    analysis: BackgroundAnalysis | None = None
    anti_affinity: AntiAffinity | None = None
    canary_metadata: PodMetadata | None = None
    stable_metadata: PodMetadata | None = None
    scale_down_delay_seconds: int | None = None
    scale_down_delay_revision_limit: int | None = None
    abort_scale_down_delay_seconds: int | None = None
    dynamic_stable_scale: bool = False
    ping_pong: PingPong | None = None
    min_pods_per_replica_set: int | None = None
    replica_progress_threshold: ReplicaProgressThreshold | None = None


@schema
class BlueGreen:
    """All at once, behind two Services."""

    active_service: str = ""
    preview_service: str = ""
    preview_replica_count: int | None = None
    auto_promotion_enabled: bool | None = None
    auto_promotion_seconds: int = 0
    max_unavailable: IntOrText | None = None
    scale_down_delay_seconds: int | None = None
    scale_down_delay_revision_limit: int | None = None
    pre_promotion_analysis: RolloutAnalysis | None = None
    anti_affinity: AntiAffinity | None = None
    post_promotion_analysis: RolloutAnalysis | None = None
    preview_metadata: PodMetadata | None = None
    active_metadata: PodMetadata | None = None
    abort_scale_down_delay_seconds: int | None = None


@schema
class Strategy:
    blue_green: BlueGreen | None = None
    canary: Canary | None = None
