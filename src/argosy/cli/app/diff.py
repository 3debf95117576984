"""`argosy app diff`: what a sync would change, by the controllers' own comparison, made with the caller's rights."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from argosy.apis.kubernetes import known
from argosy.cli.app.applications import get, key_of_name
from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.outside import Outside
from argosy.cli.place import Place
from argosy.cli.printing import table, write_value
from argosy.cli.process import ControlPlane
from argosy.gitops.clusters.connections import Connecting
from argosy.gitops.comparison.application_state import Compared, Look, Refused, StateReader
from argosy.gitops.comparison.comparer import Comparer, schema_of
from argosy.gitops.comparison.diff import compared, server_side
from argosy.gitops.comparison.jq.answers import JqAnswers
from argosy.gitops.comparison.normalizers import rules_for
from argosy.gitops.comparison.server_side_diff import server_side_of
from argosy.gitops.control_plane.context import Memory
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.keys import FIELD_MANAGER, ResourceKey
from argosy.gitops.model.application_spec import normalised, sources_of
from argosy.gitops.model.resource_tracking import migrated
from argosy.gitops.model.secret_masking import masked
from argosy.gitops.sync.options import Options, options_of
from argosy.gitops.sync.tasks import Pair
from argosy.machinery.diff import unified
from argosy.machinery.objects import JsonObject, Key
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import Clock
from argosy.runtime.http.client import HttpClient
from argosy.runtime.supervisor import Supervisor

CONNECTING_LOOK = 0.05


HEADER = ("GROUP", "KIND", "NAMESPACE", "NAME", "WHY")


@dataclass(frozen=True, slots=True)
class Change:
    key: ResourceKey
    why: str
    """In one line, as the controllers put it."""
    live: JsonObject | None
    desired: JsonObject | None


def run(options: argparse.Namespace) -> int:
    key = key_of_name(options.name, options)

    async def work(client: HttpClient, clock: Clock) -> int:
        app = await get(client, key)
        with TemporaryDirectory(prefix="argosy-diff-") as directory:
            changes = await _changes(client, clock, app, key, options, Path(directory))
        _show(changes, options.output)
        return Exit.FAILED if changes and not options.no_exit_code else Exit.OK

    return with_client(options, work)


async def _changes(
    client: HttpClient, clock: Clock, app: JsonObject, key: Key, options: argparse.Namespace, cache: Path
) -> list[Change]:
    own_machine = bool(Place(options.data_dir).running())
    outside = Outside(cache_directory=cache, own_machine=own_machine, namespace=options.namespace)
    rng = SystemRng()
    plane = ControlPlane(client, clock, rng, outside)
    try:
        async with Supervisor(clock, rng) as parts:
            parts.add("caches", plane.caches.run)
            gitops = plane.gitops
            await gitops.plane.wait_synced()
            await gitops.live.discover(gitops.plane.settings)
            await gitops.live.wait_synced()
            parts.add("clusters", gitops.clusters.run)
            found = await _told(_seen(StateReader(gitops.context), app, clock))
    finally:
        await plane.close()
    if isinstance(found, Refused):
        raise CommandError(str(found), Exit.CALL_FAILED)
    return found


async def _seen(app_state: StateReader, app: JsonObject, clock: Clock) -> list[Change]:
    memory = Memory(Comparer(known))
    found = await _compared(app_state, app, memory, clock)
    settings = app_state.context.plane.settings
    policy = options_of((found.source_state.spec.get("syncPolicy") or {}).get("syncOptions"))
    pairs = [pair for pair in found.comparison.pairs if pair.status == "OutOfSync"]
    return await app_state.with_jq(
        app, lambda jq: [_change(pair, found, policy, settings, jq) for pair in pairs], memory
    )


async def _told(work: Awaitable[list[Change]]) -> list[Change] | Refused:
    """As a value: what is raised beside running parts comes out wrapped."""
    try:
        return await work
    except Refused as error:
        return error


async def _compared(app_state: StateReader, app: JsonObject, memory: Memory, clock: Clock) -> Compared:
    """Once its cluster is connected to."""
    sources = sources_of(normalised(app.get("spec") or {}))
    while True:
        try:
            return await app_state.compared(app, sources, Look(), memory)
        except Connecting:
            await clock.sleep(CONNECTING_LOOK)


def _change(pair: Pair, seen: Compared, policy: Options, settings: Settings, jq: JqAnswers) -> Change:
    """Both sides as they are compared, Secrets masked together so that equal values look equal."""
    live, desired = pair.live, pair.target
    if live is not None and desired is not None:
        rules = rules_for(pair.key, seen.source_state.spec.get("ignoreDifferences") or (), settings, jq)
        server = server_side_of(seen.source_state.app, settings)
        if server is not None and (answer := seen.answers.get(pair.key)) is not None:
            found = server_side(live, answer, rules, known, FIELD_MANAGER, webhooks=server.webhooks)
        else:
            schema = schema_of(desired, policy, seen.source_state.destination.schemas)
            present = migrated(live, desired, settings)
            found = compared(desired, present, rules, known, schema=schema.node if schema else None)
        live, desired = found.live, found.predicted
    live, desired = masked([live, desired])
    return Change(pair.key, seen.comparison.why.get(pair.key, ""), live, desired)


def _show(changes: list[Change], output: str) -> None:
    if output in ("json", "yaml"):
        write_value(sys.stdout, [_as_json(change) for change in changes], output)
        return
    if output == "wide":
        sys.stdout.write(table(HEADER, [(*change.key, change.why) for change in changes]))
        return
    for change in changes:
        if output == "name":
            print("/".join(change.key))
            continue
        group, kind, namespace, name = change.key
        print(f"===== {group}/{kind} {namespace}/{name} ======\n{change.why}")
        sys.stdout.writelines(f"{line}\n" for line in unified(change.live, change.desired))


def _as_json(change: Change) -> JsonObject:
    return {**change.key._asdict(), "why": change.why, "live": change.live, "desired": change.desired}
