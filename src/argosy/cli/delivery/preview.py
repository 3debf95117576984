"""`argosy promote --preview`: opens the adapters for a preview of one Promotion and closes them afterwards."""

from __future__ import annotations

from argosy.apis.kargo import Freight, Stage
from argosy.cli.failing import Exit
from argosy.promotion.preview.previewing import Doors, previewed, text_of
from argosy.render.assembly import RenderWorkers
from argosy.runtime.chance import SystemRng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.sources.egress import Egress, EgressPolicy


async def preview(client: Client, clock: Clock, stage: Stage, piece: Freight) -> int:
    egress, rng = Egress(EgressPolicy(allow_loopback=True)), SystemRng()
    try:
        with RenderWorkers(clock, rng, size=1) as renderer:
            doors = Doors(clock=clock, rng=rng, egress=egress, renderer=renderer, allow_local=True)
            found = await previewed(client, doors, stage, piece)
    finally:
        await egress.close()
    print(text_of(found), end="")
    return Exit.OK if found.would_succeed else Exit.FAILED
