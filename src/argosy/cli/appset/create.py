"""`argosy appset create`."""

from __future__ import annotations

import argparse
import sys

from argosy.cli.app.wait_conditions import deadline
from argosy.cli.appset.delete import PAUSE
from argosy.cli.appset.get import show
from argosy.cli.appset.sets import APPLICATION_SETS, MANAGER, from_files, get
from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock


def run(options: argparse.Namespace) -> int:
    sets = from_files(options.files, options)

    async def work(client: Client, clock: Clock) -> int:
        for appset in sets:
            made = await _created(client, appset, options)
            show(made, options.output)
            if options.wait and not options.dry_run:
                await _wait(client, clock, made, options.timeout)
        return Exit.OK

    return with_client(options, work)


async def _wait(client: Client, clock: Clock, appset: JsonObject, seconds: float) -> None:
    """Until the controller has said that the set's Applications are up to date. Raises CommandError."""
    name, key = appset["metadata"]["name"], Key(appset["metadata"]["namespace"], appset["metadata"]["name"])
    async with deadline(seconds, f"applications of application set {name!r}"):
        while not _is_up_to_date(await get(client, key)):
            await clock.sleep(PAUSE)
    print(f"ApplicationSet '{name}' resources are up to date", file=sys.stderr)


def _is_up_to_date(appset: JsonObject) -> bool:
    conditions = (appset.get("status") or {}).get("conditions") or ()
    return any(item.get("type") == "ResourcesUpToDate" and item.get("status") == "True" for item in conditions)


async def _created(client: Client, appset: JsonObject, options: argparse.Namespace) -> JsonObject:
    try:
        return await client.write(
            requests.create(APPLICATION_SETS, appset, manager=MANAGER, dry_run=options.dry_run, validation="Strict")
        )
    except StatusError as error:
        if not error.is_already_exists:
            raise
    return await _existing(client, appset, options)


async def _existing(client: Client, appset: JsonObject, options: argparse.Namespace) -> JsonObject:
    """Creating an identical ApplicationSet succeeds; a different one of the same name needs --upsert."""
    metadata = appset["metadata"]
    found = await client.get(requests.Get(APPLICATION_SETS, Key(metadata["namespace"], metadata["name"])))
    kept = {name: metadata[name] for name in ("labels", "annotations") if name in metadata}
    same = found.get("spec") == appset.get("spec") and all(found["metadata"].get(n) == v for n, v in kept.items())
    if same:
        return found
    if not options.upsert:
        text = f"application set {metadata['name']!r} exists and is different: --upsert replaces it"
        raise CommandError(text, Exit.CALL_FAILED)
    wanted = {**found, "metadata": {**found["metadata"], **kept}, "spec": appset.get("spec")}
    return await client.write(requests.update(APPLICATION_SETS, wanted, manager=MANAGER, dry_run=options.dry_run))
