"""What an operator may set for this room; the defaults are upstream's, or better ones where the sheet says so."""

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
    """Where Applications are, if nobody says."""
    argocd_enabled: bool = True
    """False: no step and no health looks at Applications."""
    shared_namespace: str = "kargo-shared-resources"
    system_namespace: str = "kargo-system-resources"
    control_namespace: str = "kargo"
    """Where our own ServiceAccounts are."""
    heartbeat_seconds: int = 120
    """How long a controller counts as alive after it said so."""
    ui_url: str = ""
    webhook_base_url: str = ""
    min_warehouse_interval: timedelta = timedelta()
    identity: Identity = field(default_factory=Identity)
    """Who commits, unless the ClusterConfig or a step says otherwise."""
    push_integration: str = "AlwaysRebase"
    """One of PUSH_INTEGRATIONS: how a push takes in what others pushed."""
    allow_credentials_over_http: bool = False
    rollouts_enabled: bool = True
    rollouts_instance_id: str = ""
    cache_by_tag_policy: str = "Allow"
    registry_requests_per_second: int = 20
    """To one registry; a burst of as many is let through at once."""
    steps_at_once: int = 1000
    """Steps of Promotions that are being run outside of the cluster."""
    discoveries_at_once: int = 2048
    cached_images: int = 100_000
    """Images whose metadata is remembered."""
    github_push_revisions: int = 10
    """Commits at most that one `github-push` makes again through the API."""
    github_push_verifies_all: bool = False
    """Whether `github-push` gives commits that no trusted key signed a verified signature, too."""
    oci_push_bytes: int = 1024 * 1024 * 1024
    """What `oci-push` copies at most from one repository into another: 0 is nothing, a negative number no limit."""
    retained_promotions: int = 20
    min_promotion_age: timedelta = timedelta(hours=336)
    retained_freight: int = 20
    min_freight_age: timedelta = timedelta(hours=336)

    @property
    def applications(self) -> str:
        """The namespace of Applications; empty where none are looked at."""
        return self.argocd_namespace if self.argocd_enabled else ""

    def owns(self, shard: str) -> bool:
        return shard == self.shard if shard else self.is_default_shard
