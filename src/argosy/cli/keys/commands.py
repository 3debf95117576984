"""`argosy keys list|new|backup|restore`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from argosy.cli.failing import CommandError, Exit
from argosy.cli.keys.backup_file import locked, unlocked
from argosy.cli.keys.reaching import with_sealing_keys
from argosy.cli.keys.sealing_keys import SealingKeys
from argosy.cli.printing import table
from argosy.cli.seal.files import write_private
from argosy.machinery.objects import JsonObject
from argosy.sealing.backup import restored


def list_keys(options: argparse.Namespace) -> int:
    async def work(keys: SealingKeys) -> int:
        sys.stdout.write(table(("NAME", "SINCE", "UNTIL", "BITS", "USE", "FINGERPRINT"), await keys.rows()))
        return Exit.OK

    return with_sealing_keys(options, work)


def new_key(options: argparse.Namespace) -> int:
    """Makes a key now, such as after a leak; values sealed before must be changed and sealed again by their owners."""

    async def work(keys: SealingKeys) -> int:
        print(f"secret/{await keys.make(options.bits, options.hours)} seals from now on")
        return Exit.OK

    return with_sealing_keys(options, work)


def backup(options: argparse.Namespace) -> int:
    """Retired keys too: what they sealed may still be in Git."""

    async def work(keys: SealingKeys) -> int:
        count, data = await keys.backup()
        write_private(options.write, locked(data, options.recipient, options.passphrase_file))
        print(f"{count} keys are in {options.write}, encrypted")
        return Exit.OK

    return with_sealing_keys(options, work)


def restore(options: argparse.Namespace) -> int:
    """Adds keys that are not there; none is replaced, and none is deleted."""
    try:
        data = options.file.read_bytes()
    except OSError as error:
        raise CommandError(f"{options.file}: {error.strerror or error}") from None
    secrets = _secrets_of(options, unlocked(options.file, data, options.passphrase_file, options.identity))

    async def work(keys: SealingKeys) -> int:
        found = await keys.restore(secrets)
        print(f"{found.made} keys restored, {found.present} were there")
        for reason in found.refused:
            print(f"{options.file}: {reason}", file=sys.stderr)
        return Exit.FAILED if found.refused else Exit.OK

    return with_sealing_keys(options, work)


def _secrets_of(options: argparse.Namespace, data: bytes) -> Sequence[JsonObject]:
    try:
        return [restored(obj, options.controller_namespace) for obj in json.loads(data)["items"]]
    except (ValueError, KeyError, TypeError):
        raise CommandError(f"{options.file}: it holds no List of key Secrets") from None
