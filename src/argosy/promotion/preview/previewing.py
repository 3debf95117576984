"""Previews a Promotion through a client: what each step would do, and which gates would follow.

Nothing is pushed, sent or written; admission builds the Promotion in a dry run. Values of the project's Secrets are
hidden in all output.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from argosy.apis.argoproj import Application
from argosy.apis.kargo import Freight, Promotion, Stage
from argosy.apis.rollouts import Rollout
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject, Resource
from argosy.promotion.adapters.tools import Tools, threaded
from argosy.promotion.credentials.finding import KNOWN_HOSTS
from argosy.promotion.credentials.matching import decoded
from argosy.promotion.kinds import (
    APPLICATIONS,
    CLUSTER_CONFIGS,
    CONFIG_MAPS,
    FREIGHT,
    SECRETS,
    STAGES,
    WAREHOUSES,
)
from argosy.promotion.names import CRED_TYPE
from argosy.promotion.preview.gates import gates
from argosy.promotion.preview.git import PreviewGit
from argosy.promotion.preview.loaded import Loaded
from argosy.promotion.preview.outside import secret_values
from argosy.promotion.preview.rehearsing import Effect, Preview
from argosy.promotion.promotions.creating import promotion_of
from argosy.promotion.settings import Settings
from argosy.promotion.tracing.reading import listed, views
from argosy.render.port import Renderer
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.sources.cloud.identities import Identities
from argosy.sources.egress import Egress
from argosy.sources.registry.client import RegistryClient

THREADS = 4
SHOWN = frozenset({"repoURL", "repoURLIsRegex", "username", "sshKnownHosts"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What a preview uses to reach the outside; the caller owns all of it."""

    clock: Clock
    rng: Rng
    egress: Egress
    renderer: Renderer | None
    settings: Settings = field(default_factory=Settings)
    allow_local: bool = False
    """Whether a repository may be a directory on this machine."""


@dataclass(frozen=True, slots=True)
class Previewed:
    effects: tuple[Effect, ...]
    follows: tuple[str, ...]
    """Describes the gates after the steps."""

    @property
    def would_succeed(self) -> bool:
        return all(one.status in ("Succeeded", "Skipped") for one in self.effects)


async def previewed(client: Client, doors: Doors, stage: Stage, piece: Freight) -> Previewed:
    """Previews promoting `piece` to `stage`. Raises StatusError if admission refuses the Promotion."""
    promotion = await client.write(promotion_of(stage, piece, dry_run=True))
    promotion["metadata"].setdefault("uid", "preview")
    project = stage.metadata.namespace
    objects = await _objects(client, doors.settings, project)
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
        files, effective = Path(directory) / "promotion-preview", Identities(doors.egress, doors.clock).effective
        made = Preview(Loaded(objects), doors.settings, tools, git, files, effective)
        effects = await made.effects(read(Promotion, promotion), stage, piece, doors.clock.now())
    names = {name for effect in effects for name in effect.applications}
    applications = [read(Application, one) for one in objects[APPLICATIONS]]
    touched = [one for one in applications if (one.metadata.namespace, one.metadata.name) in names]
    found = await views(client, Rollout) if touched else []
    rollouts = {(one.metadata.namespace, one.metadata.name): one for one in found}
    follows = gates(stage, [read(Stage, one) for one in objects[STAGES]], touched, rollouts)
    return hidden(Previewed(tuple(effects), tuple(follows)), objects[SECRETS])


async def _objects(client: Client, settings: Settings, project: str) -> dict[Resource, list[JsonObject]]:
    """What the project's controller lets its steps see."""
    found = {kind: await listed(client, kind, project) for kind in (STAGES, FREIGHT, WAREHOUSES)}
    for kind in (CONFIG_MAPS, SECRETS):
        found[kind] = [*await listed(client, kind, project), *await listed(client, kind, settings.shared_namespace)]
    argocd = await listed(client, CONFIG_MAPS, settings.argocd_namespace)
    found[CONFIG_MAPS] += [one for one in argocd if one["metadata"]["name"] == KNOWN_HOSTS]
    for kind in (APPLICATIONS, CLUSTER_CONFIGS):
        found[kind] = await listed(client, kind)
    return found


def hidden(found: Previewed, secrets: Iterable[JsonObject]) -> Previewed:
    values = secret_values(
        value for one in secrets for name, value in decoded(one).items() if name not in _public_names(one)
    )
    effects = (replace(one, lines=_without(one.lines, values)) for one in found.effects)
    return Previewed(tuple(effects), _without(found.follows, values))


def _public_names(secret: JsonObject) -> frozenset[str]:
    """The repository of credentials is not secret; the steps name it, too."""
    is_credential = CRED_TYPE in (secret["metadata"].get("labels") or {})
    return SHOWN if is_credential else frozenset()


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
