"""`argosy app get`."""

from __future__ import annotations

import argparse
import sys

from argosy.cli.app.applications import get, key_of_name, refreshed
from argosy.cli.app.health import with_health
from argosy.cli.app.tables import application, qualified_name
from argosy.cli.app.waiting import deadline
from argosy.cli.connect import with_client
from argosy.cli.failing import Exit
from argosy.cli.printing import write_value
from argosy.machinery.objects import JsonObject
from argosy.runtime.clock import Clock
from argosy.runtime.verbs import Verbs


def run(options: argparse.Namespace) -> int:
    key = key_of_name(options.name, options)

    async def work(client: Verbs, clock: Clock) -> int:
        app = await get(client, key)
        if options.refresh or options.hard_refresh:
            async with deadline(options.timeout, f"a refresh of application {key.name!r}"):
                app = await refreshed(client, key, "hard" if options.hard_refresh else "normal")
        await show_now(client, app, options.output)
        return Exit.OK

    return with_client(options, work)


async def show_now(client: Verbs, app: JsonObject, output: str) -> None:
    """With the health of each object, where the output has room for it."""
    show(await with_health(client, app) if output == "wide" else app, output)


def show(app: JsonObject, output: str) -> None:
    if output == "name":
        print(qualified_name(app))
    elif output == "wide":
        sys.stdout.write(application(app))
    else:
        write_value(sys.stdout, app, output)
