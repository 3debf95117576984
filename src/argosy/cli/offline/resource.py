"""`argosy resource health|actions|run-action`: judges objects from a file, and tries actions on them, with no cluster.

With `--settings` (an `argocd-cm`), users' own checks and actions count as they would in a control plane.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from argosy.cli.failing import CommandError, Exit
from argosy.cli.printing import object_name, table, write_value
from argosy.gitops.actions import ActionError
from argosy.gitops.actions.custom import discover, run
from argosy.gitops.control_plane.customizations import Customizations, customizations_of
from argosy.gitops.health.custom_checks import CustomChecks
from argosy.gitops.keys import resource_key
from argosy.machinery.objects import JsonObject
from argosy.machinery.text.yaml import YamlError, load_documents
from argosy.render.lua.evaluator import LuaWorkers
from argosy.runtime.clock import RealClock

if TYPE_CHECKING:
    from argosy.gitops.actions.action import Action, Impact
    from argosy.gitops.health import Health

T = TypeVar("T")


def health(options: argparse.Namespace) -> int:
    """A kind without a health check has no health: null, or `-` as text."""
    objects = _objects(options.filename)
    rows, found = [], []
    for obj, verdict in zip(objects, _run(_judged(objects, _settings(options.settings))), strict=True):
        judged = {"status": verdict.status, "message": verdict.message} if verdict else None
        found.append({**_identity(obj), "health": judged})
        rows.append((object_name(obj), verdict.status if verdict else "-", verdict.message if verdict else ""))
    _show(options.output, found, table(("RESOURCE", "HEALTH", "MESSAGE"), rows))
    return Exit.OK


def actions(options: argparse.Namespace) -> int:
    """The actions available for the object; none for a kind without actions."""
    objects = _objects(options.filename)
    rows, found = [], []
    for obj, offered in zip(objects, _run(_offered(objects, _settings(options.settings))), strict=True):
        entries = [action.as_json() for action in offered]
        found.append({**_identity(obj), "actions": entries})
        rows += [(object_name(obj), action.name, "true" if action.disabled else "false") for action in offered]
    _show(options.output, found, table(("RESOURCE", "ACTION", "DISABLED"), rows))
    return Exit.OK


def run_action(options: argparse.Namespace) -> int:
    """The objects that the action would write, and whether each is created or patched."""
    objects = _objects(options.filename)
    if len(objects) != 1:
        raise CommandError(f"--filename {options.filename}: an action runs on one object, not {len(objects)}")
    parameters = dict(_parameter(text) for text in options.param)
    impacts = _run(_acted(objects[0], options.name, parameters, _settings(options.settings)))
    if options.output == "json":
        found = [{"operation": impact.operation, "resource": impact.resource} for impact in impacts]
        write_value(sys.stdout, found, "json")
        return Exit.OK
    for impact in impacts:
        sys.stdout.write(f"--- # {impact.operation}\n")
        write_value(sys.stdout, impact.resource, "yaml")
    return Exit.OK


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except ActionError as error:
        raise CommandError(str(error)) from None


async def _judged(objects: list[JsonObject], custom: Customizations) -> list[Health | None]:
    clock = RealClock()
    with LuaWorkers(clock, size=1) as lua:
        custom_checks = CustomChecks(lua, clock)
        return [(await custom_checks.judge_for({resource_key(obj): obj}, custom, {})).judge(obj) for obj in objects]


async def _offered(objects: list[JsonObject], custom: Customizations) -> list[list[Action]]:
    clock = RealClock()
    with LuaWorkers(clock, size=1) as lua:
        return [await discover(custom, obj, clock.now(), lua) for obj in objects]


async def _acted(obj: JsonObject, name: str, parameters: dict[str, str], custom: Customizations) -> list[Impact]:
    clock = RealClock()
    with LuaWorkers(clock, size=1) as lua:
        return await run(custom, obj, name, parameters, clock.now(), lua)


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise CommandError(f"--param {text}: must be NAME=VALUE")
    return name, value


def _settings(filename: str | None) -> Customizations:
    """Invalid entries are reported and the others apply, like in a control plane."""
    if filename is None:
        return Customizations()
    found = [obj for obj in _objects(filename, "--settings") if obj.get("kind") == "ConfigMap"]
    if len(found) != 1:
        raise CommandError(f"--settings {filename}: must be one ConfigMap, argocd-cm")
    data = found[0].get("data") or {}
    custom = customizations_of({str(key): str(value) for key, value in data.items()} if isinstance(data, dict) else {})
    for problem in custom.problems:
        sys.stderr.write(f"warning: --settings {filename}: {problem}\n")
    return custom


def _show(output: str, found: list[JsonObject], text: str) -> None:
    """One object for one input; a list for several."""
    if output == "json":
        write_value(sys.stdout, found[0] if len(found) == 1 else found, "json")
    else:
        sys.stdout.write(text)


def _objects(filename: str, flag: str = "--filename") -> list[JsonObject]:
    try:
        documents = load_documents(sys.stdin.buffer.read() if filename == "-" else Path(filename).read_bytes())
    except OSError as error:
        raise CommandError(f"{flag} {filename}: {error.strerror}") from None
    except YamlError as error:
        raise CommandError(f"{flag} {filename}: {error}") from None
    objects = [doc for doc in documents if isinstance(doc, dict) and doc.get("kind")]
    if len(objects) != len(documents) or not objects:
        raise CommandError(f"{flag} {filename}: every document must be an object with apiVersion and kind")
    return objects


def _identity(obj: JsonObject) -> JsonObject:
    metadata = obj.get("metadata") or {}
    found = {"apiVersion": obj.get("apiVersion"), "kind": obj.get("kind"), "name": metadata.get("name")}
    return {**found, "namespace": metadata["namespace"]} if metadata.get("namespace") else found
