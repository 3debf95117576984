"""`argosy rollout create`: of files, or an AnalysisRun of a template."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from argosy.apis.rollouts.templates import TemplateError
from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.rollout.documents import documents_of
from argosy.cli.rollout.from_files import create_all
from argosy.cli.rollout.objects import MANAGER, RUNS, get
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import create
from argosy.rollouts.commands.create_run import new_run
from argosy.rollouts.resources import ANALYSIS_TEMPLATES, CLUSTER_TEMPLATES
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock


def run(options: argparse.Namespace) -> int:
    if options.kind:
        return create_run(options)
    if not options.files:
        raise CommandError("give -f FILE, or analysisrun with --from or --from-file")
    return create_all(options)


def create_run(options: argparse.Namespace) -> int:
    if (options.template is None) == (options.template_file is None):
        raise CommandError("give one of --from and --from-file")
    args = [_argument(text) for text in options.arguments]

    async def work(client: Client, clock: Clock) -> int:
        if options.template_file is not None:
            template = _read(options.template_file)
        else:
            wide = options.wide
            resource = CLUSTER_TEMPLATES if wide else ANALYSIS_TEMPLATES
            template = await get(client, resource, options.template, "" if wide else options.namespace)
        known = await _named(client, template, options.namespace)
        try:
            run = new_run(
                template,
                lambda name, wide: known.get((name, wide)),
                args,
                options.namespace,
                name=options.name,
                generate_name=options.generate_name,
                instance_id=options.instance_id,
            )
        except TemplateError as error:
            raise CommandError(str(error)) from None
        made = await client.write(create(RUNS, run, manager=MANAGER))
        print(f"analysisrun.argoproj.io/{made['metadata']['name']} created")
        return Exit.OK

    return with_client(options, work)


def _argument(text: str) -> JsonObject:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise CommandError(f"--argument {text!r}: give NAME=VALUE")
    return {"name": name, "value": value}


def _read(file: Path) -> JsonObject:
    documents = [one for one in documents_of(str(file)) if isinstance(one, dict)]
    kinds = ("AnalysisTemplate", "ClusterAnalysisTemplate")
    found = next((one for one in documents if one.get("kind") in kinds), None)
    if found is None:
        raise CommandError(f"{file} has no AnalysisTemplate and no ClusterAnalysisTemplate")
    return found


async def _named(client: Client, template: JsonObject, namespace: str) -> dict[tuple[str, bool], JsonObject]:
    """The templates of a reference, including the ones that they reference."""
    known: dict[tuple[str, bool], JsonObject] = {}
    waiting = list(_references(template))
    while waiting:
        name, wide = waiting.pop()
        if (name, wide) not in known:
            resource = CLUSTER_TEMPLATES if wide else ANALYSIS_TEMPLATES
            known[name, wide] = await get(client, resource, name, "" if wide else namespace)
            waiting += _references(known[name, wide])
    return known


def _references(template: JsonObject) -> Iterable[tuple[str, bool]]:
    for reference in (template.get("spec") or {}).get("templates") or ():
        yield str(reference.get("templateName") or ""), bool(reference.get("clusterScope"))
