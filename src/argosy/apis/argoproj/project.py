"""AppProject: what a group of applications may use."""

from __future__ import annotations

from typing import Annotated

from argosy.apis.kubernetes.views.meta import ObjectMeta
from argosy.apis.schema import Doc, Name, Object, Rules, resource, schema


@schema
class ClusterKind:
    """A cluster-scoped kind, by globs."""

    group: str
    kind: str
    name: str = ""


@schema
class NamespacedKind:
    """A namespaced kind, by globs."""

    group: str
    kind: str


@schema
class ServiceAccount:
    """Whom a sync to a destination acts as."""

    default_service_account: str
    namespace: str = ""
    server: str


@schema
class PermittedDestination:
    """A cluster and namespace, by globs; `!` in front denies."""

    name: str = ""
    namespace: str = ""
    server: str = ""


@schema
class OrphanKey:
    """Objects that are not orphans, by globs."""

    group: str = ""
    kind: str = ""
    name: str = ""


@schema
class OrphanedResources:
    """Monitoring of objects that belong to no application."""

    ignore: tuple[OrphanKey, ...] = ()
    warn: bool | None = None


@schema
class Token:
    """An issued token."""

    exp: int = 0
    iat: int
    id: str = ""


@schema
class Role:
    """A role within the project."""

    description: str = ""
    groups: tuple[str, ...] = ()
    jwt_tokens: tuple[Token, ...] = ()
    name: str
    policies: tuple[str, ...] = ()


@schema
class SignatureKey:
    """A trusted key."""

    key_id: Annotated[str, Name("keyID")]


@schema
class Gpg:
    """Which signatures are asked for."""

    keys: tuple[str, ...]
    mode: str


@schema
class PolicyRepository:
    """A repository, by glob."""

    url: str


@schema
class IntegrityPolicy(Object):
    """Signatures asked for in some repositories."""

    gpg: Gpg
    repos: tuple[PolicyRepository, ...]


@schema
class GitIntegrity:
    """Integrity of git sources."""

    policies: tuple[IntegrityPolicy, ...]


@schema
class SourceIntegrity:
    """Integrity of sources."""

    git: GitIntegrity


@schema
class SyncWindow(Object):
    """A recurring time in which syncing is allowed or denied."""

    and_operator: bool = False
    applications: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    description: str = ""
    duration: str = ""
    kind: str = ""
    manual_sync: bool = False
    namespaces: tuple[str, ...] = ()
    schedule: Annotated[str, Doc("Five cron fields.")] = ""
    sync_overrun: bool = False
    time_zone: str = ""


@schema
class AppProjectSpec(Object):
    """What applications of the project may use."""

    cluster_resource_blacklist: tuple[ClusterKind, ...] = ()
    cluster_resource_whitelist: tuple[ClusterKind, ...] = ()
    description: Annotated[str, Rules({"maxLength": 255})] = ""
    destination_service_accounts: tuple[ServiceAccount, ...] = ()
    destinations: tuple[PermittedDestination, ...] = ()
    namespace_resource_blacklist: tuple[NamespacedKind, ...] = ()
    namespace_resource_whitelist: Annotated[
        tuple[NamespacedKind, ...] | None, Doc("Absent: every kind. Empty: none.")
    ] = None
    orphaned_resources: OrphanedResources | None = None
    permit_only_project_scoped_clusters: bool = False
    roles: tuple[Role, ...] = ()
    signature_keys: tuple[SignatureKey, ...] = ()
    source_integrity: SourceIntegrity | None = None
    source_namespaces: tuple[str, ...] = ()
    source_repos: Annotated[tuple[str, ...], Doc("Globs of repository URLs; `!` in front denies.")] = ()
    sync_windows: tuple[SyncWindow, ...] = ()


@schema
class RoleTokens:
    """The tokens of one role."""

    items: tuple[Token, ...] = ()


@schema
class AppProjectStatus:
    """Issued tokens."""

    jwt_tokens_by_role: dict[str, RoleTokens] | None = None


@resource(
    "argoproj.io",
    "v1alpha1",
    plural="appprojects",
    short_names=("appproj", "appprojs"),
    labels={"app.kubernetes.io/name": "appprojects.argoproj.io", "app.kubernetes.io/part-of": "argocd"},
)
class AppProject(Object):
    """Limits for a group of applications: sources, destinations and kinds."""

    metadata: ObjectMeta = ObjectMeta()
    spec: AppProjectSpec
    status: AppProjectStatus | None = None
