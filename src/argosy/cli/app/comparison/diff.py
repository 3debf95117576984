"""`argosy app diff`: what a sync would change, computed by the controllers' comparison with the caller's rights."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

from argosy.apis.kubernetes import known
from argosy.cli.app.applications import key_of_name, refreshed
from argosy.cli.app.comparison.compare import Comparison, with_comparison
from argosy.cli.app.comparison.difference import normal
from argosy.cli.connect import chosen_server, with_client
from argosy.cli.failing import Exit
from argosy.cli.printing import table, write_value
from argosy.gitops.comparison.application_state import Compared
from argosy.gitops.comparison.comparer import defaults_of, schema_of
from argosy.gitops.comparison.diff import compared, server_side
from argosy.gitops.comparison.jq.answers import JqAnswers
from argosy.gitops.comparison.normalizers import rules_for
from argosy.gitops.comparison.server_side_diff import server_side_of
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.keys import FIELD_MANAGER, ResourceKey
from argosy.gitops.model.resource_tracking import migrated
from argosy.gitops.model.secret_masking import masked
from argosy.gitops.sync.options import Options, options_of
from argosy.gitops.sync.tasks import Pair
from argosy.machinery.objects import JsonObject
from argosy.machinery.structural import default
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

HEADER = ("GROUP", "KIND", "NAMESPACE", "NAME", "WHY")


@dataclass(frozen=True, slots=True)
class Change:
    key: ResourceKey
    why: str
    """The error as one line, worded like the controllers'."""
    live: JsonObject | None
    desired: JsonObject | None


def run(options: argparse.Namespace) -> int:
    if chosen_server(options):
        from argosy.cli.app import at_server

        return at_server.diff(options)

    if options.refresh or options.hard_refresh:
        _refresh(options)

    async def use(comparison: Comparison) -> int:
        changes = await _changes(comparison)
        show(changes, options.output)
        return options.diff_exit_code if changes and options.exit_code else Exit.OK

    return with_comparison(options, use)


def _refresh(options: argparse.Namespace) -> None:
    async def work(client: Client, clock: Clock) -> int:
        await refreshed(client, key_of_name(options.name, options), "hard" if options.hard_refresh else "normal")
        return Exit.OK

    with_client(options, work)


async def _changes(comparison: Comparison) -> list[Change]:
    found = await comparison.compared()
    reader = comparison.reader
    settings = reader.context.plane.settings
    policy = options_of(found.source_state.spec.sync_policy.sync_options)
    pairs = [pair for pair in found.comparison.pairs if pair.status == "OutOfSync"]
    return await reader.with_jq(
        comparison.app,
        lambda jq: [_change(pair, found, policy, settings, jq) for pair in pairs],
        comparison.memory,
    )


def _change(pair: Pair, seen: Compared, policy: Options, settings: Settings, jq: JqAnswers) -> Change:
    """Both sides as compared. Secrets are masked together, so that equal values look equal."""
    live, desired = pair.live, pair.target
    if live is not None and desired is not None:
        rules = rules_for(pair.key, seen.source_state.spec.ignore_differences, settings, jq)
        server = server_side_of(seen.source_state.app, settings)
        if server is not None and (answer := seen.answers.get(pair.key)) is not None:
            found = server_side(live, answer, rules, known, FIELD_MANAGER, webhooks=server.webhooks)
        else:
            schemas = seen.source_state.destination.schemas
            schema = schema_of(desired, policy, schemas)
            if defaults := defaults_of(desired, known, schemas):
                desired = default(defaults.node, desired)
            present = migrated(live, desired, settings)
            found = compared(desired, present, rules, known, schema=schema.node if schema else None)
        live, desired = found.live, found.predicted
    live, desired = masked([live, desired])
    return Change(pair.key, seen.comparison.why.get(pair.key, ""), live, desired)


def show(changes: list[Change], output: str) -> None:
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
        print(f"\n===== {group}/{kind} {namespace}/{name} ======")
        sys.stdout.write(normal(change.live, change.desired))


def _as_json(change: Change) -> JsonObject:
    return {**change.key._asdict(), "why": change.why, "live": change.live, "desired": change.desired}
