"""`argosy app history`."""

from __future__ import annotations

import argparse
import sys

from argosy.cli.app import tables
from argosy.cli.app.applications import get, key_of_name
from argosy.cli.connect import with_client
from argosy.cli.failing import Exit
from argosy.cli.printing import write_value
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock


def run(options: argparse.Namespace) -> int:
    key = key_of_name(options.name, options)

    async def work(client: Client, clock: Clock) -> int:
        app = await get(client, key)
        entries = (app.get("status") or {}).get("history") or []
        if options.output in ("id", "name"):
            sys.stdout.writelines(f"{entry.get('id')}\n" for entry in entries)
        elif options.output == "wide":
            sys.stdout.write(tables.history(app))
        else:
            write_value(sys.stdout, entries, options.output)
        return Exit.OK

    return with_client(options, work)
