"""`argosy appset preview`: which Applications a set would create, change and delete, before it is applied."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from argosy.cli.app.list import show as show_applications
from argosy.cli.appset import dry_run
from argosy.cli.appset.sets import from_files
from argosy.cli.appset.tables import preview, preview_names, preview_value
from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.outside import Outside
from argosy.cli.place import Place
from argosy.cli.printing import write_value
from argosy.gitops.applicationsets.preview import Preview
from argosy.runtime.clock import Clock, RealClock
from argosy.runtime.http.client import HttpClient

KIND: Final = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application"}


def generate(options: argparse.Namespace) -> int:
    """Prints the Applications that a set makes, as `argocd appset generate` does."""
    sets = [dry_run.checked(appset) for appset in from_files(options.files, options)]
    with TemporaryDirectory(prefix="argosy-preview-") as temporary:
        outside = _outside(Path(temporary), options)

        async def work(client: HttpClient, clock: Clock) -> int:
            made = await dry_run.generated(client, clock, sets, outside, {})
            show_applications([{**KIND, **app} for app in made], options.output)
            return Exit.OK

        return with_client(options, work)


def run(options: argparse.Namespace) -> int:
    sets = [dry_run.checked(appset) for appset in from_files(options.files, options)]
    directories = dict(_local(text) for text in options.local)
    with TemporaryDirectory(prefix="argosy-preview-") as temporary:
        outside = _outside(Path(temporary), options)
        if options.offline:
            return _shown(asyncio.run(dry_run.offline(RealClock(), sets, outside, directories)), options)

        async def work(client: HttpClient, clock: Clock) -> int:
            return _shown(await dry_run.online(client, clock, sets, outside, directories), options)

        return with_client(options, work)


def _outside(cache: Path, options: argparse.Namespace) -> Outside:
    own_machine = options.offline or bool(Place(options.data_dir).running())
    return Outside(cache_directory=cache, own_machine=own_machine, namespace=options.namespace)


def _local(text: str) -> tuple[str, Path]:
    url, equals, directory = text.rpartition("=")
    if not equals or not url or not Path(directory).is_dir():
        raise CommandError(f"--local {text!r}: give URL=DIRECTORY, the work tree of that repository")
    return url, Path(directory).absolute()


def _shown(found: Sequence[Preview], options: argparse.Namespace) -> int:
    whole = Preview(
        created=tuple(app for one in found for app in one.created),
        changed=tuple(change for one in found for change in one.changed),
        deleted=tuple(app for one in found for app in one.deleted),
        problems=tuple(problem for one in found for problem in one.problems),
    )
    if options.output == "wide":
        sys.stdout.write(preview(whole))
    elif options.output == "name":
        sys.stdout.writelines(f"{line}\n" for line in preview_names(whole))
    else:
        write_value(sys.stdout, preview_value(whole), options.output)
    if whole.problems:
        return Exit.CALL_FAILED
    changes = bool(whole.created or whole.changed or whole.deleted)
    return Exit.FAILED if changes and not options.no_exit_code else Exit.OK
