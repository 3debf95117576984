"""Actions that users define in Lua: they replace the shipped ones of the kind, or join them when told to (spec 10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from argosy.gitops import actions
from argosy.gitops.actions.action import Action, ActionError, Impact, Parameter
from argosy.gitops.customizations import Customization, Customizations
from argosy.gitops.keys import resource_key
from argosy.gitops.lua import ScriptError, evaluate, restored
from argosy.machinery.objects import JsonObject, JsonValue, group_version

Monotonic = Callable[[], float] | None


def customized_discover(
    customizations: Customizations, obj: JsonObject, now: datetime, monotonic: Monotonic = None
) -> list[Action]:
    """What is offered, by name. A discovery script that fails is an ActionError."""
    found = _found(customizations, obj)
    if found is None:
        return actions.discover(obj)
    offered = {action.name: action for action in actions.discover(obj)} if found.merge_builtin else {}
    if found.discovery:
        told = _evaluate(found, found.discovery, obj, now, None, monotonic)
        if told is not None and told != [] and not isinstance(told, dict):
            raise ActionError(f"expect table output from Lua script, not {type(told).__name__}")
        offered |= {name: _action(name, value) for name, value in (told or {}).items()} if told else {}
    return [offered[name] for name in sorted(offered)]


def customized_run(
    customizations: Customizations,
    obj: JsonObject,
    name: str,
    parameters: Mapping[str, str] | None,
    now: datetime,
    suffix: str = "",
    monotonic: Monotonic = None,
) -> list[Impact]:
    """The writes that the action asks for: by the user's script where there is one, else by the shipped action."""
    found = _found(customizations, obj)
    script = found.definitions.get(name) if found else None
    if found is None or (script is None and found.merge_builtin):
        return actions.run(obj, name, parameters, now, suffix)
    if script is None:
        known = ", ".join(sorted(found.definitions)) or "none"
        raise ActionError(f"{obj.get('kind')} has no action {name!r}; it has: {known}")
    return _impacts(_evaluate(found, script, obj, now, parameters, monotonic), obj)


def _found(customizations: Customizations, obj: JsonObject) -> Customization | None:
    group, _ = group_version(str(obj.get("apiVersion") or ""))
    return customizations.actions(group, str(obj.get("kind") or ""))


def _evaluate(
    found: Customization,
    script: str,
    obj: JsonObject,
    now: datetime,
    parameters: Mapping[str, str] | None,
    monotonic: Monotonic,
) -> JsonValue:
    try:
        return evaluate(
            script, obj, now, parameters=parameters, open_libraries=found.open_libraries, monotonic=monotonic
        )
    except ScriptError as error:
        raise ActionError(str(error)) from None


def _action(name: str, told: JsonValue) -> Action:
    """An empty table is an action that can be used."""
    given = told if isinstance(told, dict) else {}
    listed = given.get("params")
    parameters = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    return Action(
        name,
        disabled=given.get("disabled") is True,
        icon=str(given.get("iconClass") or ""),
        title=str(given.get("displayName") or ""),
        parameters=tuple(Parameter(str(item.get("name") or ""), str(item.get("default") or "")) for item in parameters),
    )


def _impacts(told: JsonValue, obj: JsonObject) -> list[Impact]:
    """The changed object, or a list of operations, each with its resource."""
    if isinstance(told, dict):
        return [_impact("patch", told, obj)]
    if not isinstance(told, list):
        raise ActionError("an action must return the changed object or a list of operations with their resources")
    impacts = []
    for item in told:
        resource = item.get("resource") if isinstance(item, dict) else None
        if not isinstance(resource, dict):
            raise ActionError("each operation of an action must be a table with operation and resource")
        impacts.append(_impact(str(item.get("operation")), resource, obj))
    return impacts


def _impact(operation: str, resource: JsonObject, obj: JsonObject) -> Impact:
    if operation == "create":
        return Impact(operation, resource)
    if operation != "patch":
        raise ActionError(f"unknown operation {operation!r}: it must be create or patch")
    if resource_key(resource) != resource_key(obj):
        raise ActionError(f"a patch may only change {resource_key(obj)}, not {resource_key(resource)}")
    return Impact(operation, restored(resource, obj))
