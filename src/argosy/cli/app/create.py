"""`argosy app create`: from flags, from files, or from files with flags over them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from argosy.cli.app.applications import APPLICATIONS, MANAGER, get, key_of_name, write
from argosy.cli.app.delete import FINALIZER
from argosy.cli.app.get import show
from argosy.cli.app.spec.flags import hydrates, pair, spec_with
from argosy.cli.app.spec.source_flags import source_with
from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.machinery.status import StatusError
from argosy.machinery.text.yaml import YamlError, load_documents
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

IN_CLUSTER = "https://kubernetes.default.svc"


def run(options: argparse.Namespace) -> int:
    wanted = wanted_of(options)

    async def work(client: Client, clock: Clock) -> int:
        from argosy.cli.app.permitting import refuse_forbidden  # late: it imports the room of projects

        for app in wanted:
            await refuse_forbidden(client, app, options)
            made, what = await _made(client, app, upsert=options.upsert)
            if options.output:
                show(made, options.output)
            else:
                print(f"application '{app['metadata']['name']}' {what}")
        return Exit.OK

    return with_client(options, work)


async def _made(client: Client, wanted: JsonObject, *, upsert: bool) -> tuple[JsonObject, str]:
    try:
        made = await client.write(requests.create(APPLICATIONS, wanted, manager=MANAGER, validation="Strict"))
    except StatusError as error:
        if not error.is_already_exists:
            raise
        return await _existing(client, wanted, upsert=upsert)
    return made, "created"


async def _existing(client: Client, wanted: JsonObject, *, upsert: bool) -> tuple[JsonObject, str]:
    """Creating an identical Application succeeds; a different one of the same name needs --upsert."""
    key = key_of(wanted)
    found = await get(client, key)
    given = {name: wanted["metadata"].get(name) for name in ("labels", "annotations", "finalizers")}
    own = {name: found["metadata"].get(name) for name in given}
    if found.get("spec") == wanted["spec"] and all(not value or own[name] == value for name, value in given.items()):
        return found, "unchanged"
    if not upsert:
        text = "existing application spec is different, use upsert flag to force update"
        raise CommandError(f"{text} (application {key.name!r})", Exit.CALL_FAILED)
    removed = dict.fromkeys(found.get("spec") or {})
    metadata = {name: value for name, value in given.items() if value}
    return await write(client, found, {"metadata": metadata, "spec": {**removed, **wanted["spec"]}}), "updated"


def wanted_of(options: argparse.Namespace) -> list[JsonObject]:
    """Pure except for reading --file: the objects that files and flags describe."""
    name = options.given_name or options.name
    if not options.file:
        if not name:
            raise CommandError("give the name of the application, or --file")
        return [application_of(key_of_name(name, options), options)]
    found = _read(options.file)
    if len(found) > 1 and name:
        raise CommandError(f"--file {options.file}: holds {len(found)} applications: a name fits one only")
    return [_completed(app, name, options) for app in found]


def _read(file: str) -> list[JsonObject]:
    try:
        documents = load_documents(sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes())
    except OSError as error:
        raise CommandError(f"--file {file}: {error.strerror}") from None
    except YamlError as error:
        raise CommandError(f"--file {file}: {error}") from None
    found = [document for document in documents if document is not None]
    for document in found:
        if not isinstance(document, dict) or document.get("kind") != "Application":
            raise CommandError(f"--file {file}: every document must be an Application of argoproj.io/v1alpha1")
    return found


def _completed(app: JsonObject, name: str, options: argparse.Namespace) -> JsonObject:
    """The object of a file, with the flags applied to it."""
    metadata = dict(app.get("metadata") or {})
    if name:
        metadata["name"] = key_of_name(name, options).name
    if not metadata.get("name"):
        raise CommandError(f"--file {options.file}: metadata.name is missing: give a name there or as an argument")
    metadata.setdefault("namespace", options.namespace)
    spec = spec_with(app.get("spec") or {}, options)
    if not spec.get("sources") and (source := source_with(spec.get("source") or {}, options)):
        spec["source"] = source
    return {**app, "apiVersion": "argoproj.io/v1alpha1", "metadata": _metadata(metadata, options), "spec": spec}


def application_of(key: Key, options: argparse.Namespace) -> JsonObject:
    """Pure: the object that the flags describe."""
    source = source_with({}, options)
    _check(source, options)
    if options.source_name:
        source["name"] = options.source_name
    spec = spec_with({"project": "default", **({"source": source} if source else {})}, options)
    if not options.dest_server and not options.dest_name:
        spec["destination"]["server"] = IN_CLUSTER
    metadata = _metadata({"name": key.name, "namespace": key.namespace}, options)
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata, "spec": spec}


def _metadata(metadata: JsonObject, options: argparse.Namespace) -> JsonObject:
    for flag, name, texts in (
        ("--label", "labels", options.label),
        ("--annotations", "annotations", options.annotations),
    ):
        if texts:
            metadata[name] = {**(metadata.get(name) or {}), **dict(pair(flag, text) for text in texts)}
    if options.set_finalizer:
        metadata["finalizers"] = list(dict.fromkeys([*(metadata.get("finalizers") or ()), FINALIZER]))
    return metadata


def _check(source: JsonObject, options: argparse.Namespace) -> None:
    if options.dest_server and options.dest_name:
        raise CommandError("give either --dest-server or --dest-name, not both")
    if hydrates(options):
        if source:
            raise CommandError(
                "give either flags of a source, such as --repo, or of hydration, such as --dry-source-repo"
            )
        return
    if not source.get("repoURL"):
        raise CommandError("--repo is missing: the URL of a Git or chart repository")
    places = [name for name in ("path", "chart", "ref") if source.get(name)]
    if not places or {"path", "chart"} <= set(places):
        raise CommandError("give either --path, a directory of the repository, or --helm-chart")
