"""`argosy app delete`."""

from __future__ import annotations

import argparse
import sys

from argosy.cli.app.applications import APPLICATIONS, check_choice, chosen, get, write
from argosy.cli.app.get import show
from argosy.cli.app.wait_conditions import wait_gone
from argosy.cli.connect import with_client
from argosy.cli.failing import Exit
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

FINALIZER = "resources-finalizer.argocd.argoproj.io"
CASCADES = (FINALIZER, f"{FINALIZER}/foreground", f"{FINALIZER}/background")


def run(options: argparse.Namespace) -> int:
    check_choice(options)

    async def work(client: Client, clock: Clock) -> int:
        for key in await chosen(client, options):
            app = await get(client, key)
            if options.yes or _is_sure(key, cascade=options.cascade):
                await _delete(client, key, app, options)
                if options.output == "wide":
                    print(f"application '{key.name}' deleted")
                else:
                    show(app, options.output)
        return Exit.OK

    return with_client(options, work)


async def _delete(client: Client, key: Key, app: JsonObject, options: argparse.Namespace) -> None:
    present = list(app["metadata"].get("finalizers") or ())
    wanted = finalizers(present, cascade=options.cascade, background=options.propagation_policy == "background")
    if wanted != present:
        app = await write(client, app, {"metadata": {"finalizers": wanted or None}})
    try:
        await client.write(requests.remove(APPLICATIONS, Key(key.namespace, key.name), uid=app["metadata"]["uid"]))
    except StatusError as error:
        if not error.is_not_found:
            raise
    if options.wait:
        await wait_gone(client, key, options.timeout)


HOOKS = ("pre-delete-finalizer.argocd.argoproj.io", "post-delete-finalizer.argocd.argoproj.io")


def finalizers(present: list[str], *, cascade: bool, background: bool) -> list[str]:
    """Sets exactly the finalizer for this kind of deletion and keeps foreign ones.

    If the Application's objects are kept, its deletion hooks do not run either (argo-cd#27278).
    """
    others = [name for name in present if name not in CASCADES]
    if not cascade:
        return [name for name in others if name.partition("/")[0] not in HOOKS]
    return [*others, f"{FINALIZER}/background" if background else FINALIZER]


def _is_sure(key: Key, *, cascade: bool) -> bool:
    what = " and all its resources" if cascade else ""
    if not sys.stdin.isatty():
        return True  # like upstream, for scripts: without a terminal, the command itself counts as the confirmation
    return input(f"Delete application '{key.name}'{what}? [y/N] ").strip().lower() in ("y", "yes")
