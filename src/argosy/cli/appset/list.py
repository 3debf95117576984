"""`argosy appset list`."""

from __future__ import annotations

import argparse
import sys

from argosy.cli.app.tables import qualified_name
from argosy.cli.appset.sets import APPLICATION_SETS
from argosy.cli.appset.tables import application_set_list
from argosy.cli.connect import with_client
from argosy.cli.failing import Exit
from argosy.cli.printing import write_value
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock


def run(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        found = await client.page(
            requests.List(resource=APPLICATION_SETS, namespace=options.namespace, label_selector=options.selector)
        )
        sets = sorted((item for item in found.items if _is_wanted(item, options)), key=qualified_name)
        show(sets, options.output)
        return Exit.OK

    return with_client(options, work)


def show(sets: list[JsonObject], output: str) -> None:
    if output == "name":
        sys.stdout.writelines(f"{qualified_name(appset)}\n" for appset in sets)
    elif output == "wide":
        sys.stdout.write(application_set_list(sets))
    else:
        write_value(sys.stdout, list(sets), output)


def _is_wanted(appset: JsonObject, options: argparse.Namespace) -> bool:
    template = ((appset.get("spec") or {}).get("template") or {}).get("spec") or {}
    return not options.project or (template.get("project") or "default") in options.project
