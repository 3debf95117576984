"""Warehouse: subscriptions to repositories, and what was discovered there."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated

from argosy.apis.kargo.artifacts import Artifact, RepoUrl
from argosy.apis.kubernetes.views.meta import Condition, ObjectMeta
from argosy.apis.schema import Doc, Name, Object, Time, resource, schema
from argosy.machinery.objects import JsonObject


@schema
class FreightCreationCriteria:
    """Conditions that artifacts must have in common."""

    expression: str = ""


@schema
class WarehouseSpec(Object):
    """The subscriptions, how often they are checked, and whether Freight is created."""

    shard: str = ""
    interval: Annotated[str, Doc("A Go duration; default 5m0s.")] = ""
    freight_creation_policy: str = ""
    freight_creation_criteria: FreightCreationCriteria = FreightCreationCriteria()
    subscriptions: Annotated[tuple[JsonObject, ...], Doc("`git`, `image`, `chart`, or a name of another kind.")] = ()


@schema
class DiscoveredCommit(Object):
    """A commit that a subscription selected."""

    id: str = ""
    branch: str = ""
    tag: str = ""
    subject: str = ""
    author: str = ""
    committer: str = ""
    creator_date: Time = ""


@schema
class ObservedTag(Object):
    """A tag of a repository, and its target."""

    name: str = ""
    id: str = ""


@schema
class ObservedRefs(Object):
    """The last known state of a repository: discovery starts from here."""

    branch_head: str = ""
    tags: tuple[ObservedTag, ...] = ()


@schema
class GitDiscovery(Object):
    """Commits of one subscription, newest first."""

    repo_url: RepoUrl = ""
    subscription_name: str = ""
    commits: tuple[DiscoveredCommit, ...] = ()
    observed_refs: ObservedRefs | None = None


@schema
class DiscoveredImage(Object):
    """An image that a subscription selected."""

    tag: str = ""
    digest: str = ""
    annotations: dict[str, str] = field(default_factory=dict)
    created_at: Time = ""


@schema
class ImageDiscovery(Object):
    """Images of one subscription, newest first."""

    repo_url: RepoUrl = ""
    subscription_name: str = ""
    platform: str = ""
    references: tuple[DiscoveredImage, ...] = ()


@schema
class ChartDiscovery(Object):
    """Versions of one chart, newest first."""

    repo_url: RepoUrl = ""
    name: str = ""
    subscription_name: str = ""
    semver_constraint: str = ""
    versions: tuple[str, ...] = ()


@schema
class OtherDiscovery(Object):
    """Artifacts of a subscription of another kind."""

    name: str = ""
    artifact_references: tuple[Artifact, ...] = ()


@schema
class DiscoveredArtifacts(Object):
    """The results of the last discovery."""

    discovered_at: Time = ""
    git: tuple[GitDiscovery, ...] = ()
    images: tuple[ImageDiscovery, ...] = ()
    charts: tuple[ChartDiscovery, ...] = ()
    results: tuple[OtherDiscovery, ...] = ()


@schema
class WarehouseStatus(Object):
    """What was discovered, the last Freight created from it, and conditions."""

    conditions: tuple[Condition, ...] = ()
    discovered_artifacts: DiscoveredArtifacts | None = None
    last_freight_id: Annotated[str, Name("lastFreightID")] = ""
    last_handled_refresh: str = ""
    observed_generation: int = 0


@resource("kargo.akuity.io", "v1alpha1", plural="warehouses")
class Warehouse(Object):
    """Subscriptions to repositories, whose newest artifacts become Freight."""

    metadata: ObjectMeta
    spec: WarehouseSpec
    status: WarehouseStatus
