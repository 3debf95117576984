"""`argosy promote`: opens a gate by hand, shows what it would do, or waits for what it does."""

from __future__ import annotations

import argparse
from datetime import datetime

from argosy.cli.connect import with_client
from argosy.cli.delivery.objects import freight_named, one_stage, world_of
from argosy.cli.delivery.waiting import wait_for
from argosy.cli.failing import CommandError, Exit
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write
from argosy.promotion.freight.availability import available
from argosy.promotion.kinds import PROMOTIONS
from argosy.promotion.stages.candidates import newest
from argosy.promotion.tracing.world import World
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock


def run(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        world = await world_of(client, options.project)
        stage = one_stage(world, options.stage, options.project)
        piece = chosen(world, stage, options.freight, clock.now())
        if options.preview:
            from argosy.cli.delivery.preview import preview

            return await preview(client, clock, stage, piece)
        made = await create(client, stage, piece, dry_run=False)
        alias = piece.get("alias") or piece["metadata"]["name"][:12]
        print(f"Promotion {made['metadata']['name']} takes {alias} into {options.stage}", flush=True)
        if not options.wait:
            return Exit.OK
        options.reference, options.stage = (
            piece["metadata"]["name"],
            f"{stage['metadata']['namespace']}/{stage['metadata']['name']}",
        )
        return await wait_for(client, clock, options)

    return with_client(options, work)


def chosen(world: World, stage: JsonObject, reference: str, now: datetime) -> JsonObject:
    """What is named, or the newest that the Stage may have."""
    namespace = stage["metadata"]["namespace"]
    if reference:
        return freight_named(world, reference, namespace)[0]
    own = [one for one in world.freight if one["metadata"]["namespace"] == namespace]
    piece = newest(list(available(stage, own, now)))
    if piece is None:
        raise CommandError(f"no Freight is available to {namespace}/{stage['metadata']['name']} yet")
    return piece


async def create(client: Client, stage: JsonObject, piece: JsonObject, *, dry_run: bool) -> JsonObject:
    """Admission builds it; the steps here are replaced."""
    namespace, name = stage["metadata"]["namespace"], stage["metadata"]["name"]
    spec = {"stage": name, "freight": piece["metadata"]["name"], "steps": [{"uses": "fail", "as": "unbuilt"}]}
    body = {
        "apiVersion": "kargo.akuity.io/v1alpha1",
        "kind": "Promotion",
        "metadata": {"generateName": f"{name}-", "namespace": namespace},
        "spec": spec,
    }
    write = Write(verb="create", resource=PROMOTIONS, key=Key(namespace, ""), body=body, dry_run=dry_run)
    return await client.write(write)
