"""`argosy trace`."""

from __future__ import annotations

import argparse
import sys

from argosy.cli.connect import with_client
from argosy.cli.delivery.objects import freight_named, world_of
from argosy.cli.failing import Exit
from argosy.cli.printing import write_value
from argosy.promotion.tracing.trace import text_of, traced
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock


def run(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        world = await world_of(client, options.project)
        pieces = freight_named(world, options.reference)[: options.limit]
        traces = [traced(world, piece, clock.now()) for piece in pieces]
        if options.output == "text":
            print("\n".join(map(text_of, traces)), end="")
        else:
            write_value(sys.stdout, traces, options.output)
        return Exit.OK

    return with_client(options, work)
