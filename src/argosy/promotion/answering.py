"""The adapters of this room put together, for a process that runs its controllers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from argosy.machinery.controller import Question
from argosy.promotion.adapters.discovering import Discovering
from argosy.promotion.adapters.discovering_charts import ChartDiscovery
from argosy.promotion.adapters.discovering_git import GitDiscovery
from argosy.promotion.adapters.discovering_images import ImageDiscovery
from argosy.promotion.adapters.step_runner import StepRunner
from argosy.promotion.adapters.tools import THREADS, WAITING, Tools, make_git
from argosy.promotion.promotions.questions import RemoveDirectory, RunStep
from argosy.promotion.settings import Settings
from argosy.promotion.warehouses.questions import Discover
from argosy.render.port import Renderer
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock
from argosy.runtime.engine import Answerer
from argosy.sources.cloud.identities import Identities
from argosy.sources.egress import Egress
from argosy.sources.git.remote import GitMirrors
from argosy.sources.port import InsteadOf
from argosy.sources.registry.client import RegistryClient

STEP_SECONDS: Final = 3600.0
DISCOVERY_SECONDS: Final = 600.0
DISCOVERIES_PER_HOST: Final = 64


@dataclass(frozen=True, slots=True)
class Answering:
    """`answerers` for the engine; `close` frees threads."""

    answerers: Mapping[type[Question[Any]], Answerer]
    threads: tuple[ThreadPoolExecutor, ...]
    tools: Tools

    def close(self) -> None:
        for pool in self.threads:
            pool.shutdown(wait=False, cancel_futures=True)


def answering(
    settings: Settings,
    clock: Clock,
    rng: Rng,
    directory: Path,
    mirrors: GitMirrors,
    egress: Egress,
    renderer: Renderer | None = None,
    *,
    allow_local: bool = False,
    instead_of: InsteadOf | None = None,
    pulls: Callable[[str], Any] | None = None,
) -> Answering:
    """`directory`: where working directories are. `allow_local`: permits cloning repositories on this machine."""
    threads = ThreadPoolExecutor(THREADS, thread_name_prefix="promotion")
    waiting = ThreadPoolExecutor(WAITING, thread_name_prefix="promotion-remote")
    git = make_git(clock, threads, waiting, allow_local=allow_local, instead_of=instead_of)
    registry = RegistryClient(egress, clock, requests_per_second=settings.registry_requests_per_second)
    effective = Identities(egress, clock).effective
    tools = Tools(
        git=git,
        egress=egress,
        registry=registry,
        renderer=renderer,
        clock=clock,
        rng=rng.fork("steps"),
        threads=threads,
        identity=settings.identity,
        push_integration=settings.push_integration,
        github_push_revisions=settings.github_push_revisions,
        github_push_verifies_all=settings.github_push_verifies_all,
        oci_push_bytes=settings.oci_push_bytes,
        pulls=pulls,
    )
    runner = StepRunner(directory, tools, effective)
    discovering = Discovering(
        GitDiscovery(mirrors, git),
        ImageDiscovery(
            registry, cache_by_tag_policy=settings.cache_by_tag_policy, cached_images=settings.cached_images
        ),
        ChartDiscovery(egress, registry, clock),
        effective,
        clock,
    )
    answerers = {
        RunStep: Answerer(answer=runner.run, limit=settings.steps_at_once, timeout=STEP_SECONDS),
        RemoveDirectory: Answerer(answer=runner.remove, limit=8),
        Discover: Answerer(
            answer=discovering.answer,
            limit=settings.discoveries_at_once,
            lane=_host,
            per_lane=DISCOVERIES_PER_HOST,
            timeout=DISCOVERY_SECONDS,
        ),
    }
    return Answering(answerers, (threads, waiting), tools)


def _host(question: Discover) -> str:
    """A slow host delays only its own discoveries."""
    url = str(json.loads(question.body).get("repoURL") or "")
    return (url.partition("://")[2] or url).partition("/")[0].rpartition("@")[2]
