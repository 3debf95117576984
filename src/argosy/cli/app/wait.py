"""`argosy app wait`."""

from __future__ import annotations

import argparse

from argosy.cli.app.applications import get, key_of_name
from argosy.cli.app.get import show_now
from argosy.cli.app.waiting import Wanted, wait_for
from argosy.cli.connect import with_client
from argosy.cli.failing import Exit
from argosy.runtime.clock import Clock
from argosy.runtime.verbs import Verbs


def run(options: argparse.Namespace) -> int:
    keys = [key_of_name(name, options) for name in options.names]
    wanted = wanted_of(options)

    async def work(client: Verbs, clock: Clock) -> int:
        for key in keys:
            await get(client, key)
            app = await wait_for(client, key, wanted, options.timeout)
            await show_now(client, app, options.output)
        return Exit.OK

    return with_client(options, work)


def wanted_of(options: argparse.Namespace) -> Wanted:
    """Without a flag: synced, healthy and idle."""
    flags = (options.sync, options.health, options.operation, options.degraded, options.suspended)
    if not any(flags):
        return Wanted(synced=True, idle=True, healthy=True)
    synced, healthy, idle, degraded, suspended = flags
    return Wanted(synced=synced, idle=idle, healthy=healthy, degraded=degraded, suspended=suspended)
