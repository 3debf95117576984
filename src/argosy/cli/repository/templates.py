"""`argosy repocreds add|list|rm`: credentials for every repository whose URL begins alike."""

from __future__ import annotations

import argparse
import sys

from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.printing import table, write_value
from argosy.cli.repository.secrets import SECRETS, content_of, listed, put, secret_name, secret_of
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.sources.credentials import decoded

KIND = "repo-creds"
HEADER = ("URL PATTERN", "USERNAME", "SSH_CREDS", "TLS_CREDS")


def add(options: argparse.Namespace) -> int:
    wanted = secret_of(secret_name("creds", options.url), options.namespace, KIND, content_of(options))

    async def work(client: Client, clock: Clock) -> int:
        present = _of(await listed(client, options.namespace, KIND), options.url)
        await put(client, wanted, present, "repository credentials", upsert=options.upsert)
        print(f"Repository credentials for '{options.url}' added")
        return Exit.OK

    return with_client(options, work)


def _of(secrets: list[JsonObject], url: str) -> JsonObject | None:
    return next((secret for secret in secrets if decoded(secret).get("url") == url), None)


def list_all(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        found = sorted(map(decoded, await listed(client, options.namespace, KIND)), key=lambda one: one.get("url", ""))
        if options.output in ("url", "name"):
            sys.stdout.writelines(f"{one.get('url', '')}\n" for one in found)
        elif options.output == "wide":
            sys.stdout.write(table(HEADER, [_row(one) for one in found]))
        else:
            names = ("url", "username", "type")
            fields = [{name: one[name] for name in names if one.get(name)} for one in found]
            write_value(sys.stdout, fields, options.output)
        return Exit.OK

    return with_client(options, work)


def _row(one: dict[str, str]) -> tuple[str, str, str, str]:
    """In upstream's format, without keys: lists of credentials never include them."""
    return one.get("url", ""), one.get("username") or "-", _word(one, "sshPrivateKey"), _word(one, "tlsClientCertData")


def _word(one: dict[str, str], name: str) -> str:
    return str(bool(one.get(name))).lower()


def remove(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        secrets = await listed(client, options.namespace, KIND)
        for url in options.urls:
            found = _of(secrets, url)
            if found is None:
                raise CommandError(f"repository credentials '{url}' not found", Exit.CALL_FAILED)
            await client.write(
                requests.remove(
                    SECRETS, Key(options.namespace, found["metadata"]["name"]), uid=found["metadata"]["uid"]
                )
            )
            print(f"Repository credentials for '{url}' removed")
        return Exit.OK

    return with_client(options, work)
