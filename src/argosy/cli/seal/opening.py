"""`argosy seal open`: the Secret of a SealedSecret, by keys at hand and no cluster, in a file of its owner alone."""

from __future__ import annotations

import argparse

from argosy.cli.failing import CommandError, Exit
from argosy.cli.seal.files import write_private
from argosy.cli.seal.key_files import opener, ring_of
from argosy.cli.seal.values import target
from argosy.machinery.text.yaml import dump
from argosy.sealing.assembly import Unopened, sealed_label


def run(options: argparse.Namespace) -> int:
    path, _, document = target(options)
    ring = ring_of(options.key, options.passphrase_file)
    found = opener().now(document.view, ring, sealed_label(document.view))
    if isinstance(found, Unopened):
        raise CommandError(f"{path}: {document.name}: {found.message}")
    secret = {**found.secret, "metadata": {**found.secret["metadata"]}}
    secret["metadata"].pop("ownerReferences", None)  # the object may be deleted before this one
    write_private(options.write, dump(secret))
    return Exit.OK
