"""Argo CD's health checks of the ecosystem's kinds, judged on its own test objects by the kind's rule alone.

That an object is being deleted is answered before any kind's rule; the recorded cases ask the rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from argosy.gitops.health import judged

from .argocd_health_builtin import load
from .outcome import Outcome, without


def run(data: Path) -> Iterator[Outcome]:
    for cases in sorted((data / "argo-cd" / "health").glob("*/*/cases.yaml")):
        for case in load(cases.read_bytes())["cases"]:
            name = f"{cases.parent.parent.name}/{cases.parent.name}/{case['input']}"
            try:
                found = judged(load((cases.parent / case["input"]).read_bytes()))
            except FileNotFoundError as error:
                yield without("argocd_health", name, error)
                continue
            passed = found is not None and (found.status, found.message) == (case["status"], case["message"])
            yield Outcome("argocd_health", name, passed, f"{found} != {case}")
