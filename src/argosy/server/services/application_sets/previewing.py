"""What an edited ApplicationSet would do, by the engine's own plan; nothing is written."""

from __future__ import annotations

from argosy.gitops.applicationsets.preview import Preview, preview
from argosy.machinery.objects import JsonObject
from argosy.server.context import ServerContext
from argosy.server.services.application_sets.generating import Generating


async def previewed(context: ServerContext, generating: Generating, appset: JsonObject) -> Preview:
    """Raises ApiError with a generator's error, and NotAnswered."""
    wanted, around = await generating.applications(appset), generating.surroundings()
    existing = context.gitops.plane.applications.list(appset["metadata"]["namespace"])
    placed = {**appset, "metadata": {"uid": "", **appset["metadata"]}}
    made, _ = await context.engine.jq.settled(lambda jq: preview(placed, wanted, existing, around, jq))
    return made
