"""Experiment: ReplicaSets that run side by side for a while, watched by analyses."""

from __future__ import annotations

from argosy.apis.kubernetes.views.meta import ObjectMeta
from argosy.apis.rollouts.status import Condition
from argosy.apis.rollouts.steps import PodMetadata, TemplateService
from argosy.apis.schema import FreeObject, Object, Time, resource, schema
from argosy.machinery.objects import Key


@schema
class TemplateSpec:
    """One ReplicaSet of the experiment."""

    name: str = ""
    replicas: int | None = None
    min_ready_seconds: int = 0
    selector: FreeObject | None = None
    template: FreeObject | None = None
    service: TemplateService | None = None


@schema
class AnalysisReference:
    """One analysis of the experiment."""

    name: str = ""
    template_name: str = ""
    cluster_scope: bool = False
    args: tuple[FreeObject, ...] = ()
    required_for_completion: bool = False


@schema
class ExperimentSpec:
    templates: tuple[TemplateSpec, ...] = ()
    duration: str = ""
    progress_deadline_seconds: int | None = None
    terminate: bool = False
    analyses: tuple[AnalysisReference, ...] = ()
    scale_down_delay_seconds: int | None = None
    dry_run: tuple[FreeObject, ...] = ()
    measurement_retention: tuple[FreeObject, ...] = ()
    analysis_run_metadata: PodMetadata | None = None


@schema
class TemplateStatus:
    name: str = ""
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    collision_count: int | None = None
    status: str = ""
    message: str = ""
    last_transition_time: Time = ""
    service_name: str = ""
    pod_template_hash: str = ""


@schema
class ExperimentRunStatus:
    """One analysis as the Experiment last saw it."""

    name: str = ""
    analysis_run: str = ""
    phase: str = ""
    message: str = ""


@schema
class ExperimentStatus:
    phase: str = ""
    message: str = ""
    available_at: Time = ""
    conditions: tuple[Condition, ...] = ()
    template_statuses: tuple[TemplateStatus, ...] = ()
    analysis_runs: tuple[ExperimentRunStatus, ...] = ()


@resource("argoproj.io", "v1alpha1", plural="experiments", short_names=("exp",))
class Experiment(Object):
    """Runs versions side by side, and compares them."""

    metadata: ObjectMeta
    spec: ExperimentSpec
    status: ExperimentStatus = ExperimentStatus()

    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def namespace(self) -> str:
        return self.metadata.namespace

    @property
    def key(self) -> Key:
        return Key(self.namespace, self.name)

    @property
    def uid(self) -> str:
        return self.metadata.uid

    @property
    def annotations(self) -> dict[str, str]:
        return self.metadata.annotations

    @property
    def labels(self) -> dict[str, str]:
        return self.metadata.labels
