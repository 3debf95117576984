"""Projects and their configuration."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated

from argosy.apis.kargo.receivers import ReceiverAddress, WebhookReceiver
from argosy.apis.kubernetes.views.meta import Condition, ObjectMeta
from argosy.apis.schema import Doc, FreeObject, Object, resource, schema


@schema
class HealthCount:
    """How many of them are healthy."""

    healthy: int = 0


@schema
class Count:
    """How many there are."""

    count: int = 0
    health: HealthCount = HealthCount()


@schema
class ProjectStats:
    """Of the project's Warehouses and Stages."""

    warehouses: Count = Count()
    stages: Count = Count()


@schema
class ProjectStatus(Object):
    """Conditions and counts."""

    conditions: tuple[Condition, ...] = ()
    stats: ProjectStats = ProjectStats()


@resource("kargo.akuity.io", "v1alpha1", plural="projects", namespaced=False)
class Project(Object):
    """Owns the namespace of its name."""

    metadata: ObjectMeta
    status: ProjectStatus


@schema
class Link:
    """A link that is shown with a Stage or a piece of Freight."""

    title: str = ""
    description: str = ""
    url: str = ""
    if_: Annotated[str, Doc("An expression; empty means always.")] = ""


@schema
class NameSelector(Object):
    """By name, which may be a pattern (`glob:`, `regex:`), or by labels."""

    name: str = ""
    match_labels: dict[str, str] = field(default_factory=dict)
    match_expressions: tuple[FreeObject, ...] = ()


@schema
class AutoRollback:
    """Only in the paid edition."""

    on_promotion: tuple[str, ...] = ()
    on_verification: tuple[str, ...] = ()


@schema
class PromotionPolicy(Object):
    """Whether Stages are promoted to automatically."""

    auto_promotion_enabled: bool = False
    auto_rollback: AutoRollback | None = None
    stage: Annotated[str, Doc("A name; deprecated in favour of the selector.")] = ""
    stage_selector: NameSelector | None = None


@schema
class PromotionWindow(Object):
    """Only in the paid edition."""

    name: str = ""
    kind: str = ""
    dtstart: str = ""
    dtend: str = ""
    rrule: str = ""
    project_selector: NameSelector | None = None
    stage_selector: NameSelector | None = None


@schema
class ProjectConfigSpec(Object):
    """Promotion policies, webhook receivers, links."""

    freight_links: tuple[Link, ...] = ()
    stage_links: tuple[Link, ...] = ()
    promotion_policies: tuple[PromotionPolicy, ...] = ()
    promotion_windows: tuple[PromotionWindow, ...] = ()
    webhook_receivers: tuple[WebhookReceiver, ...] = ()


@schema
class ConfigStatus(Object):
    """Where the receivers are, and conditions."""

    conditions: tuple[Condition, ...] = ()
    last_handled_refresh: str = ""
    observed_generation: int = 0
    webhook_receivers: tuple[ReceiverAddress, ...] = ()


@resource("kargo.akuity.io", "v1alpha1", plural="projectconfigs")
class ProjectConfig(Object):
    """Policies and webhook receivers of one project; its name is the namespace's."""

    metadata: ObjectMeta
    spec: ProjectConfigSpec
    status: ConfigStatus


@schema
class SecretName:
    """A Secret by name."""

    name: str = ""


@schema
class GitClient:
    """The author of commits, and the signing key."""

    name: str = ""
    email: str = ""
    signing_key_secret: SecretName = SecretName()


@schema
class ClusterConfigSpec(Object):
    """Webhook receivers, links, the git client."""

    freight_links: tuple[Link, ...] = ()
    stage_links: tuple[Link, ...] = ()
    git_client: GitClient | None = None
    promotion_windows: tuple[PromotionWindow, ...] = ()
    webhook_receivers: tuple[WebhookReceiver, ...] = ()


@resource("kargo.akuity.io", "v1alpha1", plural="clusterconfigs", namespaced=False)
class ClusterConfig(Object):
    """Settings of all projects; its name is `cluster`."""

    metadata: ObjectMeta
    spec: ClusterConfigSpec
    status: ConfigStatus
