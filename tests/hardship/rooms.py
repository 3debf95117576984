"""Which rooms are put to hardship, and by which stories."""

from __future__ import annotations

from tests.hardship import applicationsets, certs, gitops, hydrator, notify, promotion, rollouts, sealing, workloads
from tests.kit.hardship import Story

ROOMS: dict[str, tuple[type[Story], ...]] = {
    "gitops": gitops.STORIES,
    "applicationsets": applicationsets.STORIES,
    "hydrator": hydrator.STORIES,
    "sealing": sealing.STORIES,
    "workloads": workloads.STORIES,
    "certs": certs.STORIES,
    "notify": notify.STORIES,
    "rollouts": rollouts.STORIES,
    "promotion": promotion.STORIES,
}
