"""`argosy rollout abort, retry, pause, promote, restart, undo, set-image, terminate`."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from datetime import timedelta

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.schema import read
from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.rollout.objects import DEPLOYMENTS, EXPERIMENTS, MANAGER, ROLLOUTS, RUNS, SETS, get, rollout
from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.duration import DurationError
from argosy.machinery.duration import parse as parse_duration
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.requests import update
from argosy.rollouts.commands import changes, images, promote, undo
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

Act = Callable[[Client, Clock, str], Awaitable[str]]


def each(options: argparse.Namespace, act: Act) -> int:
    """One line for each name."""

    async def work(client: Client, clock: Clock) -> int:
        for name in options.names:
            print(await act(client, clock, name))
        return Exit.OK

    return with_client(options, work)


async def patch(
    client: Client, resource: Resource, name: str, options: argparse.Namespace, body: JsonObject, subresource: str = ""
) -> None:
    await get(client, resource, name, options.namespace)
    await client.write(
        requests.patch(
            resource, Key(options.namespace, name), body, PatchType.MERGE, subresource=subresource, manager=MANAGER
        )
    )


def abort(options: argparse.Namespace) -> int:
    async def act(client: Client, clock: Clock, name: str) -> str:
        await patch(client, ROLLOUTS, name, options, changes.ABORT, "status")
        return f"rollout '{name}' aborted"

    return each(options, act)


def pause(options: argparse.Namespace) -> int:
    async def act(client: Client, clock: Clock, name: str) -> str:
        await patch(client, ROLLOUTS, name, options, changes.PAUSE)
        return f"rollout '{name}' paused"

    return each(options, act)


def retry(options: argparse.Namespace) -> int:
    async def act(client: Client, clock: Clock, name: str) -> str:
        if options.kind == "experiment":
            await patch(client, EXPERIMENTS, name, options, changes.RETRY_EXPERIMENT)
        else:
            await patch(client, ROLLOUTS, name, options, changes.RETRY, "status")
        return f"{options.kind} '{name}' retried"

    return each(options, act)


def terminate(options: argparse.Namespace) -> int:
    async def act(client: Client, clock: Clock, name: str) -> str:
        await patch(client, RUNS if options.kind == "analysisrun" else EXPERIMENTS, name, options, changes.TERMINATE)
        return f"{'analysisRun' if options.kind == 'analysisrun' else options.kind} '{name}' terminated"

    return each(options, act)


def restart(options: argparse.Namespace) -> int:
    try:
        wait = parse_duration(options.after) if options.after else timedelta()
    except DurationError as error:
        raise CommandError(f"--in {options.after!r}: {error}") from None

    async def act(client: Client, clock: Clock, name: str) -> str:
        await patch(client, ROLLOUTS, name, options, changes.restart_patch(clock.now() + wait))
        return f"rollout '{name}' restarts in {options.after or '0s'}"

    return each(options, act)


def promote_now(options: argparse.Namespace) -> int:
    skips = options.skip_current_step or options.skip_all_steps
    if options.skip_current_step + options.skip_all_steps + options.full > 1:
        raise CommandError("give one of --skip-current-step, --skip-all-steps and --full")

    async def act(client: Client, clock: Clock, name: str) -> str:
        found = await rollout(client, name, options.namespace)
        try:
            promote.check_skip(found, skips=skips)
        except promote.CannotSkip as error:
            raise CommandError(str(error)) from None
        patches = promote.promote_patches(
            found,
            skip_current_step=options.skip_current_step,
            skip_all_steps=options.skip_all_steps,
            full=options.full,
        )
        if patches.status is not None:
            await patch(client, ROLLOUTS, name, options, patches.status, "status")
        if patches.spec is not None:
            await patch(client, ROLLOUTS, name, options, patches.spec)
        return f"rollout '{name}' {'fully ' if options.full else ''}promoted"

    return each(options, act)


def undo_last(options: argparse.Namespace) -> int:
    async def act(client: Client, clock: Clock, name: str) -> str:
        found = await rollout(client, name, options.namespace)
        sets = [
            read(ReplicaSet, obj)
            for obj in (await client.page(requests.List(resource=SETS, namespace=options.namespace))).items
        ]
        try:
            target = undo.revision_to_restore(found, sets, options.to_revision)
        except undo.CannotUndo as error:
            raise CommandError(str(error)) from None
        resource, owner = ROLLOUTS, name
        if found.spec.workload_ref is not None and found.spec.workload_ref.kind == "Deployment":
            resource, owner = DEPLOYMENTS, found.spec.workload_ref.name
        elif undo.is_restored(found, target):
            return f"skipped rollback (current template already matches revision {options.to_revision})"
        await client.write(
            requests.patch(
                resource, Key(options.namespace, owner), undo.undo_patch(target), PatchType.JSON, manager=MANAGER
            )
        )
        return f"rollout '{name}' undo"

    return each(options, act)


def set_image(options: argparse.Namespace) -> int:
    pairs = [pair.partition("=") for pair in options.images]
    for container, equals, image in pairs:
        if not (container and equals and image):
            raise CommandError(f"{container!r}: give CONTAINER=IMAGE")

    async def work(client: Client, clock: Clock) -> int:
        found = await rollout(client, options.name, options.namespace)
        reference = found.spec.workload_ref
        resource, name = (ROLLOUTS, options.name) if reference is None else (DEPLOYMENTS, reference.name)
        obj = await get(client, resource, name, options.namespace)
        try:
            for container, _, image in pairs:
                obj = images.with_image(obj, container, image)
        except images.NoSuchContainer as error:
            raise CommandError(str(error)) from None
        await client.write(update(resource, obj, manager=MANAGER))
        print(f'{resource.kind.lower()} "{name}" image updated')
        return Exit.OK

    return with_client(options, work)
