"""Rollout: a workload that is updated step by step, or all at once behind two Services."""

from __future__ import annotations

from typing import Annotated

from argosy.apis.kubernetes.views.meta import ObjectMeta
from argosy.apis.rollouts.status import RolloutStatus
from argosy.apis.rollouts.strategy import Strategy
from argosy.apis.schema import Doc, FreeObject, Object, Time, resource, schema
from argosy.machinery.objects import Key


@schema
class WorkloadReference:
    """The Deployment, ReplicaSet or PodTemplate that holds the pod template."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    scale_down: Annotated[str, Doc("never, onsuccess or progressively.")] = ""


@schema
class RollbackWindow:
    revisions: int = 0


@schema
class RunHistory:
    successful_run_history_limit: int | None = None
    unsuccessful_run_history_limit: int | None = None


@schema
class RolloutSpec:
    replicas: int | None = None
    selector: FreeObject | None = None
    template: FreeObject | None = None
    workload_ref: WorkloadReference | None = None
    min_ready_seconds: int = 0
    strategy: Strategy = Strategy()
    rollback_window: RollbackWindow | None = None
    revision_history_limit: int | None = None
    paused: bool = False
    progress_deadline_seconds: int | None = None
    progress_deadline_abort: bool = False
    restart_at: Time = ""
    analysis: RunHistory | None = None


@resource("argoproj.io", "v1alpha1", plural="rollouts", short_names=("ro",))
class Rollout(Object):
    """A Deployment's successor: same template, other strategies."""

    metadata: ObjectMeta
    spec: RolloutSpec
    status: RolloutStatus = RolloutStatus()

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
    def generation(self) -> int:
        return self.metadata.generation

    @property
    def annotations(self) -> dict[str, str]:
        return self.metadata.annotations

    @property
    def labels(self) -> dict[str, str]:
        return self.metadata.labels

    @property
    def replicas(self) -> int:
        """spec.replicas, 1 where it is absent."""
        return 1 if self.spec.replicas is None else self.spec.replicas
