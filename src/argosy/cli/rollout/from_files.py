"""`argosy rollout create -f FILE`: creates what files hold."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any, Final

from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.rollout.documents import documents_of
from argosy.cli.rollout.looking import follow
from argosy.cli.rollout.objects import EXPERIMENTS, MANAGER, ROLLOUTS, RUNS
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.requests import create
from argosy.rollouts.resources import ANALYSIS_TEMPLATES, CLUSTER_TEMPLATES
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

KINDS: Final[dict[str, Resource]] = {
    one.kind: one for one in (ROLLOUTS, EXPERIMENTS, ANALYSIS_TEMPLATES, CLUSTER_TEMPLATES, RUNS)
}
SHOWN: Final = ("Rollout", "Experiment")


def create_all(options: argparse.Namespace) -> int:
    """Reads every file before the first object is created, so that a mistake in the last one leaves nothing behind."""
    objs = [_with_namespace(obj, options.namespace) for file in options.files for obj in _objects(file)]
    if not objs:
        raise CommandError(f"{', '.join(options.files)}: no object to create")
    if options.watch and (len(objs) > 1 or objs[0]["kind"] not in SHOWN):
        raise CommandError("--watch: give one file with one Rollout or Experiment")

    async def work(client: Client, clock: Clock) -> int:
        for obj in objs:
            resource = KINDS[obj["kind"]]
            made = await client.write(create(resource, obj, manager=MANAGER, validation="Strict"))
            print(f"{resource.kind.lower()}.{resource.group}/{made['metadata']['name']} created", flush=True)
        if options.watch:
            await follow(client, clock, _shown(made, options))
        return Exit.OK

    return with_client(options, work)


def _objects(file: str) -> Iterator[JsonObject]:
    for document in documents_of(file):
        if document is not None:
            yield _checked(document, file)


def _checked(document: Any, file: str) -> JsonObject:
    kind = document.get("kind") if isinstance(document, dict) else None
    found = KINDS.get(kind) if isinstance(kind, str) else None
    if found is None or document.get("apiVersion") != f"{found.group}/{found.version}":
        raise CommandError(f"{file}: kind {kind!r}: one of {', '.join(KINDS)} of argoproj.io/v1alpha1 is expected")
    if not isinstance(document.get("metadata") or {}, dict):
        raise CommandError(f"{file}: metadata: it is not a mapping")
    return dict(document)


def _with_namespace(obj: JsonObject, namespace: str) -> JsonObject:
    metadata = dict(obj.get("metadata") or {})
    if obj["kind"] != CLUSTER_TEMPLATES.kind:
        metadata.setdefault("namespace", namespace)
    return {**obj, "metadata": metadata}


def _shown(made: JsonObject, options: argparse.Namespace) -> argparse.Namespace:
    metadata = made["metadata"]
    more = {"kind": made["kind"].lower(), "name": metadata["name"], "namespace": metadata["namespace"]}
    return argparse.Namespace(**{**vars(options), **more, "output": "tree", "timeout_seconds": 0})
