"""Previews a Promotion through a client: what each step would do, and which gates would follow.

Nothing is pushed, sent or written; admission builds the Promotion in a dry run. What a Secret of the project holds is
hidden in all that is told.
"""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from argosy.machinery.objects import JsonObject
from argosy.promotion.adapters.tools import Tools, threaded
from argosy.promotion.kinds import APPLICATIONS, CONFIG_MAPS, FREIGHT, SECRETS, STAGES, WAREHOUSES
from argosy.promotion.preview.git import PreviewGit
from argosy.promotion.preview.loaded import Loaded
from argosy.promotion.preview.outside import secret_values
from argosy.promotion.preview.rehearsing import Effect, Preview, gates
from argosy.promotion.promotions.creating import promotion_of
from argosy.promotion.settings import Settings
from argosy.promotion.tracing.reading import listed
from argosy.render.port import Renderer
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.sources.egress import Egress
from argosy.sources.registry import RegistryClient

THREADS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What a preview reaches the outside by; all of it belongs to the caller."""

    clock: Clock
    rng: Rng
    egress: Egress
    renderer: Renderer | None
    settings: Settings = field(default_factory=Settings)
    allow_local: bool = False
    """Whether a repository may be a directory of this machine."""


@dataclass(frozen=True, slots=True)
class Previewed:
    effects: tuple[Effect, ...]
    follows: tuple[str, ...]
    """The gates after the steps, in words."""

    @property
    def would_succeed(self) -> bool:
        return all(one.status in ("Succeeded", "Skipped") for one in self.effects)


async def previewed(client: Client, doors: Doors, stage: JsonObject, piece: JsonObject) -> Previewed:
    """Of `piece` promoted into `stage`. Raises StatusError where admission refuses the Promotion."""
    promotion = await client.write(promotion_of(stage, piece, dry_run=True))
    promotion["metadata"].setdefault("uid", "preview")
    project = stage["metadata"]["namespace"]
    kinds = (STAGES, FREIGHT, WAREHOUSES, CONFIG_MAPS, SECRETS)
    objects = {kind: await listed(client, kind, project) for kind in kinds}
    objects[APPLICATIONS] = await listed(client, APPLICATIONS)
    with tempfile.TemporaryDirectory(prefix="argosy-preview-") as directory, ThreadPoolExecutor(THREADS) as threads:
        git = PreviewGit(threaded(doors.clock, threads), allow_local=doors.allow_local)
        registry = RegistryClient(doors.egress, doors.clock)
        tools = Tools(
            git=git,
            egress=doors.egress,
            registry=registry,
            renderer=doors.renderer,
            clock=doors.clock,
            rng=doors.rng,
            threads=threads,
        )
        made = Preview(Loaded(objects), doors.settings, tools, git, Path(directory) / "promotion-preview")
        effects = await made.effects(promotion, stage, piece, doors.clock.now())
    return hidden(Previewed(tuple(effects), tuple(gates(stage, objects[STAGES]))), objects[SECRETS])


def hidden(found: Previewed, secrets: Iterable[JsonObject]) -> Previewed:
    values = secret_values(
        base64.b64decode(value).decode("utf-8", "replace")
        for one in secrets
        for value in (one.get("data") or {}).values()
    )
    effects = (replace(one, lines=_without(one.lines, values)) for one in found.effects)
    return Previewed(tuple(effects), _without(found.follows, values))


def _without(lines: Sequence[str], values: Sequence[str]) -> tuple[str, ...]:
    shown = list(lines)
    for value in values:
        shown = [line.replace(value, "***") for line in shown]
    return tuple(shown)


def as_json(found: Previewed) -> JsonObject:
    effects = [
        {"step": one.alias, "uses": one.uses, "status": one.status, "effects": list(one.lines)} for one in found.effects
    ]
    return {"steps": effects, "wouldSucceed": found.would_succeed, "follows": list(found.follows)}


def text_of(found: Previewed) -> str:
    lines = []
    for number, effect in enumerate(found.effects, 1):
        lines.append(f"{number}. {effect.alias} ({effect.uses}): {effect.status}")
        lines += [f"     {line}" for line in effect.lines]
    lines += ["", "Nothing was pushed, sent or written. What would follow:"]
    return "\n".join([*lines, *(f"  - {one}" for one in found.follows)]) + "\n"
