"""`argosy promote --preview`: the doors of a preview, opened for one Promotion and closed after it."""

from __future__ import annotations

import base64
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from argosy.cli.delivery.objects import listed
from argosy.cli.delivery.promoting import create
from argosy.cli.failing import Exit
from argosy.machinery.objects import JsonObject
from argosy.promotion.adapters.tools import Tools, threaded
from argosy.promotion.kinds import APPLICATIONS, CONFIG_MAPS, FREIGHT, SECRETS, STAGES, WAREHOUSES
from argosy.promotion.preview.git import PreviewGit
from argosy.promotion.preview.loaded import Loaded
from argosy.promotion.preview.outside import secret_values
from argosy.promotion.preview.rehearsing import Preview, gates, text_of
from argosy.promotion.settings import Settings
from argosy.render.workers import RenderWorkers
from argosy.runtime.chance import SystemRng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.sources.egress import Egress, EgressPolicy
from argosy.sources.registry import RegistryClient


async def preview(client: Client, clock: Clock, stage: JsonObject, piece: JsonObject) -> int:
    promotion = await create(client, stage, piece, dry_run=True)
    promotion["metadata"].setdefault("uid", "preview")
    project = stage["metadata"]["namespace"]
    objects = {
        kind: await listed(client, kind, project) for kind in (STAGES, FREIGHT, WAREHOUSES, CONFIG_MAPS, SECRETS)
    }
    objects[APPLICATIONS] = await listed(client, APPLICATIONS, "")
    egress, threads = Egress(EgressPolicy(allow_loopback=True)), ThreadPoolExecutor(4)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="argosy-preview-") as directory,
            RenderWorkers(clock, SystemRng(), size=1) as renderer,
        ):
            git = PreviewGit(threaded(clock, threads), allow_local=True)
            git.pushes = []
            tools = Tools(
                git=git,
                egress=egress,
                registry=RegistryClient(egress, clock),
                renderer=renderer,
                clock=clock,
                rng=SystemRng(),
                threads=threads,
            )
            made = Preview(Loaded(objects), Settings(), tools, git, Path(directory) / "promotion-preview")
            effects = await made.effects(promotion, stage, piece, clock.now())
    finally:
        await egress.close()
        threads.shutdown(wait=False, cancel_futures=True)
    text = text_of(effects, gates(stage, objects[STAGES]))
    print(_hidden(text, objects[SECRETS]), end="")
    return Exit.OK if all(one.status in ("Succeeded", "Skipped") for one in effects) else Exit.FAILED


def _hidden(text: str, secrets: list[JsonObject]) -> str:
    values = [
        base64.b64decode(value).decode("utf-8", "replace")
        for one in secrets
        for value in (one.get("data") or {}).values()
    ]
    for value in secret_values(values):
        text = text.replace(value, "***")
    return text
