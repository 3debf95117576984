"""Application: what should run where, how it is synced, and what was observed."""

from __future__ import annotations

from typing import Annotated

from argosy.apis.argoproj.source import NamedValue, Source, SourceHydrator
from argosy.apis.kubernetes.views.meta import ObjectMeta
from argosy.apis.schema import Column, Doc, Name, Object, Rules, Time, read, resource, schema
from argosy.machinery.objects import JsonObject


@schema
class Destination(Object):
    """The cluster, by server or by name, and the namespace."""

    name: str = ""
    namespace: str = ""
    server: str = ""


@schema
class IgnoreDifference(Object):
    """Fields whose differences do not count."""

    group: str = ""
    jq_path_expressions: tuple[str, ...] = ()
    json_pointers: tuple[str, ...] = ()
    kind: str
    managed_fields_managers: tuple[str, ...] = ()
    name: str = ""
    namespace: str = ""


@schema
class Backoff:
    """The growing wait between retries."""

    duration: Annotated[str, Doc("First wait; default 5s.")] = ""
    factor: Annotated[int | None, Doc("Growth; default 2.")] = None
    max_duration: Annotated[str, Doc("Longest wait; default 3m.")] = ""


@schema
class Retry(Object):
    """How often a failed sync is tried again."""

    backoff: Backoff = Backoff()
    limit: Annotated[int, Doc("Negative: for ever. 0: never.")] = 0
    refresh: Annotated[bool, Doc("Look for a newer revision at each retry.")] = False


@schema
class Automated(Object):
    """Syncing without being asked."""

    allow_empty: Annotated[bool, Doc("An empty set of manifests may delete everything.")] = False
    enabled: Annotated[bool | None, Doc("Default true.")] = None
    prune: Annotated[bool, Doc("Delete what is no longer in the source.")] = False
    self_heal: Annotated[bool, Doc("Undo changes made in the cluster.")] = False


@schema
class NamespaceMetadata(Object):
    """Labels and annotations of a namespace that syncing creates."""

    annotations: dict[str, str] | None = None
    labels: dict[str, str] | None = None


@schema
class SyncPolicy(Object):
    """When and how to sync."""

    automated: Automated | None = None
    managed_namespace_metadata: NamespaceMetadata | None = None
    retry: Retry | None = None
    sync_options: tuple[str, ...] = ()

    @property
    def managed_metadata(self) -> JsonObject:
        """As written; empty if the namespace's metadata is not managed."""
        return self.managed_namespace_metadata.raw if self.managed_namespace_metadata else {}

    @property
    def is_automated(self) -> bool:
        return self.automated is not None and self.automated.enabled is not False


@schema
class ApplicationSpec(Object):
    """What should be."""

    destination: Destination
    ignore_differences: tuple[IgnoreDifference, ...] = ()
    info: tuple[NamedValue, ...] = ()
    project: Annotated[str, Doc("Empty means `default`.")]
    revision_history_limit: Annotated[int | None, Doc("Length of the history; default 10.")] = None
    source: Source | None = None
    source_hydrator: SourceHydrator | None = None
    sources: Annotated[tuple[Source, ...], Doc("Several sources; wins over `source`.")] = ()
    sync_policy: SyncPolicy = SyncPolicy()

    @property
    def all_sources(self) -> tuple[Source, ...]:
        """One or several, as written; several win."""
        return self.sources or ((self.source,) if self.source else ())


@schema
class Initiator(Object):
    """Who began an operation."""

    automated: bool = False
    username: str = ""


@schema
class SyncResource:
    """One object of a selective sync."""

    group: str = ""
    kind: str
    name: str
    namespace: str = ""


@schema
class Force:
    """Delete and create again where an apply is refused."""

    force: bool = False


@schema
class SyncStrategy:
    """With hooks, or without."""

    apply: Force | None = None
    hook: Force | None = None


@schema
class SyncOperation(Object):
    """A sync, as asked for."""

    auto_heal_attempts_count: int = 0
    dry_run: bool = False
    manifests: tuple[str, ...] = ()
    prune: bool = False
    resources: tuple[SyncResource, ...] = ()
    revision: str = ""
    revisions: tuple[str, ...] = ()
    source: Source | None = None
    sources: tuple[Source, ...] = ()
    sync_options: tuple[str, ...] = ()
    sync_strategy: SyncStrategy | None = None


@schema
class Operation(Object):
    """What is to be done now."""

    info: tuple[NamedValue, ...] = ()
    initiated_by: Initiator = Initiator()
    retry: Retry = Retry()
    sync: SyncOperation | None = None


@schema
class Condition(Object):
    """Something that its owner should know."""

    last_transition_time: Time = ""
    message: str
    type: str


@schema
class Health(Object):
    """How well something is."""

    last_transition_time: Time = ""
    message: str = ""
    status: str = ""


@schema
class HistoryEntry(Object):
    """One completed sync."""

    deploy_started_at: Time = ""
    deployed_at: Time
    id: int
    initiated_by: Initiator | None = None
    revision: str = ""
    revisions: tuple[str, ...] = ()
    source: Source | None = None
    sources: tuple[Source, ...] = ()

    @property
    def all_revisions(self) -> tuple[str, ...]:
        """One for each source."""
        return self.revisions or ((self.revision,) if self.revision else ())

    @property
    def all_sources(self) -> tuple[Source, ...]:
        """One or several, as they were then; several win."""
        return self.sources or ((self.source,) if self.source and self.source.raw else ())


