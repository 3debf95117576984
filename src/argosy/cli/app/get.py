"""`argosy app get`."""

from __future__ import annotations

import argparse
import sys

from argosy.cli.app.applications import get, key_of_name, refreshed
from argosy.cli.app.arguments import TREES
from argosy.cli.app.live.health import with_health
from argosy.cli.app.spec.sources import source_at
from argosy.cli.app.surroundings import surroundings
from argosy.cli.app.tables import application, out_of_sync_note, parameters, qualified_name, summary
from argosy.cli.app.wait_conditions import deadline
from argosy.cli.connect import with_client
from argosy.cli.failing import Exit
from argosy.cli.printing import write_value
from argosy.machinery.objects import JsonObject
from argosy.runtime.client import Client
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
            from argosy.cli.app.comparison.destination import destination  # late: loads clusters and health
            from argosy.cli.app.live.tree import detailed, tree_of

            around = await surroundings(client, clock, app, options.name)
            print(summary(app, around))
            async with destination(client, clock, app, options) as there:
                sys.stdout.write(await tree_of(there, app, with_details=options.output == detailed))
            return Exit.OK
        await show_now(client, clock, app, options.output, options.name, with_operation=options.show_operation)
        if options.show_params and options.output == "wide":
            sys.stdout.write(parameters(source_at(app.get("spec") or {}, options)))
        return Exit.OK

    return with_client(options, work)


async def show_now(
    client: Client, clock: Clock, app: JsonObject, output: str, name: str, *, with_operation: bool = True
) -> None:
    """Adds each object's health and the Application's conditions and windows, for formats that show them."""
    if output != "wide":
        show(app, output)
        return
    around = await surroundings(client, clock, app, name)
    sys.stdout.write(application(await with_health(client, app), around, with_operation=with_operation))
    sys.stderr.write(out_of_sync_note(app))


def show(app: JsonObject, output: str) -> None:
    if output == "name":
        print(qualified_name(app))
    elif output == "wide":
        sys.stdout.write(application(app))
    else:
        write_value(sys.stdout, app, output)
