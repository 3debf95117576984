"""Argo CD's own comparisons: the verdict of each, by the algorithm that it names."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from argosy.apis.kubernetes import known as kubernetes
from argosy.gitops.comparison.diff import compared, server_side
from argosy.gitops.comparison.normalizers import Rules
from argosy.gitops.ports import KnownTypes
from argosy.machinery.objects import group_version

from .argocd_health_builtin import load, load_object
from .outcome import Outcome, without
from .reading import each, stories


def run(data: Path) -> Iterator[Outcome]:
    folder = data / "argo-cd" / "diff"
    for _, told, unread in stories("argocd_diff", folder.glob("cases.yaml"), "cases", "fieldManager", read=load):
        if unread:
            yield unread
        else:
            play = partial(_judged, folder, told["fieldManager"])
            yield from each("argocd_diff", told["cases"], play, lambda case: case["name"])


def _judged(folder: Path, manager: str, case: Any) -> Iterator[Outcome]:
    name, wanted = case["name"], case["modified"]
    try:
        modified, detail = _judge(folder, case, kubernetes, manager)
    except (FileNotFoundError, ValueError) as error:
        yield without("argocd_diff", name, error)
        return
    yield Outcome("argocd_diff", name, modified == wanted, f"{case['mode']}: {detail}")


def _judge(folder: Path, case: Any, known: KnownTypes, manager: str) -> tuple[bool, str]:
    options = case.get("options") or {}
    rules = Rules(
        pointers=tuple(options.get("ignoreJSONPointers") or ()),
        ignore_aggregated_roles=bool(options.get("ignoreAggregatedRoles")),
    )
    config, live = _object(folder, case["config"]), _object(folder, case["live"])
    if case["mode"] == "server-side":
        dry_run, webhooks = _object(folder, case["dryRunResult"]), bool(options.get("includeMutationWebhook"))
        found = server_side(live, dry_run, rules, known, manager, webhooks=webhooks)
    else:
        version, kind = group_version(str(config.get("apiVersion") or "")), str(config.get("kind") or "")
        schema = known.node(*version, kind) if case["mode"] == "structured-merge" else None
        found = compared(config, live, rules, known, schema=schema)
    return found.modified, found.why


def _object(folder: Path, name: str) -> Any:
    return load_object(folder / name)
