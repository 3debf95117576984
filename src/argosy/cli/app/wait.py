"""`argosy app wait`."""

from __future__ import annotations

import argparse

from argosy.cli.app.applications import check_choice, chosen, get
from argosy.cli.app.get import show_now
from argosy.cli.app.operations import resource_of
from argosy.cli.app.wait_conditions import Wanted, wait_for, wait_gone
from argosy.cli.connect import with_client
from argosy.cli.failing import Exit
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock


def run(options: argparse.Namespace) -> int:
    check_choice(options)
    wanted = wanted_of(options)

    async def work(client: Client, clock: Clock) -> int:
        for key in await chosen(client, options):
            if options.delete:
                await wait_gone(client, key, options.timeout)
                continue
            await get(client, key)
            app = await wait_for(client, key, wanted, options.timeout)
            await show_now(client, clock, app, options.output, key.name)
        return Exit.OK

    return with_client(options, work)


def wanted_of(options: argparse.Namespace) -> Wanted:
    """Default without flags: synced, healthy and no operation."""
    flags = (options.sync, options.health, options.operation, options.degraded, options.suspended, options.hydrated)
    only = tuple(resource_of(text) for text in options.resource)
    if not any(flags):
        return Wanted(synced=True, idle=True, healthy=True, only=only)
    synced, healthy, idle, degraded, suspended, hydrated = flags
    return Wanted(
        synced=synced,
        idle=idle,
        healthy=healthy,
        degraded=degraded,
        suspended=suspended,
        hydrated=hydrated,
        only=only,
    )
