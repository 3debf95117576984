"""Argo CD's health checks of the ecosystem's kinds, judged on its own test objects by the kind's rule alone.

That an object is being deleted is answered before any kind's rule; the recorded cases ask the rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from argosy.gitops.health import judged

from .argocd_health_builtin import input_of, load, load_object
from .outcome import Outcome, without
from .reading import each, stories


def run(data: Path) -> Iterator[Outcome]:
    files = (data / "argo-cd" / "health").glob("*/*/cases.yaml")
    for cases, listed, unread in stories("argocd_health", files, "cases", read=load):
        if unread:
            yield unread
            continue
        yield from each("argocd_health", listed["cases"], partial(_judged, cases.parent), input_of)


def _judged(folder: Path, case: Any) -> Iterator[Outcome]:
    name = f"{folder.parent.name}/{folder.name}/{case['input']}"
    try:
        obj = load_object(folder / case["input"])
    except (FileNotFoundError, ValueError) as error:
        yield without("argocd_health", name, error)
        return
    wanted, found = (case["status"], case["message"]), judged(obj)
    passed = found is not None and (found.status, found.message) == wanted
    yield Outcome("argocd_health", name, passed, f"{found} != {case}")
