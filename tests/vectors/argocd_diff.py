"""Argo CD's own comparisons: the verdict of each, by the algorithm that it names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from argosy.apis.kubernetes import known as kubernetes
from argosy.gitops.comparison.diff import compared, server_side
from argosy.gitops.comparison.normalizers import Rules
from argosy.gitops.ports import KnownTypes
from argosy.machinery.objects import group_version

from .argocd_health_builtin import load
from .outcome import Outcome, without


def run(data: Path) -> Iterator[Outcome]:
    folder, known = data / "argo-cd" / "diff", kubernetes
    cases = load((folder / "cases.yaml").read_bytes())
    for case in cases["cases"]:
        try:
            modified, detail = _judge(folder, case, known, cases["fieldManager"])
        except FileNotFoundError as error:
            yield without("argocd_diff", case["name"], error)
            continue
        except Exception as error:
            modified, detail = None, repr(error)
        yield Outcome("argocd_diff", case["name"], modified == case["modified"], f"{case['mode']}: {detail}")


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
    data = (folder / name).read_bytes()
    return json.loads(data) if name.endswith(".json") else load(data)
