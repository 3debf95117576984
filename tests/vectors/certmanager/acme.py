"""ACME: which solver, what annotations change of it, and which Challenges begin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from argosy.apis.certmanager import Challenge
from argosy.apis.schema import read
from argosy.certs.acme import choice, scheduler


def solver_selection(case: dict[str, Any]) -> Iterator[str]:
    asked = case["authorization"]
    domain = f"*.{asked['identifier']}" if asked.get("wildcard") else asked["identifier"]
    offered = [one["type"] for one in asked.get("challenges") or ()]
    found = choice.choose(case["solvers"], domain, offered, case.get("orderLabels") or {})
    shown = {"solverIndex": found.index, "challengeType": found.type} if found else None
    if shown != case["expect"]:
        yield f"{shown} instead of {case['expect']}"


def challenge_overrides(case: dict[str, Any]) -> Iterator[str]:
    expected = case["expect"]
    try:
        found = choice.overridden(case["solver"], case["orderAnnotations"], case["orderNamespace"])
    except choice.OverrideError as error:
        if not expected.get("error"):
            yield f"refused: {error}"
        return
    if found != expected.get("solver"):
        yield f"{found} instead of {expected}"


def challenge_scheduler(case: dict[str, Any]) -> Iterator[str]:
    challenges = [read(Challenge, _challenge(one)) for one in case["challenges"]]
    chosen = scheduler.to_start(challenges, per_pass=case["perRun"], at_once=case["maxConcurrent"])
    found = [one.metadata.name for one in chosen]
    if found != case["expectStarted"]:
        yield f"{found} instead of {case['expectStarted']}"


def _challenge(one: dict[str, Any]) -> dict[str, Any]:
    metadata = {key: one[key] for key in ("name", "creationTimestamp", "deletionTimestamp") if key in one}
    spec = {key: one[key] for key in ("dnsName", "type", "wildcard", "solver") if key in one}
    status = {key: one[key] for key in ("state", "processing", "presented") if key in one}
    return {"metadata": metadata, "spec": spec, "status": status}
