"""AnalysisRun, AnalysisTemplate and ClusterAnalysisTemplate: views. Providers' parts of a metric stay JSON."""

from __future__ import annotations

from argosy.apis.kubernetes.views.meta import ObjectMeta
from argosy.apis.schema import FreeObject, Object, Time, read, resource, schema
from argosy.machinery.objects import Key


@schema
class TtlStrategy:
    """When a finished run is deleted, in seconds after it completed."""

    seconds_after_completion: int | None = None
    seconds_after_failure: int | None = None
    seconds_after_success: int | None = None


@schema
class AnalysisRunSpec:
    """Everything that the run needs: it stays valid when the templates change."""

    metrics: tuple[FreeObject, ...] = ()
    args: tuple[FreeObject, ...] = ()
    terminate: bool = False
    dry_run: tuple[FreeObject, ...] = ()
    measurement_retention: tuple[FreeObject, ...] = ()
    ttl_strategy: TtlStrategy | None = None


@schema
class Measurement:
    """One measurement of a metric."""

    phase: str = ""
    finished_at: Time = ""


@schema
class MetricResult:
    """The result of a metric."""

    name: str = ""
    phase: str = ""
    measurements: tuple[Measurement, ...] = ()


@schema
class AnalysisRunStatus(Object):
    """The result of a run, for its waiting owner."""

    phase: str = ""
    message: str = ""
    completed_at: Time = ""
    metric_results: tuple[MetricResult, ...] = ()

    @property
    def ended_at(self) -> str:
        """When it was completed, or when the last measurement of any metric ended."""
        times = [one.finished_at for metric in self.metric_results for one in metric.measurements]
        return self.completed_at or max(times, default="")


@resource("argoproj.io", "v1alpha1", plural="analysisruns", short_names=("ar",))
class AnalysisRun(Object):
    """Measurements of metrics, and their result."""

    metadata: ObjectMeta
    spec: AnalysisRunSpec
    status: FreeObject | None = None

    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def key(self) -> Key:
        return Key(self.metadata.namespace, self.metadata.name)

    @property
    def labels(self) -> dict[str, str]:
        return self.metadata.labels

    @property
    def outcome(self) -> AnalysisRunStatus:
        return read(AnalysisRunStatus, self.status or {})


@schema
class AnalysisTemplateSpec:
    metrics: tuple[FreeObject, ...] = ()
    args: tuple[FreeObject, ...] = ()
    dry_run: tuple[FreeObject, ...] = ()
    measurement_retention: tuple[FreeObject, ...] = ()
    templates: tuple[FreeObject, ...] = ()


@resource("argoproj.io", "v1alpha1", plural="analysistemplates", short_names=("at",))
class AnalysisTemplate(Object):
    """Metrics and arguments from which runs are created."""

    metadata: ObjectMeta
    spec: AnalysisTemplateSpec


@resource("argoproj.io", "v1alpha1", plural="clusteranalysistemplates", namespaced=False, short_names=("cat",))
class ClusterAnalysisTemplate(Object):
    """The same, for all namespaces."""

    metadata: ObjectMeta
    spec: AnalysisTemplateSpec
