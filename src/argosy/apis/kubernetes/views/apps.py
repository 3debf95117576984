"""apps/v1: views of ReplicaSet and Deployment."""

from __future__ import annotations

from argosy.apis.kubernetes.views.meta import ObjectMeta
from argosy.apis.schema import FreeObject, Object, Time, resource, schema
from argosy.machinery.objects import JsonObject, Key


@schema
class ReplicaSetCondition:
    type: str = ""
    status: str = ""
    last_transition_time: Time = ""
    reason: str = ""
    message: str = ""


@schema
class ReplicaSetSpec:
    replicas: int | None = None
    min_ready_seconds: int = 0
    selector: FreeObject | None = None
    template: FreeObject | None = None


@schema
class ReplicaSetStatus:
    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    observed_generation: int = 0
    conditions: tuple[ReplicaSetCondition, ...] = ()


@resource("apps", "v1", plural="replicasets")
class ReplicaSet(Object):
    """A number of equal pods."""

    metadata: ObjectMeta
    spec: ReplicaSetSpec = ReplicaSetSpec()
    status: ReplicaSetStatus = ReplicaSetStatus()

    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def key(self) -> Key:
        return Key(self.metadata.namespace, self.metadata.name)

    @property
    def uid(self) -> str:
        return self.metadata.uid

    @property
    def generation(self) -> int:
        return self.metadata.generation

    @property
    def created(self) -> str:
        """The creation time as written: UTC with whole seconds, so that text order is time order."""
        return self.metadata.creation_timestamp

    @property
    def labels(self) -> dict[str, str]:
        return self.metadata.labels

    @property
    def annotations(self) -> dict[str, str]:
        return self.metadata.annotations

    @property
    def is_deleting(self) -> bool:
        return bool(self.metadata.deletion_timestamp)

    @property
    def replicas(self) -> int:
        """spec.replicas, 1 where it is absent."""
        return 1 if self.spec.replicas is None else self.spec.replicas

    @property
    def available(self) -> int:
        return self.status.available_replicas

    @property
    def template(self) -> JsonObject:
        return self.spec.template or {}


@schema
class DeploymentSpec:
    replicas: int | None = None
    selector: FreeObject | None = None
    template: FreeObject | None = None


@resource("apps", "v1", plural="deployments")
class Deployment(Object):
    """The source of a Rollout's template with workloadRef."""

    metadata: ObjectMeta
    spec: DeploymentSpec = DeploymentSpec()
