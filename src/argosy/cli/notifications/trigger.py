"""`argosy notifications trigger get|run`."""

from __future__ import annotations

import argparse
import sys

from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.notifications.sources import about, configured, subject, variables
from argosy.cli.printing import table, write_value
from argosy.machinery.objects import JsonObject
from argosy.notify.configuration import Condition
from argosy.notify.functions import functions
from argosy.notify.triggers import Result
from argosy.notify.triggers import run as evaluate
from argosy.runtime.clock import Clock
from argosy.runtime.http.client import HttpClient


def get(options: argparse.Namespace) -> int:
    async def work(client: HttpClient, clock: Clock) -> int:
        found = (await configured(client, options)).configuration
        if options.name and options.name not in found.triggers:
            raise CommandError(f"trigger '{options.name}' is not configured")
        chosen = {name: those for name, those in sorted(found.triggers.items()) if options.name in ("", name)}
        if options.output == "name":
            print("\n".join(chosen))
        elif options.output == "wide":
            rows = [(name, ", ".join(one.send), one.when) for name, those in chosen.items() for one in those]
            sys.stdout.write(table(("NAME", "TEMPLATE", "CONDITION"), rows))
        else:
            items = [{"name": name, "conditions": [_shown(one) for one in those]} for name, those in chosen.items()]
            write_value(sys.stdout, items[0] if options.name else items, options.output)
        return Exit.OK

    return with_client(options, work)


def _shown(condition: Condition) -> JsonObject:
    found: JsonObject = {"when": condition.when, "send": list(condition.send)}
    if condition.once_per:
        found["oncePer"] = condition.once_per
    if condition.description:
        found["description"] = condition.description
    return found


def run(options: argparse.Namespace) -> int:
    async def work(client: HttpClient, clock: Clock) -> int:
        found = (await configured(client, options)).configuration
        if options.name not in found.triggers:
            raise CommandError(f"trigger '{options.name}' is not configured")
        given = await variables(client, options, await subject(client, options))
        now = clock.now()
        given |= functions(now, None, given.get("app"))
        needs = about(options).needs_condition
        results = evaluate(found.triggers[options.name], given, now, needs_condition=needs)
        rows = [(result.condition.when, _result(result)) for result in results]
        sys.stdout.write(table(("CONDITION", "RESULT"), rows))
        return Exit.OK

    return with_client(options, work)


def _result(result: Result) -> str:
    return f"false ({result.error})" if result.error else str(result.holds).lower()
