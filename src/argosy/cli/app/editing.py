"""`argosy app set|unset|edit|patch|add-source|remove-source`: changes an Application's spec."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Final

from argosy.cli.app.applications import APPLICATIONS, MANAGER, get, key_of_name, write
from argosy.cli.app.get import show
from argosy.cli.app.spec.flags import spec_with
from argosy.cli.app.spec.source_flags import source_with
from argosy.cli.app.spec.sources import position, source_at, with_source, without
from argosy.cli.connect import with_client
from argosy.cli.editor import edited
from argosy.cli.failing import CommandError, Exit
from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

Change = Callable[[JsonObject], JsonObject]
"""Maps a spec to the new spec."""


TOOLS: Final = ("helm", "kustomize", "directory", "plugin")


def set_flags(options: argparse.Namespace) -> int:
    def change(spec: JsonObject) -> JsonObject:
        changed = spec_with(spec, options)
        return with_source(changed, options, source_with(source_at(changed, options), options))

    return _changed(options, change)


def unset(options: argparse.Namespace) -> int:
    def change(spec: JsonObject) -> JsonObject:
        source = source_at(spec, options)
        changed = without(source, options)
        if changed == source:
            print("nothing to unset", file=sys.stderr)
        return with_source(spec, options, changed)

    return _changed(options, change)


def add_source(options: argparse.Namespace) -> int:
    def change(spec: JsonObject) -> JsonObject:
        if not spec.get("sources"):
            text = f"Cannot add source: application {options.name} does not have spec.sources defined"
            raise CommandError(text, Exit.CALL_FAILED)
        source = source_with({}, options)
        if not source.get("repoURL"):
            raise CommandError("--repo is missing: the URL of a Git or chart repository")
        if options.source_name:
            source["name"] = options.source_name
        return {**spec, "sources": [*spec["sources"], source]}

    code = _changed(options, change)
    print(f"Application '{options.name}' updated successfully")
    return code


def remove_source(options: argparse.Namespace) -> int:
    def change(spec: JsonObject) -> JsonObject:
        sources = spec.get("sources") or []
        if not sources:
            text = "Application does not have multiple sources configured"
            raise CommandError(text, Exit.CALL_FAILED)
        if len(sources) == 1:
            raise CommandError("Cannot remove the only source remaining in the app", Exit.CALL_FAILED)
        if not options.source_position and not options.source_name:
            raise CommandError("give --source-position, counted from 1, or --source-name")
        at = position(sources, options)
        return {**spec, "sources": [*sources[:at], *sources[at + 1 :]]}

    code = _changed(options, change)
    print(f"Application '{options.name}' updated successfully")
    return code


def edit(options: argparse.Namespace) -> int:
    return _changed(options, lambda spec: edited(spec, f"{options.name}.yaml"))


def patch(options: argparse.Namespace) -> int:
    key = key_of_name(options.name, options)
    kind = PatchType.JSON if options.type == "json" else PatchType.MERGE
    try:
        body = json.loads(options.patch)
    except ValueError as error:
        raise CommandError(f"--patch: {error}: give JSON") from None

    async def work(client: Client, clock: Clock) -> int:
        from argosy.cli.app.permitting import refuse_forbidden  # late: it imports the room of projects

        await get(client, key)
        place = Key(key.namespace, key.name)
        tried = requests.patch(APPLICATIONS, place, body, kind, manager=MANAGER, dry_run=True)
        await refuse_forbidden(client, await client.write(tried), options)
        made = await client.write(requests.patch(APPLICATIONS, place, body, kind, manager=MANAGER))
        show(made, "yaml")
        return Exit.OK

    return with_client(options, work)


def _changed(options: argparse.Namespace, change: Change) -> int:
    """Fails with a conflict if the Application was changed since it was read; an unchanged spec is not written."""
    key = key_of_name(options.name, options)

    async def work(client: Client, clock: Clock) -> int:
        app = await get(client, key)
        spec = app.get("spec") or {}
        wanted = change(spec)
        _check_parameters(options, app)
        if wanted != spec:
            from argosy.cli.app.permitting import refuse_forbidden  # late: it imports the room of projects

            await refuse_forbidden(client, {**app, "spec": wanted}, options)
            await write(client, app, {"spec": _replacing(spec, wanted)})
        return Exit.OK

    return with_client(options, work)


def _check_parameters(options: argparse.Namespace, app: JsonObject) -> None:
    """`--parameter` is Helm's: of a source that is known to be of another kind it would have no effect."""
    if not getattr(options, "parameter", None):
        return
    source = source_at(app.get("spec") or {}, options)
    named = [tool for tool in TOOLS if source.get(tool)]
    known = str((app.get("status") or {}).get("sourceType") or "")
    if source.get("chart") or "helm" in named or (not named and known in ("", "Helm")):
        return
    tool = named[0] if named else known
    raise CommandError(f"Parameters can only be set against Helm applications; {options.name} uses {tool}")


def _replacing(old: JsonObject, new: JsonObject) -> JsonObject:
    """A merge patch that results in exactly `new`: additional fields of `old` become null."""
    made: JsonObject = {name: None for name in old if name not in new}
    for name, value in new.items():
        before = old.get(name)
        both = isinstance(value, dict) and isinstance(before, dict)
        made[name] = _replacing(before or {}, value) if both else value
    return made
