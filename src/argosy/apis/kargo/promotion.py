"""Promotion: one piece of Freight being promoted to one Stage."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Any

from argosy.apis.kargo.artifacts import FreightCollection, FreightReference, Origin
from argosy.apis.kargo.steps import PromotionStep, Variable
from argosy.apis.kubernetes.views.meta import Condition, ObjectMeta
from argosy.apis.schema import Doc, FreeObject, Int32, Object, Time, resource, schema


@schema
class PromotionSpec(Object):
    """Stage, Freight, steps; immutable."""

    stage: str = ""
    freight: str = ""
    origin: Origin | None = None
    target: str = ""
    vars: tuple[Variable, ...] = ()
    steps: tuple[PromotionStep, ...] = ()


@schema
class HealthCheck(Object):
    """A health check that a step requested."""

    uses: str = ""
    config: Any = None


@schema
class StepExecution(Object):
    """The result of one step."""

    alias: str = ""
    status: str = ""
    message: str = ""
    error_count: Int32 = 0
    continue_on_error: bool = False
    started_at: Time = ""
    finished_at: Time = ""


@schema
class PromotionStatus(Object):
    """Phase, progress, outputs of steps."""

    phase: str = ""
    message: str = ""
    started_at: Time = ""
    finished_at: Time = ""
    current_step: int = 0
    freight: FreightReference | None = None
    freight_collection: FreightCollection | None = None
    health_checks: tuple[HealthCheck, ...] = ()
    last_handled_refresh: str = ""
    state: Annotated[FreeObject, Doc("Outputs of steps, by alias.")] = field(default_factory=dict)
    step_execution_metadata: tuple[StepExecution, ...] = ()


@resource("kargo.akuity.io", "v1alpha1", plural="promotions")
class Promotion(Object):
    """One piece of Freight being promoted to one Stage."""

    metadata: ObjectMeta
    spec: PromotionSpec
    status: PromotionStatus


@schema
class Target:
    """A target of a PromotionRequest."""

    name: str = ""


@schema
class PromotionRequestSpec(Object):
    """Freight for all targets of a Stage."""

    stage: str = ""
    freight: str = ""
    targets: tuple[Target, ...] = ()


@schema
class TargetStatus:
    """The Promotion of one target."""

    name: str = ""
    phase: str = ""
    promotion: str = ""


@schema
class PhaseCounts:
    """How many targets are in which phase."""

    pending: Int32 = 0
    running: Int32 = 0
    succeeded: Int32 = 0
    failed: Int32 = 0
    errored: Int32 = 0
    aborted: Int32 = 0


@schema
class PromotionRequestStatus(Object):
    """The result of a PromotionRequest."""

    phase: str = ""
    conditions: tuple[Condition, ...] = ()
    started_at: Time = ""
    finished_at: Time = ""
    observed_generation: int = 0
    summary: PhaseCounts = PhaseCounts()
    targets: tuple[TargetStatus, ...] = ()


@resource("kargo.akuity.io", "v1alpha1", plural="promotionrequests")
class PromotionRequest(Object):
    """Only in the paid edition: accepted, and finished at once."""

    metadata: ObjectMeta
    spec: PromotionRequestSpec
    status: PromotionRequestStatus
