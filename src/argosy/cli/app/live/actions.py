"""`argosy app actions list|run`: the resource actions of an Application's live objects."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from argosy.cli.app.applications import APPLICATIONS, MANAGER, get, key_of_name
from argosy.cli.app.comparison.destination import Live, chosen, destination, listed, live_objects
from argosy.cli.app.live.health import customizations
from argosy.cli.app.spec.flags import pair
from argosy.cli.connect import chosen_server, with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.printing import table, write_value
from argosy.gitops.actions import ActionError
from argosy.gitops.actions import custom as actions
from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import GroupKind, JsonObject, JsonValue, Key
from argosy.render.lua.evaluator import LuaWorkers
from argosy.runtime.clock import Clock
from argosy.runtime.http.client import HttpClient

if TYPE_CHECKING:
    from argosy.gitops.actions.action import Impact
    from argosy.gitops.control_plane.customizations import Customizations

HEADER = ("GROUP", "KIND", "NAME", "ACTION", "DISABLED")


def list_all(options: argparse.Namespace) -> int:
    if chosen_server(options):
        from argosy.cli.app import at_server

        return at_server.list_actions(options)

    key = key_of_name(options.name, options)

    async def work(client: HttpClient, clock: Clock) -> int:
        app = await get(client, key)
        custom = await customizations(client, options.namespace)
        async with destination(client, clock, app, options) as there:
            found = await live_objects(there, listed(app, options))
        if options.kind in (None, app["kind"]) and options.group in (None, "argoproj.io"):
            found.append(Live(APPLICATIONS, app))  # an Application has actions itself
        offered: list[JsonObject] = []
        with LuaWorkers(clock, size=1) as lua:
            for live in found:
                found_actions = await actions.discover(custom, live.obj, clock.now(), lua)
                offered += [_entry(live, action.name, disabled=action.disabled) for action in found_actions]
        show(sorted(offered, key=_order), options.output)
        return Exit.OK

    return with_client(options, work)


def _entry(live: Live, name: str, *, disabled: bool) -> JsonObject:
    identity = {"Group": live.resource.group, "Kind": live.resource.kind, "Name": live.name}
    return {**identity, "Action": name, "Disabled": disabled}


def _order(offer: JsonObject) -> tuple[object, ...]:
    """By object and name, those of the Application itself last."""
    return offer["Kind"] == APPLICATIONS.kind, *(offer[name] for name in ("Group", "Kind", "Name", "Action"))


def show(offered: list[JsonObject], output: str) -> None:
    if output in ("json", "yaml"):
        write_value(sys.stdout, offered, output)
        return
    if output == "name":
        sys.stdout.writelines(f"{one['Group']}/{one['Kind']}/{one['Action']}\n" for one in offered)
        return
    rows = [
        [*(one[name] for name in ("Group", "Kind", "Name", "Action")), str(one["Disabled"]).lower()] for one in offered
    ]
    sys.stdout.write(table(HEADER, rows))


def run(options: argparse.Namespace) -> int:
    key = key_of_name(options.name, options)
    parts = options.action.split("/")
    if len(parts) == 3:
        options.group, options.kind, options.action = parts
    elif len(parts) != 1:
        raise CommandError(f"action {options.action!r}: give ACTION or GROUP/KIND/ACTION")
    parameters = dict(pair("--param", text) for text in options.param)
    if chosen_server(options):
        from argosy.cli.app import at_server

        return at_server.run_action(options, parameters)

    async def work(client: HttpClient, clock: Clock) -> int:
        app = await get(client, key)
        custom = await customizations(client, options.namespace)
        if options.kind == "Application":
            return await _act(client, Live(APPLICATIONS, app), options.action, parameters, custom, clock)
        async with destination(client, clock, app, options) as there:
            for live in await chosen(there, app, options):
                await _act(there, live, options.action, parameters, custom, clock)
        return Exit.OK

    return with_client(options, work)


async def _act(
    client: HttpClient, live: Live, name: str, parameters: dict[str, str], custom: Customizations, clock: Clock
) -> int:
    with LuaWorkers(clock, size=1) as lua:
        try:
            impacts = await actions.run(custom, live.obj, name, parameters, clock.now(), lua)
        except ActionError as error:
            raise CommandError(str(error), Exit.CALL_FAILED) from None
    for impact in impacts:
        await _write(client, live, impact)
    return Exit.OK


async def _write(client: HttpClient, live: Live, impact: Impact) -> None:
    """The patch holds only the changes, and applies only to the version that was read."""
    obj = impact.resource
    if impact.operation == "create":
        served = {resource.group_kind: resource for resource in reversed((await client.served()).resources)}
        group = str(obj.get("apiVersion") or "").rpartition("/")[0]
        resource = served.get(GroupKind(group, str(obj.get("kind") or "")))
        if resource is None:
            raise CommandError(
                f"the cluster has no kind {obj.get('kind')} of {obj.get('apiVersion')}", Exit.CALL_FAILED
            )
        await client.write(requests.create(resource, obj, manager=MANAGER))
        return
    changes = dict(_changes(live.obj, obj))
    if not changes:
        return
    changes["metadata"] = {
        **(changes.get("metadata") or {}),
        "resourceVersion": live.obj["metadata"]["resourceVersion"],
    }
    await client.write(
        requests.patch(live.resource, Key(live.namespace, live.name), changes, PatchType.MERGE, manager=MANAGER)
    )


def _changes(old: JsonObject, new: JsonObject) -> Iterator[tuple[str, JsonValue]]:
    for name in old.keys() - new.keys():
        yield name, None
    for name, value in new.items():
        before = old.get(name)
        if value == before:
            continue
        if isinstance(value, dict) and isinstance(before, dict):
            yield name, dict(_changes(before, value))
        else:
            yield name, value
