"""The certificate to seal with: from a file, a URL, a cluster's controller, or a server by a sign-in."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

from argosy.cli.connect import chosen_server, with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.seal.controller import Controller
from argosy.runtime.clock import Clock, RealClock
from argosy.runtime.http.client import HttpClient
from argosy.sealing.seal import Sealer, SealError, public_key_of

SECONDS: Final = 30.0
SIZE_LIMIT: Final = 1024 * 1024
KEYS: Final = "/api/argosy/v1/sealing/keys"


def sealer_of(options: argparse.Namespace) -> Sealer:
    """Raises CommandError."""
    try:
        return Sealer(public_key_of(certificate_of(options), RealClock().now()), secrets.token_bytes)
    except SealError as error:
        raise CommandError(f"--cert {options.cert}: {error}" if options.cert else str(error)) from None


def certificate_of(options: argparse.Namespace) -> bytes:
    """Raises CommandError."""
    if not options.cert:
        server = chosen_server(options)
        return asyncio.run(_of_server(options, server)) if server else _of_cluster(options)
    if options.cert.startswith(("http://", "https://")):
        return _of_url(options.cert)
    try:
        return Path(options.cert).read_bytes()
    except OSError as error:
        raise CommandError(f"--cert {options.cert}: {error.strerror or error}") from None


def _of_url(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:  # noqa: S310 only http and https get here
            body: bytes = answer.read(SIZE_LIMIT)
            return body
    except urllib.error.HTTPError as error:
        raise CommandError(f"cannot fetch {url!r}: {error.code} {error.reason}", Exit.CALL_FAILED) from None
    except (OSError, ValueError) as error:
        raise CommandError(f"cannot fetch {url!r}: {getattr(error, 'reason', error)}", Exit.CALL_FAILED) from None


async def _of_server(options: argparse.Namespace, server: str) -> bytes:
    """That of the key which seals new values. Raises CommandError."""
    from argosy.cli.login.server import chosen, opened

    clock = RealClock()
    async with opened(await chosen(server, options, clock), clock) as asked:
        keys = (await asked.call("GET", KEYS)).get("keys") or ()
    found = next((str(one["certificate"]) for one in keys if one.get("seals")), "")
    if not found:
        raise CommandError(f"the server {server} has no sealing key yet; try again later", Exit.CALL_FAILED)
    return found.encode()


def _of_cluster(options: argparse.Namespace) -> bytes:
    found: list[bytes] = []

    async def work(client: HttpClient, clock: Clock) -> int:
        found.append(await controller_of(options, client, clock).certificate())
        return Exit.OK

    with_client(options, work)
    return found[0]


def controller_of(options: argparse.Namespace, client: HttpClient, clock: Clock) -> Controller:
    return Controller(client, clock, options.controller_namespace, options.controller_name)
