"""Settings of this room; the defaults are upstream's, or better ones where the sheet says so."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from argosy.promotion.adapters.git import Identity

PUSH_INTEGRATIONS: Final = ("AlwaysRebase", "RebaseOrMerge", "RebaseOrFail", "AlwaysMerge")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    shard: str = ""
    is_default_shard: bool = True
    """Whether objects without a shard are ours."""
    argocd_namespace: str = "argocd"
    """The default namespace of Applications."""
    argocd_enabled: bool = True
    """False: no step and no health check reads Applications."""
    shared_namespace: str = "kargo-shared-resources"
    system_namespace: str = "kargo-system-resources"
    control_namespace: str = "kargo"
    """The namespace of our own ServiceAccounts."""
    heartbeat_seconds: int = 120
    """How long a controller counts as alive after its last heartbeat."""
    ui_url: str = ""
    webhook_base_url: str = ""
    min_warehouse_interval: timedelta = timedelta()
    identity: Identity = field(default_factory=Identity)
    """The commit author, unless the ClusterConfig or a step sets another."""
    push_integration: str = "AlwaysRebase"
    """One of PUSH_INTEGRATIONS: how a push integrates others' commits."""
    credential_providers: bool = True
    """False: repositories are read without credentials."""
    allow_credentials_over_http: bool = False
    rollouts_enabled: bool = True
    rollouts_instance_id: str = ""
    cache_by_tag_policy: str = "Allow"
    registry_requests_per_second: int = 20
    """Requests per second to one registry; a burst of the same number is allowed."""
    steps_at_once: int = 1000
    """How many steps run concurrently outside of the cluster."""
    discoveries_at_once: int = 2048
    cached_images: int = 100_000
    """How many images' metadata is cached."""
    github_push_revisions: int = 10
    """How many commits one `github-push` may re-create through the API."""
    github_push_verifies_all: bool = False
    """Whether `github-push` also makes commits verified that no trusted key signed."""
    oci_push_bytes: int = 1024 * 1024 * 1024
    """How many bytes `oci-push` may copy between repositories: 0 is nothing, a negative number no limit."""
    retained_promotions: int = 20
    min_promotion_age: timedelta = timedelta(hours=336)
    retained_freight: int = 20
    min_freight_age: timedelta = timedelta(hours=336)

    @property
    def applications(self) -> str:
        """The namespace of Applications; empty if none are read."""
        return self.argocd_namespace if self.argocd_enabled else ""

    def owns(self, shard: str) -> bool:
        return shard == self.shard if shard else self.is_default_shard
