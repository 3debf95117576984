"""`argosy appset delete`."""

from __future__ import annotations

import argparse
import sys

from argosy.cli.app.wait_conditions import deadline
from argosy.cli.appset.sets import APPLICATION_SETS, get, key_of_name
from argosy.cli.connect import with_client
from argosy.cli.failing import Exit
from argosy.machinery import requests
from argosy.machinery.objects import Key
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

PAUSE = 0.5


def run(options: argparse.Namespace) -> int:
    keys = [key_of_name(name, options) for name in options.names]

    async def work(client: Client, clock: Clock) -> int:
        for key in keys:
            found = await get(client, key)
            if options.yes or _is_sure(key):
                await _delete(client, key, found["metadata"]["uid"])
                if options.wait:
                    async with deadline(options.timeout, f"the end of application set {key.name!r}"):
                        await _wait_deleted(client, clock, key)
                print(f"applicationset '{key.name}' deleted")
        return Exit.OK

    return with_client(options, work)


async def _delete(client: Client, key: Key, uid: str) -> None:
    try:
        await client.write(requests.remove(APPLICATION_SETS, Key(key.namespace, key.name), uid=uid))
    except StatusError as error:
        if not error.is_not_found:
            raise


async def _wait_deleted(client: Client, clock: Clock, key: Key) -> None:
    while True:
        try:
            await client.get(requests.Get(APPLICATION_SETS, Key(key.namespace, key.name)))
        except StatusError as error:
            if not error.is_not_found:
                raise
            return
        await clock.sleep(PAUSE)


def _is_sure(key: Key) -> bool:
    if not sys.stdin.isatty():
        return True  # like upstream, for scripts: without a terminal, the command itself counts as the confirmation
    question = f"Delete application set '{key.name}' and its applications? [y/N] "
    return input(question).strip().lower() in ("y", "yes")
