"""The steps of a canary, and the analyses and experiments that they name."""

from __future__ import annotations

from argosy.apis.schema import FreeObject, IntOrText, Object, schema


@schema
class FieldReference:
    """A path into the Rollout's JSON."""

    field_path: str = ""


@schema
class ArgumentSource:
    """Where the value of an argument comes from."""

    pod_template_hash_value: str = ""
    field_ref: FieldReference | None = None


@schema
class RunArgument:
    """An argument handed to an analysis."""

    name: str = ""
    value: str = ""
    value_from: ArgumentSource | None = None


@schema
class TemplateReference(Object):
    """An AnalysisTemplate, or a ClusterAnalysisTemplate."""

    template_name: str = ""
    cluster_scope: bool | None = None


@schema
class PodMetadata:
    """Additional labels and annotations of pods, or runs."""

    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


@schema
class RolloutAnalysis:
    """An analysis that a rollout starts."""

    templates: tuple[TemplateReference, ...] = ()
    args: tuple[RunArgument, ...] = ()
    dry_run: tuple[FreeObject, ...] = ()
    measurement_retention: tuple[FreeObject, ...] = ()
    analysis_run_metadata: PodMetadata | None = None


@schema
class BackgroundAnalysis(Object):
    """An analysis that runs in the background of the steps."""

    templates: tuple[TemplateReference, ...] = ()
    args: tuple[RunArgument, ...] = ()
    dry_run: tuple[FreeObject, ...] = ()
    measurement_retention: tuple[FreeObject, ...] = ()
    analysis_run_metadata: PodMetadata | None = None
    starting_step: int | None = None


@schema
class Pause:
    """A pause: indefinite without a duration."""

    duration: IntOrText | None = None


@schema
class TemplateService:
    """The Service for the pods of an experiment's template."""

    name: str = ""


@schema
class ExperimentTemplate:
    """One ReplicaSet of an experiment step."""

    name: str = ""
    spec_ref: str = ""
    replicas: int | None = None
    metadata: PodMetadata | None = None
    selector: FreeObject | None = None
    weight: int | None = None
    service: TemplateService | None = None


@schema
class ExperimentAnalysis:
    """One analysis of an experiment step."""

    name: str = ""
    template_name: str = ""
    cluster_scope: bool | None = None
    args: tuple[RunArgument, ...] = ()
    required_for_completion: bool = False


@schema
class ExperimentStep:
    """An Experiment that a step creates and waits for."""

    templates: tuple[ExperimentTemplate, ...] = ()
    duration: str = ""
    analyses: tuple[ExperimentAnalysis, ...] = ()
    dry_run: tuple[FreeObject, ...] = ()
    analysis_run_metadata: PodMetadata | None = None
    scale_down_delay_seconds: int | None = None


@schema
class SetCanaryScale:
    """Sizes the canary apart from its weight."""

    weight: int | None = None
    replicas: int | None = None
    match_traffic_weight: bool = False


@schema
class StringMatch:
    """How a string is matched: exactly one of the three."""

    exact: str = ""
    prefix: str = ""
    regex: str = ""


@schema
class HeaderMatch:
    """A header and the value that it must have."""

    header_name: str = ""
    header_value: StringMatch | None = None


@schema
class SetHeaderRoute:
    """Routes requests with a header to the canary; without a match the route is removed."""

    name: str = ""
    match: tuple[HeaderMatch, ...] = ()


@schema
class RouteMatch:
    """Which requests are mirrored."""

    method: StringMatch | None = None
    path: StringMatch | None = None
    headers: FreeObject | None = None


@schema
class SetMirrorRoute:
    """Mirrors requests to the canary; without a match the route is removed."""

    name: str = ""
    match: tuple[RouteMatch, ...] = ()
    percentage: int | None = None


@schema
class PluginStep:
    """A step executed by a plug-in."""

    name: str = ""
    config: FreeObject | None = None


@schema
class CanaryStep(Object):
    """Exactly one of these."""

    set_weight: int | None = None
    pause: Pause | None = None
    experiment: ExperimentStep | None = None
    analysis: RolloutAnalysis | None = None
    set_canary_scale: SetCanaryScale | None = None
    set_header_route: SetHeaderRoute | None = None
    set_mirror_route: SetMirrorRoute | None = None
    plugin: PluginStep | None = None
