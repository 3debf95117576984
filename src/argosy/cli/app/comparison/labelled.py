"""Selects the objects of an Application by a label in its manifests: `argosy app sync --label`."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping

from argosy.cli.app.comparison.compare import Comparison, compared_with
from argosy.cli.app.spec.flags import pair
from argosy.cli.failing import CommandError, Exit
from argosy.gitops.sync.tasks import Pair
from argosy.machinery.objects import JsonObject
from argosy.runtime.clock import Clock
from argosy.runtime.http.client import HttpClient


async def labelled(
    client: HttpClient, clock: Clock, app: JsonObject, options: argparse.Namespace, others: list[JsonObject]
) -> list[JsonObject]:
    """`others` and the objects with any of the labels, as an operation lists them. Raises CommandError if empty."""
    wanted = dict(pair("--label", text) for text in options.label)

    async def use(comparison: Comparison) -> list[JsonObject]:
        return chosen((await comparison.compared()).comparison.pairs, wanted)

    found = await compared_with(client, clock, app, options, use)
    if not found and not others:
        raise CommandError(f"No matching resources found for labels: {', '.join(options.label)}", Exit.CALL_FAILED)
    return [*others, *(item for item in found if item not in others)]


def chosen(pairs: Iterable[Pair], wanted: Mapping[str, str]) -> list[JsonObject]:
    """Looks at the manifests, not at the live objects. Pure."""
    found: list[JsonObject] = []
    for one in pairs:
        labels = ((one.target or {}).get("metadata") or {}).get("labels") or {}
        if any(labels.get(name) == value for name, value in wanted.items()):
            item: JsonObject = {"group": one.key.group, "kind": one.key.kind, "name": one.key.name}
            found.append({**item, "namespace": one.key.namespace} if one.key.namespace else item)
    return found
