"""`argosy app terminate-op|confirm-deletion`: control of a running operation."""

from __future__ import annotations

import argparse

from argosy.cli.app.applications import get, is_busy, key_of_name, write
from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.machinery.timestamps import seconds
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

APPROVED = "argocd.argoproj.io/deletion-approved"


def terminate(options: argparse.Namespace) -> int:
    key = key_of_name(options.name, options)

    async def work(client: Client, clock: Clock) -> int:
        app = await get(client, key)
        state = (app.get("status") or {}).get("operationState") or {}
        if not is_busy(app):
            text = "Unable to terminate operation. No operation is in progress"
            raise CommandError(text, Exit.CALL_FAILED)
        if state and not state.get("finishedAt"):
            await write(client, app, {"status": {"operationState": {"phase": "Terminating"}}})
        else:  # it has not started, and never will
            await write(client, app, {"operation": None})
        print(f"Application '{key.name}' operation terminating")
        return Exit.OK

    return with_client(options, work)


def confirm_deletion(options: argparse.Namespace) -> int:
    key = key_of_name(options.name, options)

    async def work(client: Client, clock: Clock) -> int:
        app = await get(client, key)
        await write(client, app, {"metadata": {"annotations": {APPROVED: seconds(clock.now())}}})
        print(f"Application '{key.name}' updated successfully")
        return Exit.OK

    return with_client(options, work)
