"""Argo CD's health checks of the ecosystem's kinds, judged on its own test objects by the kind's rule alone.

That an object is being deleted is answered before any kind's rule; the recorded cases ask the rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from argosy.gitops.health import judged

from .argocd_health_builtin import load, load_object
from .outcome import Outcome, without
from .reading import stories


def run(data: Path) -> Iterator[Outcome]:
    files = (data / "argo-cd" / "health").glob("*/*/cases.yaml")
    for cases, listed, unread in stories("argocd_health", files, "cases", read=load):
        if unread:
            yield unread
            continue
        for case in listed["cases"]:
            name = f"{cases.parent.parent.name}/{cases.parent.name}/{case['input']}"
            try:
                found = judged(load_object(cases.parent / case["input"]))
            except (FileNotFoundError, ValueError) as error:
                yield without("argocd_health", name, error)
                continue
            passed = found is not None and (found.status, found.message) == (case["status"], case["message"])
            yield Outcome("argocd_health", name, passed, f"{found} != {case}")
