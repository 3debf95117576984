"""Stage: a target to which Freight is promoted, or a control flow stage that it passes through."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Any

from argosy.apis.kargo.artifacts import FreightCollection, FreightReference, Origin
from argosy.apis.kargo.promotion import PromotionStatus
from argosy.apis.kargo.steps import PromotionStep, Steps, Variable
from argosy.apis.kubernetes.views.meta import Condition, ObjectMeta
from argosy.apis.schema import Doc, FreeObject, Object, Time, resource, schema


@schema
class AutoPromotionOptions(Object):
    """Which Freight automation chooses."""

    selection_policy: Annotated[str, Doc("NewestFreight, the default, or MatchUpstream.")] = ""


@schema
class FreightSources(Object):
    """Where Freight may come from: the Warehouse directly, or Stages where it was verified."""

    direct: bool = False
    stages: tuple[str, ...] = ()
    availability_strategy: Annotated[str, Doc("All, or OneOf, which is the default.")] = ""
    required_soak_time: Annotated[str, Doc("A Go duration.")] = ""
    auto_promotion_options: AutoPromotionOptions = AutoPromotionOptions()


@schema
class FreightRequest(Object):
    """Freight of one origin."""

    origin: Origin
    sources: FreightSources


@schema
class PromotionTemplate(Object):
    """The template of Promotions."""

    spec: Steps


@schema
class AnalysisTemplateReference(Object):
    """A template of verification."""

    kind: Annotated[str, Doc("AnalysisTemplate, the default, or ClusterAnalysisTemplate.")] = ""
    name: str = ""

    @property
    def full_kind(self) -> str:
        return self.kind or "AnalysisTemplate"


@schema
class AnalysisRunMetadata(Object):
    """Metadata for new AnalysisRuns."""

    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)


@schema
class VerificationSpec(Object):
    """How Freight is verified."""

    analysis_templates: tuple[AnalysisTemplateReference, ...] = ()
    analysis_run_metadata: AnalysisRunMetadata = AnalysisRunMetadata()
    args: tuple[Variable, ...] = ()


@schema
class TargetSelector(Object):
    """A label selector for Targets, only in the paid edition."""

    match_labels: dict[str, str] = field(default_factory=dict)
    match_expressions: tuple[FreeObject, ...] = ()


@schema
class Targets(Object):
    """Only in the paid edition."""

    selectors: tuple[TargetSelector, ...] = ()


@schema
class StageSpec(Object):
    """Requested Freight, steps of promotion, verification."""

    shard: str = ""
    vars: tuple[Variable, ...] = ()
    requested_freight: tuple[FreightRequest, ...] = ()
    promotion_template: PromotionTemplate | None = None
    targets: Targets | None = None
    verification: VerificationSpec | None = None

    @property
    def steps(self) -> tuple[PromotionStep, ...]:
        """The promotion steps; without any, Freight passes through."""
        return self.promotion_template.spec.steps if self.promotion_template else ()


@schema
class AutoPromotionHold(Object):
    """Pauses automation for one origin, since a user promoted something else manually."""

    actor: str = ""
    created_at: Time = ""
    freight_name: str = ""
    origin: Origin = Origin()
    promotion_name: str = ""


@schema
class PromotionReference(Object):
    """A Promotion of the Stage, and its result."""

    name: str = ""
    freight: FreightReference | None = None
    status: PromotionStatus | None = None
    finished_at: Time = ""


@schema
class FreightName(Object):
    """Freight by name."""

    name: str = ""


@schema
class PromotionRequestReference(Object):
    """A PromotionRequest of the Stage."""

    name: str = ""
    freight: FreightName | None = None
    phase: str = ""
    finished_at: Time = ""


@schema
class StageHealth(Object):
    """The combined result of the health checks."""

    status: str = ""
    issues: tuple[str, ...] = ()
    config: Any = None
    output: Any = None


@schema
class PromotionWindowStatus(Object):
    """Only in the paid edition."""

    closed: bool = False
    reason: str = ""
    next_open: Time = ""
    next_close: Time = ""
    next_close_reason: str = ""


@schema
class StageStatus(Object):
    """Current Promotion, Freight held, health, conditions."""

    auto_promotion_enabled: bool = False
    auto_promotion_holds: dict[str, AutoPromotionHold] = field(default_factory=dict)
    effective_auto_promotion_holds: dict[str, AutoPromotionHold] = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()
    current_promotion: PromotionReference | None = None
    last_promotion: PromotionReference | None = None
    current_promotion_request: PromotionRequestReference | None = None
    last_promotion_request: PromotionRequestReference | None = None
    freight_history: Annotated[tuple[FreightCollection, ...], Doc("Newest first.")] = ()
    freight_summary: str = ""
    health: StageHealth | None = None
    last_handled_refresh: str = ""
    metadata: FreeObject = field(default_factory=dict)
    observed_generation: int = 0
    promotion_window_status: PromotionWindowStatus | None = None

    @property
    def held(self) -> FreightCollection | None:
        """The Freight it has now."""
        return self.freight_history[0] if self.freight_history else None

    @property
    def last_name(self) -> str:
        """The status of the last Promotion that was processed."""
        return self.last_promotion.name if self.last_promotion else ""

    @property
    def last_result(self) -> PromotionStatus:
        """The phase of the last Promotion; empty if there was none."""
        return (self.last_promotion and self.last_promotion.status) or PromotionStatus()

    @property
    def health_status(self) -> str:
        return self.health.status if self.health else ""


@resource("kargo.akuity.io", "v1alpha1", plural="stages")
class Stage(Object):
    """A target to which Freight is promoted, or a control flow stage that it passes through."""

    metadata: ObjectMeta
    spec: StageSpec
    status: StageStatus

    @property
    def is_control_flow(self) -> bool:
        """Without promotion steps, Freight passes through. Checked at every change, so no step is parsed for it."""
        template = self.spec.promotion_template
        return template is None or not template.spec.raw.get("steps")

    def request_of(self, origin: Origin) -> FreightRequest | None:
        """The request for Freight of that origin."""
        wanted = str(origin)
        return next((one for one in self.spec.requested_freight if str(one.origin) == wanted), None)
