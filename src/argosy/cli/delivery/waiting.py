"""`argosy wait-for`: waits until a change is live and healthy in a Stage, or can no longer get there."""

from __future__ import annotations

import argparse
import sys

from argosy.cli.delivery.naming import with_pipeline
from argosy.cli.failing import Exit
from argosy.promotion.tracing.naming import found, stage_named
from argosy.promotion.tracing.pipeline import Pipeline
from argosy.promotion.tracing.reading import read_pipeline
from argosy.promotion.tracing.standing import Standing, standing
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

PAUSE = 0.5
SHARE = 4
"""A pause lasts this many times as long as the request before it, so that slow servers are not overloaded."""


def run(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        return await wait_for(client, clock, options)

    return with_pipeline(options, work)


async def wait_for(client: Client, clock: Clock, options: argparse.Namespace) -> int:
    """Prints each reason for waiting once, when it appears."""
    until = clock.monotonic() + options.timeout if options.timeout else float("inf")
    last = ""
    while True:
        began = clock.monotonic()
        where = await _where(await read_pipeline(client, options.project), options, clock)
        if str(where) != last:
            last = str(where)
            print(f"{options.reference} in {options.stage}: {last}", flush=True)
        if where.state == "live":
            return Exit.OK
        if where.state in ("failed", "past"):
            return Exit.FAILED
        if clock.monotonic() >= until:
            print(f"not there after {options.timeout:g} s", file=sys.stderr)
            return Exit.FAILED
        await clock.sleep(max(PAUSE, SHARE * (clock.monotonic() - began)))


async def _where(pipeline: Pipeline, options: argparse.Namespace, clock: Clock) -> Standing:
    """The one that is furthest along: a change may be in several pieces of Freight."""
    stage = stage_named(pipeline, options.stage, options.project)
    pieces = found(pipeline.freight, options.reference)
    if not pieces:
        return Standing("waiting", "no Freight holds it yet")
    order = ("live", "waiting", "past", "failed")
    return min((standing(pipeline, one, stage, clock.now()) for one in pieces), key=lambda one: order.index(one.state))
