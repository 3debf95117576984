"""The doors of a Promotion's steps that need no world: threads, HTTP and registries on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from argosy.machinery.objects import JsonObject
from argosy.promotion.adapters.git import GitTool
from argosy.promotion.adapters.tools import Tools, make_git
from argosy.promotion.steps.kind import Job, Run
from argosy.runtime.chance import SeededRng
from argosy.runtime.clock import RealClock
from argosy.sources.egress import Egress, EgressPolicy
from argosy.sources.registry.client import RegistryClient


@asynccontextmanager
async def step_tools(**more: Any) -> AsyncIterator[Tools]:
    """`more`: other fields of Tools, such as `found`, the credentials."""
    egress, clock = Egress(EgressPolicy(allow_loopback=True)), RealClock()
    with ThreadPoolExecutor(2) as threads:
        git: GitTool = make_git(clock, threads, threads)
        registry = RegistryClient(egress, clock)
        try:
            yield Tools(
                git=git, egress=egress, registry=registry, renderer=None, clock=clock, rng=SeededRng(1),
                threads=threads, **more,
            )  # fmt: skip
        finally:
            await egress.close()


def step(uses: str, directory: Path, tools: Tools | None, config: JsonObject) -> Run:
    directory.mkdir(parents=True, exist_ok=True)
    job = Job(project="p", stage="s", promotion="promotion", uid="uid", alias="step-1", uses=uses, config=config)
    return Run(job=job, directory=directory, tools=tools)
