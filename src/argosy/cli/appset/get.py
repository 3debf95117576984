"""`argosy appset get`."""

from __future__ import annotations

import argparse
import sys

from argosy.cli.app.tables import parameters, qualified_name, sources_of
from argosy.cli.appset.sets import get, key_of_name
from argosy.cli.appset.tables import application_set
from argosy.cli.connect import with_client
from argosy.cli.failing import Exit
from argosy.cli.printing import write_value
from argosy.machinery.objects import JsonObject
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock


def run(options: argparse.Namespace) -> int:
    key = key_of_name(options.name, options)

    async def work(client: Client, clock: Clock) -> int:
        found = await get(client, key)
        show(found, options.output)
        if options.show_params and options.output == "wide":
            sys.stdout.write(template_parameters(found))
        return Exit.OK

    return with_client(options, work)


def template_parameters(appset: JsonObject) -> str:
    """The overrides of each source of its template. Pure."""
    template = ((appset.get("spec") or {}).get("template") or {}).get("spec") or {}
    return "".join(parameters(source) for source in sources_of(template))


def show(appset: JsonObject, output: str) -> None:
    if output == "name":
        print(qualified_name(appset))
    elif output == "wide":
        sys.stdout.write(application_set(appset))
    else:
        write_value(sys.stdout, appset, output)
