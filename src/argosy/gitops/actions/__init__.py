"""Actions that a user can run on one live object, and their results (spec 10): decided here, written by the caller.

Nothing here reads or writes a cluster: `discover` lists the actions available for an object, `run` returns the writes.
The built-in ones are here; `custom` has those that users define in Lua, which replace or extend them.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from argosy.gitops.actions import argo, fluxcd, numaflow, operators, workloads
from argosy.gitops.actions.action import Action, ActionError, ActionSet, Impact, Parameter, Run, UnknownAction
from argosy.machinery.objects import JsonObject, group_version

ACTIONS: Final[dict[tuple[str, str], ActionSet]] = {
    **workloads.KINDS,
    **argo.KINDS,
    **fluxcd.KINDS,
    **numaflow.KINDS,
    **operators.KINDS,
}
"""(group, kind): its actions."""


def actions_of(obj: JsonObject) -> ActionSet | None:
    group, _ = group_version(str(obj.get("apiVersion") or ""))
    return ACTIONS.get((group, str(obj.get("kind") or "")))


def discover(obj: JsonObject) -> list[Action]:
    """The actions available for the object, by name; empty for a kind without actions."""
    found = actions_of(obj)
    return sorted(found.offered(obj), key=lambda action: action.name) if found else []


def run(
    obj: JsonObject, name: str, parameters: Mapping[str, str] | None, now: datetime, suffix: str = ""
) -> list[Impact]:
    """The writes of the action: objects to create, and the new state of the object itself (a patch).

    `suffix` ends the names of created objects (the minute if it is empty). An unknown action, or an invalid parameter,
    raises ActionError.
    """
    found = actions_of(obj)
    if found is None or name not in found.runs:
        known = ", ".join(sorted(found.runs)) if found else "none"
        raise UnknownAction(f"{obj.get('kind')} has no action {name!r}; it has: {known}")
    given = Run(copy.deepcopy(obj), parameters or {}, now, suffix)
    found.runs[name](given)
    impacts = [Impact("create", made) for made in given.created]
    return impacts if given.obj == obj and impacts else [*impacts, Impact("patch", given.obj)]


__all__ = ["ACTIONS", "Action", "ActionError", "Impact", "Parameter", "UnknownAction", "actions_of", "discover", "run"]
