"""`argosy app sync`."""

from __future__ import annotations

import argparse
import getpass
import sys
from argparse import Namespace
from typing import Final

from argosy.apis.argoproj import AppProject
from argosy.apis.schema import read
from argosy.cli.app.applications import check_choice, chosen, get, refreshed, write
from argosy.cli.app.get import show_final
from argosy.cli.app.operations import sync_operation
from argosy.cli.app.surroundings import render_settings
from argosy.cli.app.tables import is_automated
from argosy.cli.app.wait import wait_and_tell
from argosy.cli.app.wait_conditions import Wanted, deadline
from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.gitops.clusters.resolution import Cluster
from argosy.gitops.keys import IN_CLUSTER, PROJECTS
from argosy.gitops.model.application_spec import normalised
from argosy.gitops.projects import sync_windows
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.http.client import HttpClient

PREVIEW: Final = {"refresh": False, "hard_refresh": False, "output": "text", "exit_code": False, "diff_exit_code": 0}
"""The flags of `app diff` for the preview of a sync."""


def run(options: argparse.Namespace) -> int:
    check_choice(options)

    async def work(client: HttpClient, clock: Clock) -> int:
        keys = await chosen(client, options)
        for key in keys:
            app = await get(client, key)
            await refuse_outside_of_windows(client, clock, app)
            operation = sync_operation(app, options, user_name())
            if options.label:
                from argosy.cli.app.comparison.labelled import labelled  # late: imports the whole control plane

                found = await labelled(client, clock, app, options, operation["sync"].get("resources") or [])
                operation["sync"]["resources"] = found
            if options.local:
                if is_automated(normalised(app.get("spec") or {})) is not None and not options.dry_run:
                    text = "Cannot use local sync when Automatic Sync Policy is enabled unless for dry run"
                    raise CommandError(text)
                from argosy.cli.app.comparison.compare import (
                    local_manifests,  # late: imports the whole control plane
                )

                settings = await render_settings(client, app)
                operation["sync"]["manifests"] = list(local_manifests(app, options, settings))
            await request(client, app, operation)
        if options.is_async:
            return Exit.OK
        return max([await finish(client, clock, key, options) for key in keys])

    if options.preview_changes and not _agrees(options):
        return Exit.OK
    return with_client(options, work)


def _agrees(options: argparse.Namespace) -> bool:
    """Shows the diff, then asks for confirmation."""
    from argosy.cli.app.comparison import diff

    for name in options.names:
        diff.run(Namespace(**{**vars(options), **PREVIEW, "name": name}))
    if options.assumeYes:
        return True
    if not sys.stdin.isatty():
        raise CommandError("--preview-changes: there is no terminal for the prompt; use --assumeYes to continue")
    return input("Do you want to continue with the sync process? [y/N] ").strip().lower() in ("y", "yes")


async def refuse_outside_of_windows(client: Client, clock: Clock, app: JsonObject) -> None:
    """Refuses a sync that a window would block. If the caller may not read the project, nothing is refused here."""
    spec, metadata = normalised(app.get("spec") or {}), app["metadata"]
    # The status of an Application names its controller's namespace, which holds its project.
    namespace = str((app.get("status") or {}).get("controllerNamespace") or metadata["namespace"])
    try:
        project = await client.get(requests.Get(PROJECTS, Key(namespace, spec["project"])))
    except StatusError:
        return
    destination = spec.get("destination") or {}
    server, name = str(destination.get("server") or ""), str(destination.get("name") or "")
    cluster = Cluster(server or "", name or ("in-cluster" if server == IN_CLUSTER else ""))
    given = read(AppProject, project).spec.sync_windows
    chosen = sync_windows.matching(given, metadata["name"], cluster, str(destination.get("namespace") or ""))
    if not sync_windows.allows(chosen, sync_windows.Asked(manual=True), clock.now()):
        raise CommandError("cannot sync: blocked by sync window", Exit.CALL_FAILED)


def user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"  # a container may run as a user without a name


async def request(client: Client, app: JsonObject, operation: JsonObject) -> None:
    """Resets the previous operation's state in the same write, so that its end is not taken for this one's."""
    if app.get("operation"):
        raise CommandError(
            f"application {app['metadata']['name']!r}: another operation is already in progress", Exit.CALL_FAILED
        )
    await write(client, app, {"operation": operation, "status": {"operationState": None}})


async def finish(client: HttpClient, clock: Clock, key: Key, options: Namespace) -> int:
    """Waits until the operation has finished, prints it, and returns the exit code."""
    await wait_and_tell(client, clock, key, Wanted(idle=True), options)
    async with deadline(options.timeout, f"a comparison of application {key.name!r}"):
        app = await refreshed(client, key)  # times in a status are whole seconds: it may be from just before the end
    await show_final(client, clock, app, options, with_operation=True)
    return judged(app)


def judged(app: JsonObject) -> int:
    """0 for a dry run; 1 for another phase than Succeeded, or if resources remain that --prune would delete."""
    status = app.get("status") or {}
    state = status.get("operationState") or {}
    asked = (state.get("operation") or {}).get("sync") or {}
    if asked.get("dryRun"):
        return Exit.OK  # as upstream: what it would come to is printed
    if state.get("phase") != "Succeeded":
        print(f"Operation has completed with phase: {state.get('phase')}", file=sys.stderr)
        return Exit.FAILED
    left = sum(1 for item in status.get("resources") or () if item.get("requiresPruning") and not item.get("hook"))
    if left and not asked.get("prune") and not asked.get("resources"):
        print(f"{left} resources require pruning", file=sys.stderr)
        return Exit.FAILED
    return Exit.OK
