"""`argosy app list`."""

from __future__ import annotations

import argparse
import sys

from argosy.cli.app.applications import APPLICATIONS
from argosy.cli.app.tables import application_list, qualified_name, sources_of
from argosy.cli.connect import with_client
from argosy.cli.failing import Exit
from argosy.cli.printing import write_value
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

PAGE = 500


def run(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        apps = [app for app in await _all(client, options) if _is_wanted(app, options)]
        apps.sort(key=qualified_name)
        show(apps, options.output)
        return Exit.OK

    return with_client(options, work)


def show(apps: list[JsonObject], output: str) -> None:
    if output == "name":
        sys.stdout.writelines(f"{qualified_name(app)}\n" for app in apps)
    elif output == "wide":
        sys.stdout.write(application_list(apps))
    else:
        write_value(sys.stdout, list(apps), output)


async def _all(client: Client, options: argparse.Namespace) -> list[JsonObject]:
    found: list[JsonObject] = []
    token = ""
    while True:
        page = await client.page(
            requests.List(
                resource=APPLICATIONS,
                namespace=options.namespace,
                label_selector=options.selector,
                limit=PAGE,
                continue_token=token,
            )
        )
        found += page.items
        token = page.continue_token
        if not token:
            return found


def _is_wanted(app: JsonObject, options: argparse.Namespace) -> bool:
    spec = app.get("spec") or {}
    projects = [word for text in options.project for word in text.split(",")]
    if projects and (spec.get("project") or "default") not in projects:
        return False
    destination = spec.get("destination") or {}
    if options.cluster and options.cluster not in (destination.get("server"), destination.get("name")):
        return False
    sources = sources_of(spec)
    if options.path and not any(source.get("path") == options.path for source in sources):
        return False
    return not options.repo or any(source.get("repoURL") == options.repo for source in sources)
