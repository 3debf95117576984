"""`argosy account generate-token|delete-token`: API tokens of local accounts."""

from __future__ import annotations

import argparse
import base64
import json
from collections.abc import Callable

from argosy.cli.account import at_server
from argosy.cli.account.accounts import SECRET, SECRETS, one
from argosy.cli.connect import chosen_server, with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.project.projects import MANAGER
from argosy.cli.project.times import seconds_of
from argosy.cli.project.tokens import entry_of, signing_key, token_of
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key
from argosy.runtime.chance import SystemRng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock


def generate(options: argparse.Namespace) -> int:
    lifetime = seconds_of("--expires-in", options.expires_in)
    if chosen_server(options):
        return at_server.generate(options, lifetime)

    async def work(client: Client, clock: Clock) -> int:
        account = await one(client, options.account, options.namespace)
        if "apiKey" not in account.capabilities:
            text = f"account '{options.account}' does not have apiKey capability"
            raise CommandError(text, Exit.CALL_FAILED)
        name = options.id or SystemRng().uuid()
        if any(item.get("id") == name for item in account.tokens):
            raise CommandError(f"account already has token with id '{name}'", Exit.CALL_FAILED)
        key = await signing_key(client, options.namespace)
        entry = entry_of(name, clock.now(), lifetime)
        await _change(client, options, lambda tokens: [*tokens, entry])
        print(token_of(f"{options.account}:apiKey", entry, key))
        return Exit.OK

    return with_client(options, work)


def delete(options: argparse.Namespace) -> int:
    if chosen_server(options):
        return at_server.delete(options)

    async def work(client: Client, clock: Clock) -> int:
        account = await one(client, options.account, options.namespace)
        if any(item.get("id") == options.id for item in account.tokens):
            await _change(client, options, lambda tokens: [item for item in tokens if item.get("id") != options.id])
        return Exit.OK

    return with_client(options, work)


async def _change(
    client: Client, options: argparse.Namespace, change: Callable[[list[JsonObject]], list[JsonObject]]
) -> None:
    secret = await client.get(requests.Get(SECRETS, Key(options.namespace, SECRET)))
    place = "admin.tokens" if options.account == "admin" else f"accounts.{options.account}.tokens"
    data = dict(secret.get("data") or {})
    present = json.loads(base64.b64decode(data[place])) if data.get(place) else []
    data[place] = base64.b64encode(json.dumps(change(present)).encode()).decode()
    await client.write(requests.update(SECRETS, {**secret, "data": data}, manager=MANAGER))
