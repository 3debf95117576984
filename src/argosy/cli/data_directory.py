"""`argosy cluster check|backup|restore`: maintenance of the embedded cluster's data directory."""

from __future__ import annotations

import argparse

from argosy.cli.failing import CommandError, Exit
from argosy.cli.place import Place
from argosy.cluster.http.keys import faults_of_keys
from argosy.cluster.store.backup import BackupError, backup, restore, verify
from argosy.cluster.store.integrity import faults_of_directory, known_of
from argosy.runtime.clock import RealClock


def run_check(options: argparse.Namespace) -> int:
    directory = Place(options.data_dir).directory
    faults = [*faults_of_directory(directory), *faults_of_keys(directory / "pki", RealClock().now())]
    for fault in faults:
        print(fault)
    if faults:
        return Exit.FAILED
    known = known_of(directory / "cluster.db")
    print(
        f"{directory} is sound: cluster {known.cluster}, revision {known.revision}, {known.objects} objects; "
        f"revisions {known.oldest} to {known.revision} can be restored from a backup made now."
    )
    return Exit.OK


def run_backup(options: argparse.Namespace) -> int:
    directory = Place(options.data_dir).directory
    if options.file.exists() and not options.overwrite:
        raise CommandError(f"{options.file} is there already: choose another name, or give --overwrite")
    try:
        made = backup(directory, options.file, RealClock().now())
    except (BackupError, OSError) as error:
        raise CommandError(str(error)) from None
    print(
        f"{options.file} holds cluster {made.cluster} at revision {made.revision} ({made.objects} objects), verified. "
        "It holds Secrets and keys: keep it where only you can read it."
    )
    return Exit.OK


def run_restore(options: argparse.Namespace) -> int:
    place = Place(options.data_dir)
    try:
        manifest = verify(options.file)
        reached, kept = restore(options.file, place.directory, RealClock().now(), options.revision)
    except (BackupError, OSError) as error:
        raise CommandError(str(error)) from None
    state = options.revision or manifest.revision
    print(
        f"{place.directory} has cluster {manifest.cluster} as of revision {state}; new revisions start after {reached}."
    )
    if kept is not None:
        print(f"What was there before is in {kept}.")
    return Exit.OK