@schema
class ResourceResult(Object):
    """What became of one object in a sync."""

    group: str
    hook_phase: str = ""
    hook_type: str = ""
    images: tuple[str, ...] = ()
    kind: str
    message: str = ""
    name: str
    namespace: str
    status: str = ""
    sync_phase: str = ""
    version: str


@schema
class SyncResult(Object):
    """What became of a sync."""

    managed_namespace_metadata: NamespaceMetadata | None = None
    resources: tuple[ResourceResult, ...] = ()
    revision: str
    revisions: tuple[str, ...] = ()
    source: Source | None = None
    sources: tuple[Source, ...] = ()

    @property
    def all_revisions(self) -> tuple[str, ...]:
        """One for each source."""
        return self.revisions or ((self.revision,) if self.revision else ())


@schema
class OperationState(Object):
    """How far an operation has come."""

    finished_at: Time = ""
    message: str = ""
    operation: Operation
    phase: str
    retry_count: int = 0
    started_at: Time
    sync_result: SyncResult = read(SyncResult, {})

    @property
    def asked(self) -> SyncOperation:
        """The sync that was asked for."""
        return self.operation.sync or SyncOperation()


@schema
class ResourceStatus(Object):
    """One object of the application."""

    group: str = ""
    health: Health | None = None
    hook: bool = False
    kind: str = ""
    name: str = ""
    namespace: str = ""
    requires_deletion_confirmation: bool = False
    requires_pruning: bool = False
    status: str = ""
    sync_wave: int = 0
    version: str = ""


@schema
class HydrateOperation(Object):
    """A hydration."""

    dry_sha: Annotated[str, Name("drySHA")] = ""
    finished_at: Time = ""
    hydrated_sha: Annotated[str, Name("hydratedSHA")] = ""
    message: str
    phase: Annotated[str, Rules({"enum": ["Hydrating", "Failed", "Hydrated"]})]
    source_hydrator: SourceHydrator | None = None
    started_at: Time = ""


@schema
class HydrateSuccess(Object):
    """The last hydration that succeeded."""

    dry_sha: Annotated[str, Name("drySHA")] = ""
    hydrated_sha: Annotated[str, Name("hydratedSHA")] = ""
    source_hydrator: SourceHydrator | None = None


@schema
class HydratorStatus(Object):
    """What the hydrator did."""

    current_operation: HydrateOperation | None = None
    last_compared_dry_revision: str = ""
    last_successful_operation: HydrateSuccess | None = None


@schema
class Summary(Object):
    """What the application runs."""

    external_urls: Annotated[tuple[str, ...], Name("externalURLs")] = ()
    images: tuple[str, ...] = ()
    is_app_of_apps: bool = False


@schema
class ComparedTo(Object):
    """The part of the spec that was compared."""

    destination: Destination
    ignore_differences: tuple[IgnoreDifference, ...] = ()
    source: Source | None = None
    sources: tuple[Source, ...] = ()


@schema
class SyncStatus(Object):
    """Whether the cluster is as the source says."""

    compared_to: ComparedTo | None = None
    revision: str = ""
    revisions: tuple[str, ...] = ()
    status: str

    @property
    def all_revisions(self) -> tuple[str, ...]:
        """One for each source."""
        return self.revisions or ((self.revision,) if self.revision else ())


@schema
class ApplicationStatus(Object):
    """What was observed."""

    conditions: tuple[Condition, ...] = ()
    controller_namespace: str = ""
    health: Health = Health()
    history: tuple[HistoryEntry, ...] = ()
    observed_at: Time = ""
    operation_state: OperationState = read(OperationState, {})
    reconciled_at: Time = ""
    resource_health_source: str = ""
    resources: tuple[ResourceStatus, ...] = ()
    source_hydrator: HydratorStatus | None = None
    source_type: str = ""
    source_types: tuple[str, ...] = ()
    summary: Summary | None = None
    sync: SyncStatus = read(SyncStatus, {})


@resource(
    "argoproj.io",
    "v1alpha1",
    plural="applications",
    short_names=("app", "apps"),
    columns=(
        Column("Sync Status", ".status.sync.status"),
        Column("Health Status", ".status.health.status"),
        Column("Revision", ".status.sync.revision", priority=10),
        Column("Project", ".spec.project", priority=10),
    ),
    subresources={},
    labels={"app.kubernetes.io/name": "applications.argoproj.io", "app.kubernetes.io/part-of": "argocd"},
)
class Application(Object):
    """A set of manifests at a revision, and the cluster and namespace where they should be."""

    metadata: ObjectMeta = ObjectMeta()
    operation: Operation | None = None
    spec: ApplicationSpec
    status: ApplicationStatus = ApplicationStatus()

    @property
    def has_operation(self) -> bool:
        """Whether an operation is requested; an empty one requests nothing."""
        return self.operation is not None and bool(self.operation.raw)
