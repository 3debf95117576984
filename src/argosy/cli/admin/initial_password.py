"""`argosy admin initial-password`."""

from __future__ import annotations

import argparse
from typing import Final

from argosy.cli.account.accounts import SECRETS, decoded
from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.machinery import requests
from argosy.machinery.objects import Key
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

NAME: Final = "argocd-initial-admin-secret"
ACCOUNTS: Final = "argocd-secret"
PATIENCE_SECONDS, LOOK_SECONDS = 30.0, 0.2
"""Waits, because a server that has just started may answer before it has created the password."""


def run(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        found = await password(client, clock, options.namespace)
        if not found:
            text = f"there is no Secret {options.namespace}/{NAME}: no password was made, or it was deleted"
            raise CommandError(text, Exit.CALL_FAILED)
        print(found)
        return Exit.OK

    return with_client(options, work)


async def password(client: Client, clock: Clock, namespace: str) -> str:
    """Empty if it was deleted, or was not created in time."""
    until = clock.monotonic() + PATIENCE_SECONDS
    while True:
        if found := (await _decoded(client, Key(namespace, NAME))).get("password", ""):
            return found
        is_made = "admin.password" in await _decoded(client, Key(namespace, ACCOUNTS))
        if is_made or clock.monotonic() >= until:
            return (await _decoded(client, Key(namespace, NAME))).get("password", "")
        await clock.sleep(LOOK_SECONDS)


async def _decoded(client: Client, key: Key) -> dict[str, str]:
    try:
        return decoded(await client.get(requests.Get(SECRETS, key)))
    except StatusError as error:
        if not error.is_not_found:
            raise
        return {}
