"""The status of a Rollout, as upstream serialises it."""

from __future__ import annotations

from typing import Annotated

from argosy.apis.schema import FreeObject, Name, Object, Time, schema


@schema
class Condition:
    type: str = ""
    status: str = ""
    last_update_time: Time = ""
    last_transition_time: Time = ""
    reason: str = ""
    message: str = ""


@schema
class PauseCondition(Object):
    reason: str = ""
    start_time: Time = ""


@schema
class RunStatus:
    """An AnalysisRun as the Rollout last saw it."""

    name: str = ""
    status: str = ""
    message: str = ""


@schema
class WeightDestination:
    weight: int = 0
    service_name: str = ""
    pod_template_hash: str = ""


@schema
class TrafficWeights:
    canary: WeightDestination = WeightDestination()
    stable: WeightDestination = WeightDestination()
    additional: tuple[WeightDestination, ...] = ()
    verified: bool | None = None


@schema
class StepPluginStatus(Object):
    """One operation of a step plug-in at one step."""

    index: int = 0
    name: str = ""
    operation: str = ""
    phase: str = ""
    message: str = ""
    started_at: Time = ""
    updated_at: Time = ""
    finished_at: Time = ""
    backoff: str = ""
    executions: int = 0
    disabled: bool = False
    status: FreeObject | None = None


@schema
class CanaryStatus:
    current_step_analysis_run_status: RunStatus | None = None
    current_background_analysis_run_status: RunStatus | None = None
    current_experiment: str = ""
    weights: TrafficWeights | None = None
    stable_ping_pong: str = ""
    step_plugin_statuses: tuple[StepPluginStatus, ...] = ()


@schema
class BlueGreenStatus:
    preview_selector: str = ""
    active_selector: str = ""
    scale_up_preview_check_point: bool = False
    pre_promotion_analysis_run_status: RunStatus | None = None
    post_promotion_analysis_run_status: RunStatus | None = None


@schema
class DurationStatus:
    rollout_started_at: Time = ""
    manual_pause_started_at: Time = ""
    total_manual_pause_duration_seconds: int | None = None
    finished_at: Time = ""
    completion_status: str = ""


@schema
class RolloutStatus:
    abort: bool = False
    pause_conditions: tuple[PauseCondition, ...] = ()
    controller_pause: bool = False
    aborted_at: Time = ""
    current_pod_hash: str = ""
    current_step_hash: str = ""
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    current_step_index: int | None = None
    collision_count: int | None = None
    observed_generation: str = ""
    conditions: tuple[Condition, ...] = ()
    canary: CanaryStatus = CanaryStatus()
    blue_green: BlueGreenStatus = BlueGreenStatus()
    hpa_replicas: Annotated[int, Name("HPAReplicas")] = 0
    selector: str = ""
    stable_rs: Annotated[str, Name("stableRS")] = ""
    restarted_at: Time = ""
    promote_full: bool = False
    phase: str = ""
    message: str = ""
    workload_observed_generation: str = ""
    duration: DurationStatus | None = None
