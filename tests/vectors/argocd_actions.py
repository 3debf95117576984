"""Argo CD's resource actions: what is offered for its own test objects, and what comes of running them.

A recorded result need not repeat what the action left alone: what it does not name must be as it was before, but for
labels and annotations, which upstream's own comparison does not miss.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from argosy.gitops import actions
from argosy.gitops.actions import ActionError, Impact, actions_of, discover

from .argocd_health_builtin import load, load_object
from .outcome import Outcome, without
from .reading import each, stories

NOW = datetime(2025, 7, 30, 13, 46, tzinfo=UTC)
MOMENTS = frozenset(
    {
        "kubectl.kubernetes.io/restartedAt",
        "restartAt",
        "workflows.argoproj.io/scheduled-time",
        "force-sync",
        "cnpg.io/reloadedAt",
        "targetPrimaryTimestamp",
        "reconcile.fluxcd.io/requestedAt",
        "lastTransitionTime",
    }
)
"""Any time will do, but there must be one."""

MARKS = (".metadata.labels", ".metadata.annotations")

IGNORED = frozenset({"resourceVersion", "uid", "creationTimestamp", "generation"})


def differences(found: Any, wanted: Any, before: Any, path: str = "") -> list[str]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        old = before if isinstance(before, dict) else {}
        out = []
        for key in sorted({*wanted, *found} - IGNORED):
            place = f"{path}.{key}"
            if key in MOMENTS:
                out += [] if found.get(key) or key not in wanted else [f"{place}: missing"]
            elif key in wanted:
                out += differences(found.get(key), wanted[key], old.get(key), place)
            elif found[key] != old.get(key) and found[key] not in ({}, []) and not place.startswith(MARKS):
                out.append(f"{place}: {found[key]!r} is new")
        return out
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        old_items = before if isinstance(before, list) else []
        pairs = zip(found, wanted, [*old_items, *[None] * len(found)], strict=False)
        return [text for at, (f, w, b) in enumerate(pairs) for text in differences(f, w, b, f"{path}[{at}]")]
    return [] if found == wanted else [f"{path}: {found!r} is not {wanted!r}"]


def _ran(case: dict[str, Any], obj: dict[str, Any], folder: Path) -> list[str]:
    try:
        impacts = actions.run(obj, case["action"], case.get("parameters"), NOW)
    except ActionError as error:
        wanted = case.get("expectedError")
        return [] if wanted is not None and wanted in str(error) else [f"error {error!s}, not {wanted}"]
    if "expectedError" in case:
        return [f"no error, but {case['expectedError']!r} is right"]
    if "expectedSubset" in case:
        return (
            [] if _holds(impacts[0].resource, case["expectedSubset"]) else [f"{impacts} lacks {case['expectedSubset']}"]
        )
    expected = load((folder / case["expected"]).read_bytes())
    if case["expectedForm"] == "impacted-list":
        return _impacted(impacts, expected, str(obj["metadata"]["name"]), obj)
    if [impact.operation for impact in impacts] != ["patch"]:
        return [f"{impacts} is not a patch"]
    if obj.get("kind") == "Deployment":  # recorded after its controller had answered
        obj, expected = ({**one, "status": impacts[0].resource.get("status")} for one in (obj, expected))
    return differences(impacts[0].resource, expected, obj)


def _impacted(impacts: list[Impact], expected: list[dict[str, Any]], source: str, obj: dict[str, Any]) -> list[str]:
    if len(impacts) != len(expected):
        return [f"{len(impacts)} writes, not {len(expected)}"]
    out = []
    for (operation, resource), wanted in zip(impacts, expected, strict=True):
        if operation != wanted["k8sOperation"]:
            out.append(f"{operation} is not {wanted['k8sOperation']}")
        target = wanted["unstructuredObj"]
        if operation == "create":
            if not resource["metadata"]["name"].startswith(source):
                out.append(f"name {resource['metadata']['name']}")
            target = target | {"metadata": target["metadata"] | {"name": resource["metadata"]["name"]}}
        out += differences(resource, target, {} if operation == "create" else obj)
    return out


def _holds(found: Any, subset: Any) -> bool:
    if isinstance(subset, dict):
        return isinstance(found, dict) and all(_holds(found.get(key), value) for key, value in subset.items())
    return bool(found == subset)


def _offered(case: dict[str, Any], obj: dict[str, Any]) -> list[str]:
    def whole(action: dict[str, Any]) -> dict[str, Any]:
        return {"disabled": False, "displayName": "", "iconClass": "", "params": []} | action

    known = [whole(action) for action in case["result"]]
    found = [whole(action.as_json()) for action in discover(obj)]
    missing = {action["name"] for action in known} - {action["name"] for action in found}
    return [f"{action} is not in {known}" for action in found if action not in known] + [
        f"no {name}" for name in missing
    ]


def run_kind(told: dict[str, Any], folder: Path) -> Iterator[Outcome]:
    name = f"{folder.parent.name}/{folder.name}"
    defined = actions_of({"apiVersion": f"{told['group']}/v1", "kind": told["kind"]})
    unknown = set(told["definedActions"]) - set(defined.runs if defined else ())
    yield Outcome("argocd_actions", f"{name} defined", not unknown, f"lacks {sorted(unknown)}")
    for part, check in (("discovery", _offered), ("run", _run_in(folder))):
        for at, case in enumerate(told.get(part) or ()):
            said = f"{name} {part}[{at}] {case.get('action', '')}"
            try:
                obj = case.get("inputObject") or load_object(folder / case["input"])
                wrong = check(case, obj)
            except (FileNotFoundError, ValueError) as error:
                yield without("argocd_actions", said, error)
                continue
            yield Outcome("argocd_actions", said, not wrong, "; ".join(wrong))


def _run_in(folder: Path) -> Any:
    return lambda case, obj: _ran(case, obj, folder)


def run(data: Path) -> Iterator[Outcome]:
    files = (data / "argo-cd" / "actions").glob("*/*/cases.yaml")
    for cases, told, unread in stories("argocd_actions", files, "group", "kind", "definedActions", read=load):
        if unread:
            yield unread
        else:
            # A broken case is reported in a line, and the cases of the other kinds continue.
            yield from each("argocd_actions", [told], partial(run_kind, folder=cases.parent), lambda one: one["kind"])
