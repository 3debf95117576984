"""`argosy app get`."""

from __future__ import annotations

import argparse
import sys

from argosy.cli.app.applications import get, key_of_name, refreshed
from argosy.cli.app.arguments import TREES
from argosy.cli.app.live.health import with_health
from argosy.cli.app.spec.sources import source_at
from argosy.cli.app.surroundings import surroundings
from argosy.cli.app.tables import (
    application,
    final_state,
    health_note,
    out_of_sync_note,
    parameters,
    qualified_name,
    resources,
)
from argosy.cli.app.wait_conditions import deadline
from argosy.cli.connect import page_address, with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.printing import write_value
from argosy.machinery.objects import JsonObject
from argosy.runtime.clock import Clock
from argosy.runtime.http.client import HttpClient


def run(options: argparse.Namespace) -> int:
    key = key_of_name(options.name, options)

    async def work(client: HttpClient, clock: Clock) -> int:
        app = await get(client, key)
        if options.refresh or options.hard_refresh:
            async with deadline(options.timeout, f"a refresh of application {key.name!r}"):
                app = await refreshed(client, key, "hard" if options.hard_refresh else "normal")
        if options.output in TREES:
            sys.stdout.write(
                application(app, await surroundings(client, clock, app, page_address(options)), with_operation=False)
            )
            await show_tree(client, clock, app, options)
            return Exit.OK
        shown = parameters(source_at(app.get("spec") or {}, options)) if options.show_params else ""
        if options.output != "wide":
            show(app, options.output)
            return Exit.OK
        around = await surroundings(client, clock, app, page_address(options))
        sys.stdout.write(application(app, around, with_operation=options.show_operation) + shown)
        await show_resources(client, clock, app, options)
        return Exit.OK

    return with_client(options, work)


async def show_resources(client: HttpClient, clock: Clock, app: JsonObject, options: argparse.Namespace) -> None:
    """With each object's health; notes for a person go to standard error."""
    sys.stdout.write(resources(await judged_there(client, clock, app, options)))
    sys.stderr.write(out_of_sync_note(app) + health_note(app))


async def judged_there(client: HttpClient, clock: Clock, app: JsonObject, options: argparse.Namespace) -> JsonObject:
    """With each object's health, read where the Application deploys to."""
    from argosy.cli.app.comparison.destination import destination  # late: loads clusters and health

    try:
        async with destination(client, clock, app, options) as there:
            return await with_health(there, app)
    except CommandError:  # a cluster that is unknown or cannot be reached: what the status says
        return app


async def show_final(
    client: HttpClient, clock: Clock, app: JsonObject, options: argparse.Namespace, *, with_operation: bool
) -> None:
    """What a command that waited for the Application prints at its end."""
    output = options.output
    if output in ("json", "yaml", "name"):
        show(app, output)
        return
    sys.stdout.write(
        final_state(app, await surroundings(client, clock, app, page_address(options)), with_operation=with_operation)
    )
    if output in TREES:
        await show_tree(client, clock, app, options)
    else:
        await show_resources(client, clock, app, options)


async def show_tree(client: HttpClient, clock: Clock, app: JsonObject, options: argparse.Namespace) -> None:
    from argosy.cli.app.comparison.destination import destination  # late: loads clusters and health
    from argosy.cli.app.live.tree import detailed, tree_of

    async with destination(client, clock, app, options) as there:
        sys.stdout.write("\n" + await tree_of(there, app, with_details=options.output == detailed))


def show(app: JsonObject, output: str) -> None:
    if output == "name":
        print(qualified_name(app))
    elif output == "wide":
        sys.stdout.write(application(app) + resources(app))
    else:
        write_value(sys.stdout, app, output)
