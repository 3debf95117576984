"""`argosy seal reencrypt`: what old keys sealed in whole directories, sealed with the newest one.

Values stay in the cluster (or in this process, with keys at hand); comments, order and all else in the files stay.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from argosy.cli.failing import CommandError, Exit
from argosy.cli.seal.documents import Document, SealedText
from argosy.cli.seal.files import sealed_texts, write_text
from argosy.cli.seal.key_files import opener, ring_of
from argosy.cli.seal.reaching import with_controller
from argosy.sealing.assembly import sealed_label
from argosy.sealing.keyring import KeyRing
from argosy.sealing.reseal import resealed

Reseal = Callable[[Document], Awaitable[dict[str, str] | None]]
"""New items for those sealed by an old key; None if the object cannot be unsealed."""


def run(options: argparse.Namespace) -> int:
    if options.key:
        import asyncio

        return asyncio.run(_all(options, with_keys(ring_of(options.key, options.passphrase_file))))

    return with_controller(
        options, lambda controller: _all(options, lambda document: controller.resealed(document.obj))
    )


def with_keys(ring: KeyRing) -> Reseal:
    """Raises CommandError if no local key can seal."""
    newest = ring.newest
    if newest is None:
        raise CommandError("--key: no key that can seal")

    async def reseal(document: Document) -> dict[str, str] | None:
        view = document.view
        label = sealed_label(view)
        found = opener().items_now(view, ring, label)
        made = resealed(view.spec.encrypted_data, found, label, newest.key, secrets.token_bytes)
        return made if isinstance(made, dict) else None

    return reseal


async def _all(options: argparse.Namespace, reseal: Reseal) -> int:
    """Writes the file atomically, and only if all its items could be re-encrypted."""
    changed = unopened = 0
    for path, text in sealed_texts(options.paths):
        failed = await _one(text, reseal)
        for name in failed:
            print(f"{path}: {name}: it does not open: left as it is", file=sys.stderr)
        unopened += len(failed)
        if text.is_changed:
            changed += 1
            print(f"{path}{' (not written)' if options.dry_run else ''}")
            if not options.dry_run:
                write_text(Path(path), text.edited)
    print(f"{changed} files changed, {unopened} SealedSecrets do not open.", file=sys.stderr)
    return Exit.FAILED if unopened or (options.dry_run and options.exit_code and changed) else Exit.OK


async def _one(text: SealedText, reseal: Reseal) -> list[str]:
    """Returns the names of those that cannot be unsealed; the others are edited."""
    failed: list[str] = []
    for document in text.documents:
        if not document.view.spec.encrypted_data:
            continue
        items = await reseal(document)
        if items is None:
            failed.append(document.name)
        elif items:
            text.put(document, items)
    return failed
