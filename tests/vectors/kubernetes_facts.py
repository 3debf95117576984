"""Kubernetes' published facts against what the embedded API server says and keeps: columns, default roles, types."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from argosy.cluster.auth.bootstrap import bootstrap_objects
from argosy.cluster.http.representation.table import column_definitions, scale_table
from argosy.cluster.kinds import builtin_kinds
from argosy.runtime.virtual import START

from .outcome import Outcome, not_run
from .reading import each, stories

SCRIPTS = Path(__file__).parents[2] / "scripts"


def printer_columns(data: Path) -> Iterator[Outcome]:
    family = "kubernetes/printer-columns"
    served = {kind.resource.kind: column_definitions(kind) for kind in builtin_kinds()}
    workload = next(kind for kind in builtin_kinds() if kind.resource.kind == "Deployment")
    scale = {"metadata": {"name": "x"}, "spec": {}, "status": {}}
    served["Scale"] = scale_table(workload, scale, START, "None")["columnDefinitions"]
    recorded = json.loads((data / "kubernetes/printer-columns.json").read_text())
    for kind, columns in recorded.items():
        if kind not in served:
            yield not_run(family, kind, "no collection of this kind is served")
            continue
        ours = [[one["name"], one["type"], one["format"], one["priority"]] for one in served[kind]]
        yield Outcome(family, kind, ours == columns, f"{ours} is not {columns}")


def rbac_bootstrap(data: Path) -> Iterator[Outcome]:
    family = "kubernetes/rbac-bootstrap"
    ours = {_place(obj): obj for obj in bootstrap_objects()}
    files = (data / "kubernetes/rbac-bootstrap").glob("*.yaml")
    for _, listed, unread in stories(family, files, "items", read=yaml.safe_load):
        if unread:
            yield unread
            continue
        yield from each(family, listed["items"], partial(_role, family, ours), _place)


def _role(family: str, ours: Mapping[tuple[str, str, str], Any], wanted: Any) -> Iterator[Outcome]:
    place = _place(wanted)
    found = ours.get(place, {"metadata": {}})
    parts = [part for part in _PARTS if not (part == "rules" and "aggregationRule" in wanted)]
    wrong = [part for part in parts if (found.get(part) or None) != (wanted.get(part) or None)]
    wrong += [part for part in _MARKS if found["metadata"].get(part) != wanted["metadata"].get(part)]
    yield Outcome(family, " ".join(place), not wrong, f"{wrong} differ: {found}")


_PARTS = ("rules", "aggregationRule", "roleRef", "subjects")
"""Rules of what aggregates are a controller's answer, which the list was written before."""
_MARKS = ("labels", "annotations")


def _place(obj: dict[str, Any]) -> tuple[str, str, str]:
    return obj["kind"], obj["metadata"].get("namespace") or "", obj["metadata"]["name"]


def types(data: Path) -> Iterator[Outcome]:
    """The facts that decoder, encoder, patch tables and OpenAPI are built from are those of the list."""
    family = "kubernetes/types"
    recorded = json.loads((data / "kubernetes/types.json").read_text())
    facts = script("kubernetes_facts")
    ours = json.loads(facts.TARGET.read_text())
    theirs = facts.facts_of(recorded, {})
    resources = {tuple(one[:3]): one for one in ours["resources"]}
    for one in theirs["resources"]:
        found = resources.get(tuple(one[:3]))
        yield Outcome(family, "/".join(one[:3]), found == one, f"{found} is not {one}")
    for section in ("types", "enums"):
        for name, one in theirs[section].items():
            found = ours[section].get(name)
            yield Outcome(family, f"{section} {name}", found == one, f"{found} is not {one}")


def script(name: str) -> ModuleType:
    """A script of this tree, as a module."""
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
