"""Carries out a change in the sandbox, the way a person would do it."""

from __future__ import annotations

from functools import singledispatch
from typing import Any, Final

from argosy.apis.rollouts.rollout import Rollout
from argosy.apis.schema import read
from argosy.machinery import requests, timestamps
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.promotion.freight.availability import available
from argosy.promotion.kinds import APPLICATIONS, ROLLOUTS, WAREHOUSES
from argosy.promotion.names import REFRESH as DISCOVER
from argosy.promotion.promotions.creating import promotion_of
from argosy.promotion.stages.candidates import newest
from argosy.promotion.tracing.naming import Unknown, freight_named, stage_named
from argosy.promotion.tracing.reading import listed, read_pipeline
from argosy.rehearse.changes import Apply, Change, Merge, NewImage, Promote, Push, Resume, Sync
from argosy.rehearse.configuration.loading import load
from argosy.rehearse.named_repositories import urls_in
from argosy.rehearse.sandbox import Sandbox
from argosy.rollouts.commands.promote import promote_patches
from argosy.sources.port import SourceError
from argosy.sources.urls import normalise_url

COMPARE: Final = "argocd.argoproj.io/refresh"


class CannotAct(Exception):
    """The act is impossible; the text says why."""


async def act(sandbox: Sandbox, change: Change) -> str:
    """Carries out one act and returns what it did, in words. Raises CannotAct."""
    try:
        return await _done(change, sandbox)
    except (SourceError, Unknown) as error:
        raise CannotAct(f"{change}: {error}") from None
    except StatusError as error:
        raise CannotAct(f"{change}: {error.message}") from None


@singledispatch
async def _done(change: Any, sandbox: Sandbox) -> str:
    raise TypeError(f"no change: {change!r}")


@_done.register
async def _(change: Push, sandbox: Sandbox) -> str:
    text = await sandbox.repositories.push(change.url, change.branch, change.revision)
    await _refresh_followers(sandbox, change.url)
    return f"{change}: {text}"


@_done.register
async def _(change: NewImage, sandbox: Sandbox) -> str:
    digest = sandbox.registry.push(change, timestamps.seconds(sandbox.clock.now()))
    await _discover(sandbox, await listed(sandbox.client, WAREHOUSES))
    return f"{change} ({digest[:19]})"


@_done.register
async def _(change: Apply, sandbox: Sandbox) -> str:
    if problems := await load(sandbox.client, sandbox.clock, change.objects):
        raise CannotAct("; ".join(problems))
    return str(change)


@_done.register
async def _(change: Promote, sandbox: Sandbox) -> str:
    pipeline = await read_pipeline(sandbox.client, change.project)
    stage = stage_named(pipeline, change.stage, change.project)
    if change.freight:
        piece = freight_named(pipeline, change.freight, change.project)[0]
    else:
        own = [one for one in pipeline.freight if one.metadata.namespace == change.project]
        found = newest(list(available(stage, own, sandbox.clock.now())))
        if found is None:
            raise Unknown(f"no Freight is available to {change.project}/{change.stage} yet")
        piece = found
    made = await sandbox.client.write(promotion_of(stage, piece))
    name = piece.alias or piece.metadata.name[:12]
    return f"promote {name} to {change.project}/{change.stage} by {made['metadata']['name']}"


@_done.register
async def _(change: Resume, sandbox: Sandbox) -> str:
    key = Key(change.namespace, change.name)
    client = sandbox.clusters.client(change.cluster) if change.cluster else sandbox.client
    if client is None:
        raise Unknown(
            f"there is no cluster {change.cluster!r}; there are: {', '.join(sandbox.clusters.names()) or 'none'}"
        )
    found = await client.get(requests.Get(ROLLOUTS, key))
    patches = promote_patches(read(Rollout, found), full=change.full)
    pairs = ((patches.spec, ""), (patches.status, "status"))
    for patch, subresource in pairs:
        if patch is not None:
            write = requests.patch(ROLLOUTS, key, patch, PatchType.MERGE, subresource=subresource)
            await client.write(write)
    return str(change)


@_done.register
async def _(change: Sync, sandbox: Sandbox) -> str:
    operation: JsonObject = {"initiatedBy": {"username": "rehearsal"}, "sync": {"prune": False}}
    await _annotate(sandbox, APPLICATIONS, Key(change.namespace, change.name), {"operation": operation})
    return str(change)


@_done.register
async def _(change: Merge, sandbox: Sandbox) -> str:
    commit = await sandbox.forge.merge(change.url, change.number)
    await _refresh_followers(sandbox, change.url)
    return f"{change}: {commit[:8]}"


async def _refresh_followers(sandbox: Sandbox, url: str) -> None:
    """Like a webhook: every Warehouse and Application that follows the repository refreshes at once."""
    wanted = normalise_url(url)
    for app in await listed(sandbox.client, APPLICATIONS):
        if wanted in {normalise_url(one) for one in urls_in([app.get("spec")])}:
            patch = {"metadata": {"annotations": {COMPARE: "normal"}}}
            await _annotate(sandbox, APPLICATIONS, _key(app), patch)
    found = await listed(sandbox.client, WAREHOUSES)
    await _discover(
        sandbox, [one for one in found if wanted in {normalise_url(url) for url in urls_in([one.get("spec")])}]
    )


async def _discover(sandbox: Sandbox, warehouses: list[JsonObject]) -> None:
    for one in warehouses:
        token = timestamps.micros(sandbox.clock.now())
        await _annotate(sandbox, WAREHOUSES, _key(one), {"metadata": {"annotations": {DISCOVER: token}}})


async def _annotate(sandbox: Sandbox, kind: Resource, key: Key, patch: JsonObject) -> None:
    await sandbox.client.write(requests.patch(kind, key, patch, PatchType.MERGE))


def _key(obj: JsonObject) -> Key:
    return Key(str(obj["metadata"]["namespace"]), str(obj["metadata"]["name"]))
