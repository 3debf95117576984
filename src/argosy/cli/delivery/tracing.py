"""`argosy trace`."""

from __future__ import annotations

import argparse
import sys

from argosy.cli.delivery.naming import with_pipeline
from argosy.cli.failing import Exit
from argosy.cli.printing import write_value
from argosy.promotion.tracing.naming import freight_named
from argosy.promotion.tracing.reading import read_pipeline
from argosy.promotion.tracing.trace import text_of, traced
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock


def run(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        pipeline = await read_pipeline(client, options.project)
        pieces = freight_named(pipeline, options.reference)[: options.limit]
        traces = [traced(pipeline, piece, clock.now()) for piece in pieces]
        if options.output == "text":
            print("\n".join(map(text_of, traces)), end="")
        else:
            write_value(sys.stdout, traces, options.output)
        return Exit.OK

    return with_pipeline(options, work)
