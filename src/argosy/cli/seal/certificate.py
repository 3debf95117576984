"""The certificate to seal with: from a file, a URL, a cluster's controller, or a server by a sign-in."""

from __future__ import annotations

import argparse
import secrets
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

from argosy.cli.failing import CommandError, Exit
from argosy.cli.seal.controller import Controller
from argosy.cli.seal.reaching import with_controller
from argosy.runtime.clock import RealClock
from argosy.sealing.seal import Sealer, SealError, public_key_of

SECONDS: Final = 30.0
SIZE_LIMIT: Final = 1024 * 1024


def sealer_of(options: argparse.Namespace) -> Sealer:
    """Raises CommandError."""
    try:
        return Sealer(public_key_of(certificate_of(options), RealClock().now()), secrets.token_bytes)
    except SealError as error:
        raise CommandError(f"--cert {options.cert}: {error}" if options.cert else str(error)) from None


def certificate_of(options: argparse.Namespace) -> bytes:
    """Raises CommandError."""
    if not options.cert:
        return _of_controller(options)
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


def _of_controller(options: argparse.Namespace) -> bytes:
    found: list[bytes] = []

    async def work(controller: Controller) -> int:
        found.append(await controller.certificate())
        return Exit.OK

    with_controller(options, work)
    return found[0]
