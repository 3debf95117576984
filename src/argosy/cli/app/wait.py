"""`argosy app wait`, and the wait of other commands for their operation."""

from __future__ import annotations

import argparse
import sys

from argosy.cli.app.applications import check_choice, chosen, get
from argosy.cli.app.get import judged_there, show_final
from argosy.cli.app.operations import resource_of
from argosy.cli.app.resource_states import Changes, states_of
from argosy.cli.app.wait_conditions import TimedOut, Wanted, wait_for, wait_gone
from argosy.cli.connect import with_client
from argosy.cli.failing import Exit
from argosy.machinery.objects import JsonObject, Key
from argosy.runtime.clock import Clock
from argosy.runtime.http.client import HttpClient


def run(options: argparse.Namespace) -> int:
    check_choice(options)
    wanted = wanted_of(options)

    async def work(client: HttpClient, clock: Clock) -> int:
        for key in await chosen(client, options):
            if options.delete:
                await wait_gone(client, key, options.timeout)
                print(f"Application '{key.namespace}/{key.name}' deleted")
                continue
            await get(client, key)
            app = await wait_and_tell(client, clock, key, wanted, options)
            await show_final(client, clock, app, options, with_operation=wanted.idle)
        return Exit.OK

    return with_client(options, work)


async def wait_and_tell(
    client: HttpClient, clock: Clock, key: Key, wanted: Wanted, options: argparse.Namespace
) -> JsonObject:
    """Prints each change meanwhile, unless the output is for a program, and the state when the time is up."""
    changes, tells = Changes(), options.output not in ("json", "yaml", "name")

    def tell(app: JsonObject) -> None:
        if tells:
            sys.stdout.write(changes.rows(states_of(app, wanted.only), clock.now().astimezone()))
            sys.stdout.flush()

    async def judged(app: JsonObject) -> JsonObject:
        """Controllers do not store the health of each object by default."""
        return await judged_there(client, clock, app, options) if wanted.only and wanted.asks_health else app

    try:
        return await wait_for(client, key, wanted, options.timeout, tell, judged)
    except TimedOut:
        if tells:
            print("\nThis is the state of the app after wait timed out:")
            print("\nThe command timed out waiting for the conditions to be met.")
        await show_final(client, clock, await get(client, key), options, with_operation=wanted.idle)
        raise


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
