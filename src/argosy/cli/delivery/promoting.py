"""`argosy promote`: promotes by hand, previews a Promotion, or waits for its result."""

from __future__ import annotations

import argparse
from datetime import datetime

from argosy.apis.kargo import Freight, Stage
from argosy.cli.delivery.naming import with_pipeline
from argosy.cli.delivery.waiting import wait_for
from argosy.cli.failing import Exit
from argosy.promotion.freight.availability import available
from argosy.promotion.promotions.creating import promotion_of
from argosy.promotion.stages.candidates import newest
from argosy.promotion.tracing.naming import Unknown, freight_named, stage_named
from argosy.promotion.tracing.pipeline import Pipeline
from argosy.promotion.tracing.reading import read_pipeline
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock


def run(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        pipeline = await read_pipeline(client, options.project)
        stage = stage_named(pipeline, options.stage, options.project)
        piece = chosen(pipeline, stage, options.freight, clock.now())
        if options.preview:
            from argosy.cli.delivery.preview import preview

            return await preview(client, clock, stage, piece)
        made = await client.write(promotion_of(stage, piece))
        alias = piece.alias or piece.metadata.name[:12]
        print(f"Promotion {made['metadata']['name']} takes {alias} into {options.stage}", flush=True)
        if not options.wait:
            return Exit.OK
        options.reference = alias
        options.stage = f"{stage.metadata.namespace}/{stage.metadata.name}"
        return await wait_for(client, clock, options)

    return with_pipeline(options, work)


def chosen(pipeline: Pipeline, stage: Stage, reference: str, now: datetime) -> Freight:
    """The named Freight, or the newest that is available to the Stage."""
    namespace = stage.metadata.namespace
    if reference:
        return freight_named(pipeline, reference, namespace)[0]
    own = [one for one in pipeline.freight if one.metadata.namespace == namespace]
    piece = newest(list(available(stage, own, now)))
    if piece is None:
        raise Unknown(f"no Freight is available to {namespace}/{stage.metadata.name} yet")
    return piece
