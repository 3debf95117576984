"""`argosy app rollback`."""

from __future__ import annotations

import argparse

from argosy.cli.app.applications import get, key_of_name
from argosy.cli.app.operations import rollback_operation
from argosy.cli.app.sync import finish, request, user_name
from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.runtime.clock import Clock
from argosy.runtime.http.client import HttpClient


def run(options: argparse.Namespace) -> int:
    key = key_of_name(options.name, options)
    if options.id is not None and not options.id.isdigit():
        raise CommandError(f"ID {options.id!r}: must be a number, of the history", Exit.CALL_FAILED)
    wanted = None if options.id is None else int(options.id)

    async def work(client: HttpClient, clock: Clock) -> int:
        app = await get(client, key)
        await request(client, app, rollback_operation(app, wanted, prune=options.prune, user=user_name()))
        return await finish(client, clock, key, options)

    return with_client(options, work)
