"""Argo CD's built-in health checks, judged on its own test objects."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from argosy.gitops.health import health_of
from argosy.machinery.yaml import load

from .outcome import Outcome


def run(data: Path) -> Iterator[Outcome]:
    for cases in sorted((data / "argo-cd" / "health-builtin").glob("*/cases.yaml")):
        for case in load(cases.read_bytes())["cases"]:
            found = health_of(load((cases.parent / case["input"]).read_bytes()))
            passed = (found.status if found else None) == case["status"]
            if passed and found and "message" in case:
                passed = found.message == case["message"]
            yield Outcome("argocd_health_builtin", f"{cases.parent.name}/{case['input']}", passed, f"{found} != {case}")
