"""Argo CD's built-in health checks, judged on its own test objects."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from argosy.gitops.health import Health, health_of
from argosy.gitops.health.catalogue import CATALOGUE
from argosy.machinery.objects import group_version

from .outcome import Outcome, without
from .reading import each, stories


class _Loader(yaml.SafeLoader):
    """As Kubernetes reads: timestamps stay text; a duplicate key is accepted."""


_Loader.yaml_implicit_resolvers = {
    sign: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for sign, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(data: bytes) -> Any:
    """The first document, as upstream reads its inputs."""
    return next(iter(yaml.load_all(data, _Loader)), None)


def load_object(file: Path) -> Any:
    """The object of a file. Raises FileNotFoundError, ValueError."""
    try:
        found = load(file.read_bytes())
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())[:200]) from None
    if not isinstance(found, dict):
        raise ValueError(f"it is not an object but {type(found).__name__}")
    return found


def run(data: Path) -> Iterator[Outcome]:
    files = (data / "argo-cd" / "health-builtin").glob("*/cases.yaml")
    for cases, listed, unread in stories("argocd_health_builtin", files, "cases", read=load):
        if unread:
            yield unread
            continue
        yield from each("argocd_health_builtin", listed["cases"], partial(_judged, cases.parent), input_of)


def input_of(case: Any) -> object:
    return case["input"]


def _judged(folder: Path, case: Any) -> Iterator[Outcome]:
    name = f"{folder.name}/{case['input']}"
    try:
        obj = load_object(folder / case["input"])
    except (FileNotFoundError, ValueError) as error:
        yield without("argocd_health_builtin", name, error)
        return
    found, status = _built_in(obj), case["status"]
    passed = (found.status if found else None) == status
    if passed and found and "message" in case:
        passed = found.message == case["message"]
    yield Outcome("argocd_health_builtin", name, passed, f"{found} != {case}")


def _built_in(obj: Any) -> Health | None:
    """By a check that upstream compiles in; those that it has as scripts are another family."""
    group, _ = group_version(str(obj.get("apiVersion") or ""))
    return None if (group, obj.get("kind")) in CATALOGUE else health_of(obj)
