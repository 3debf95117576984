"""`argosy admin initial-password`."""

from __future__ import annotations

import argparse

from argosy.cli.account.accounts import SECRETS, decoded
from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.machinery import requests
from argosy.machinery.objects import Key
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

NAME = "argocd-initial-admin-secret"


def run(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        try:
            found = decoded(await client.get(requests.Get(SECRETS, Key(options.namespace, NAME)))).get("password", "")
        except StatusError as error:
            if not error.is_not_found:
                raise
            found = ""
        if not found:
            text = f"there is no Secret {options.namespace}/{NAME}: no password was made, or it was deleted"
            raise CommandError(text, Exit.CALL_FAILED)
        print(found)
        return Exit.OK

    return with_client(options, work)
