"""Argo CD's health cases: `health-builtin` (compiled-in checks) and `health` (checks that upstream writes as scripts)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from argosy.gitops.health import judge

from .outcome import Outcome


class _Loader(yaml.CSafeLoader):
    """Timestamps stay text; a duplicate key's last value wins, for some recorded objects have them."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def run(data: Path, family: str = "argo-cd/health-builtin") -> Iterator[Outcome]:
    for cases in sorted((data / family).rglob("cases.yaml")):
        for case in _read(cases)["cases"]:
            name = f"{cases.parent.relative_to(data / family)}/{case['input']}"
            yield _outcome(family, name, case, _read(cases.parent / case["input"]))


def _outcome(family: str, name: str, case: dict[str, Any], obj: Any) -> Outcome:
    health = judge(obj)
    found = str(health.status) if health else None
    if found != case["status"]:
        return Outcome(family, name, False, f"status {found!r}, expected {case['status']!r}")
    wanted = case.get("message")
    said = health.message if health else ""
    if wanted is not None and said != wanted:
        return Outcome(family, name, False, f"message {said!r}, expected {wanted!r}")
    return Outcome(family, name, True, "")


def _read(path: Path) -> Any:
    return yaml.load(path.read_bytes(), Loader=_Loader)
