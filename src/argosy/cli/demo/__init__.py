"""`argosy demo`: creates a repository, a registry, Applications, and a pipeline between them."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING

from argosy.cli.failing import CommandError
from argosy.cli.place import Place
from argosy.cli.up import start
from argosy.machinery import requests

if TYPE_CHECKING:
    from argosy.cli.demo.services import Demonstration

PATIENCE = 120.0
"""Seconds until the demonstration reports a problem."""


def run(options: argparse.Namespace) -> int:
    from argosy.cli.demo.services import with_demonstration

    return start(options, "demo", with_demonstration(options), _demonstrate)


async def _demonstrate(running: Demonstration, place: Place) -> None:
    from argosy.cli.demo import secure
    from argosy.cli.demo.next_steps import next_steps
    from argosy.cli.demo.pipeline import install_pipeline
    from argosy.cli.demo.repository import applications, is_made, make_repository
    from argosy.cli.demo.watching import watch
    from argosy.gitops.keys import APPLICATIONS
    from argosy.runtime.clock import RealClock

    repository, client = place.directory / "demo", running.client
    if not is_made(repository):
        more = await secure.files(client, RealClock())
        make_repository(repository, f"http://127.0.0.1:{running.prometheus_port}", more)
    wanted = applications(repository)
    for app in wanted:
        await client.write(requests.apply(APPLICATIONS, app, manager="argosy-demo", force=True))
    await install_pipeline(client, repository, running.images, f"http://127.0.0.1:{running.prometheus_port}")
    print(
        f"Argosy is ready at {running.url}. {len(wanted)} Applications follow {repository};\n"
        f"images of {running.images} go from dev to staging to prod:\n",
        flush=True,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            await watch(client, {app["metadata"]["name"] for app in wanted})
    except TimeoutError:
        raise CommandError(f"not all is Synced, Healthy and verified after {PATIENCE:g} s: see above") from None
    print(next_steps(place, running.images, running.page), flush=True)
