"""`argosy app resources|get-resource|patch-resource|delete-resource`: the live objects of an Application."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence

from argosy.cli.app.applications import MANAGER, get, key_of_name
from argosy.cli.app.comparison.destination import Live, chosen, destination, listed, live_objects
from argosy.cli.app.live.tree import detailed, orphans, resources_tree
from argosy.cli.connect import chosen_server, with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.printing import table, write_value
from argosy.gitops.model.secret_masking import masked
from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, JsonValue, Key
from argosy.runtime.clock import Clock
from argosy.runtime.http.client import HttpClient

HEADER = ("GROUP", "KIND", "NAMESPACE", "NAME", "ORPHANED")
Work = Callable[[HttpClient, JsonObject], Awaitable[None]]


def list_all(options: argparse.Namespace) -> int:
    async def work(client: HttpClient, app: JsonObject) -> None:
        if options.output.startswith("tree"):
            sys.stdout.write(await resources_tree(client, app, with_details=options.output == detailed))
            return
        if options.orphaned:
            namespace = str(((app.get("spec") or {}).get("destination") or {}).get("namespace") or "")
            _list(await orphans(client, app, namespace), "Yes", options.output)
        else:
            _list((app.get("status") or {}).get("resources") or [], "No", options.output)

    return _with(options, work)


def _list(items: Sequence[JsonObject], orphaned: str, output: str) -> None:
    parts = ("group", "kind", "namespace", "name")
    if output in ("json", "yaml"):
        write_value(sys.stdout, list(items), output)
    elif output == "name":
        sys.stdout.writelines("/".join(str(item.get(part) or "") for part in parts) + "\n" for item in items)
    else:
        rows = [[*(str(item.get(part) or "") for part in parts), orphaned] for item in items]
        sys.stdout.write(table(HEADER, rows))


def get_all(options: argparse.Namespace) -> int:
    """Secrets are masked, as everywhere."""

    async def work(client: HttpClient, app: JsonObject) -> None:
        found = await live_objects(client, listed(app, options))
        objects = [obj for live in found if (obj := masked([live.obj])[0]) is not None]
        if not options.show_managed_fields:
            objects = [_without_owners(obj) for obj in objects]
        shown = [_only(obj, options.filter_fields) for obj in objects]
        one = shown[0] if len(shown) == 1 else shown
        if options.output == "json":
            print(json.dumps(one, indent=1, sort_keys=True, ensure_ascii=False))  # as upstream indents this one
        elif options.output == "yaml":
            write_value(sys.stdout, one, options.output)
        elif options.output == "name":
            sys.stdout.writelines(f"{live.name}\n" for live in found)
        else:
            names = [live.name for live in found]
            sys.stdout.write(_fields(names, shown, with_names=options.resource_name is None))
        print(f"Resources '{', '.join(live.name for live in found)}' fetched", file=sys.stderr)

    return _with(options, work)


def _without_owners(obj: JsonObject) -> JsonObject:
    return {**obj, "metadata": {name: value for name, value in obj["metadata"].items() if name != "managedFields"}}


def _only(obj: JsonObject, fields: str) -> JsonObject:
    """The paths in --filter-fields."""
    if not fields:
        return obj
    made: JsonObject = {}
    for path in fields.split(","):
        names = path.strip().split(".")
        value: JsonValue = obj
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        place = made
        for name in names[:-1]:
            place = place.setdefault(name, {})
        if value is not None:
            place[names[-1]] = value
    return made


def _fields(names: Sequence[str], objects: Sequence[JsonObject], *, with_names: bool) -> str:
    rows = [
        (path, name, value) if with_names else (path, value)
        for name, obj in zip(names, objects, strict=True)
        for path, value in _flat(obj, "")
    ]
    return table(("FIELD", "RESOURCE NAME", "VALUE") if with_names else ("FIELD", "VALUE"), rows)


def _flat(value: JsonValue, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, item in sorted(value.items()):
            yield from _flat(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _flat(item, f"{path}[{index}]")
    else:
        yield path, value if isinstance(value, str) else json.dumps(value)


def patch(options: argparse.Namespace) -> int:
    kind = next((kind for kind in PatchType if kind.value == options.patch_type and kind is not PatchType.APPLY), None)
    if kind is None:
        known = ", ".join(kind.value for kind in PatchType if kind is not PatchType.APPLY)
        raise CommandError(f"--patch-type {options.patch_type!r}: must be one of {known}")
    try:
        body = json.loads(options.patch)
    except ValueError as error:
        raise CommandError(f"--patch: {error}: give JSON") from None

    if chosen_server(options):
        from argosy.cli.app import at_server

        return at_server.patch_resource(options)

    async def one(client: HttpClient, live: Live) -> None:
        await client.write(requests.patch(live.resource, Key(live.namespace, live.name), body, kind, manager=MANAGER))
        print(f"Resource '{live.name}' patched", file=sys.stderr)

    return _each(options, one)


def delete(options: argparse.Namespace) -> int:
    if chosen_server(options):
        from argosy.cli.app import at_server

        return at_server.delete_resource(options)

    async def one(client: HttpClient, live: Live) -> None:
        await client.write(
            requests.remove(
                live.resource,
                Key(live.namespace, live.name),
                propagation="Orphan" if options.orphan else "Background" if options.force else "Foreground",
                grace_seconds=0 if options.force else None,
                uid=live.obj["metadata"]["uid"],
            )
        )
        print(f"Resource '{live.name}' deleted", file=sys.stderr)

    return _each(options, one)


def _each(options: argparse.Namespace, one: Callable[[HttpClient, Live], Awaitable[None]]) -> int:
    async def work(client: HttpClient, app: JsonObject) -> None:
        for live in await chosen(client, app, options):
            await one(client, live)

    return _with(options, work)


def _with(options: argparse.Namespace, use: Work) -> int:
    """Runs `use` with a client of the Application's cluster."""
    key = key_of_name(options.name, options)

    async def work(client: HttpClient, clock: Clock) -> int:
        app = await get(client, key)
        async with destination(client, clock, app, options) as there:
            await use(there, app)
        return Exit.OK

    return with_client(options, work)
