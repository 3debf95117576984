"""Which rooms are put to hardship, and by which stories."""

from __future__ import annotations

from hardship import gitops
from kit.hardship import Story

ROOMS: dict[str, tuple[type[Story], ...]] = {
    "gitops": gitops.STORIES,
}
