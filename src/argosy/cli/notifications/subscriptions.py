"""`argosy notifications subscriptions list APP`: who is notified of what, and why nobody would be."""

from __future__ import annotations

import argparse
import sys

from argosy.cli.connect import with_client
from argosy.cli.failing import Exit
from argosy.cli.notifications.sources import configured, project_of, subject
from argosy.cli.printing import table
from argosy.machinery.objects import JsonObject
from argosy.notify.configuration import Configuration
from argosy.notify.subscriptions import Destinations, GlobalSubscriptions, annotated, legacy, merged
from argosy.runtime.clock import Clock
from argosy.runtime.http.client import HttpClient


def run(options: argparse.Namespace) -> int:
    async def work(client: HttpClient, clock: Clock) -> int:
        found = (await configured(client, options)).configuration
        app = await subject(client, options)
        project = await project_of(client, options, app)
        rows = list(_rows(found, app, project))
        sys.stdout.write(table(("TRIGGER", "SERVICE", "RECIPIENT", "FROM", "NOTE"), rows))
        for problem in found.problems:
            print(f"{problem.key}: {problem.message}", file=sys.stderr)
        return Exit.OK

    return with_client(options, work)


def _rows(found: Configuration, app: JsonObject, project: JsonObject) -> list[tuple[str, ...]]:
    own = (app["metadata"].get("annotations") or {}, app["metadata"].get("labels") or {})
    of_project = (project.get("metadata") or {}).get("annotations") or {}
    sources: list[tuple[str, Destinations]] = [
        ("application", annotated(own[0], found)),
        ("project", merged(annotated(of_project, found), legacy(of_project, found))),
        ("configuration", GlobalSubscriptions(found).destinations(own[1])),
    ]
    return [
        (trigger, one.service, one.recipient, source, _note(found, trigger, one.service))
        for source, destinations in sources
        for trigger, those in sorted(destinations.items())
        for one in those
    ]


def _note(found: Configuration, trigger: str, service: str) -> str:
    if trigger not in found.triggers:
        return f"trigger '{trigger}' is not configured"
    return "" if service in found.services else f"service '{service}' is not configured"
