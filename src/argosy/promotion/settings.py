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
    shared_namespace: str = "kargo-shared-resources"
    system_namespace: str = "kargo-system-resources"
    control_namespace: str = "kargo"
    """Where our own ServiceAccounts are."""
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
    retained_promotions: int = 20
    min_promotion_age: timedelta = timedelta(hours=336)
    retained_freight: int = 20
    min_freight_age: timedelta = timedelta(hours=336)

    def owns(self, shard: str) -> bool:
        return shard == self.shard if shard else self.is_default_shard
