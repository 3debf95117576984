"""Actions that users define in Lua: they replace the kind's built-in ones, or are added if configured (spec 10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from argosy.gitops import actions
from argosy.gitops.actions.action import Action, ActionError, Impact, Parameter, UnknownAction
from argosy.gitops.control_plane.customizations import Customizations, UserActions
from argosy.gitops.keys import resource_key
from argosy.machinery.objects import JsonObject, JsonValue, group_version
from argosy.render.lua.port import Call, LuaEvaluator, restored


async def discover(customizations: Customizations, obj: JsonObject, now: datetime, lua: LuaEvaluator) -> list[Action]:
    """The available actions, by name. A discovery script that fails raises ActionError."""
    found = _found(customizations, obj)
    if found is None:
        return actions.discover(obj)
    offered = {action.name: action for action in actions.discover(obj)} if found.merges_shipped else {}
    if found.discovery:
        value = await _evaluate(found.discovery, obj, now, None, lua)
        if value and not isinstance(value, dict):
            raise ActionError("discovery.lua must return a table of actions by name, not a list")
        offered |= {name: _action(name, given) for name, given in value.items()} if isinstance(value, dict) else {}
    return [offered[name] for name in sorted(offered)]


async def run(
    customizations: Customizations,
    obj: JsonObject,
    name: str,
    parameters: Mapping[str, str] | None,
    now: datetime,
    lua: LuaEvaluator,
    suffix: str = "",
) -> list[Impact]:
    """The writes of the action: by the user's script if there is one, else by the built-in action."""
    found = _found(customizations, obj)
    script = found.definitions.get(name) if found else None
    if found is None or (script is None and found.merges_shipped):
        return actions.run(obj, name, parameters, now, suffix)
    if script is None:
        known = ", ".join(sorted(found.definitions)) or "none"
        raise UnknownAction(f"{obj.get('kind')} has no action {name!r}; it has: {known}")
    return impacts_of(await _evaluate(script, obj, now, parameters, lua), obj)


def impacts_of(value: JsonValue, obj: JsonObject) -> list[Impact]:
    """Parses what an action's script returned: the changed object, or a list of operations with their resources."""
    if isinstance(value, dict):
        return [_impact("patch", value, obj)]
    impacts = []
    for item in value if isinstance(value, list) else ():
        resource = item.get("resource") if isinstance(item, dict) else None
        if not isinstance(item, dict) or not isinstance(resource, dict):
            raise ActionError("each operation of an action must be a table with operation and resource")
        impacts.append(_impact(str(item.get("operation")), resource, obj))
    return impacts


def _impact(operation: str, resource: JsonObject, obj: JsonObject) -> Impact:
    if operation not in ("create", "patch"):
        raise ActionError(f"unsupported operation {operation!r}: it must be create or patch")
    if not isinstance(resource.get("metadata"), dict) or not resource.get("apiVersion") or not resource.get("kind"):
        raise ActionError(f"the resource of a {operation} must be an object with apiVersion, kind and metadata")
    if operation == "create":
        return Impact(operation, resource)
    if resource_key(resource) != resource_key(obj):
        raise ActionError(f"a patch may only change {resource_key(obj)}, not {resource_key(resource)}")
    found = restored(resource, obj)
    assert isinstance(found, dict)
    return Impact(operation, found)


def _found(customizations: Customizations, obj: JsonObject) -> UserActions | None:
    group, _ = group_version(str(obj.get("apiVersion") or ""))
    found = customizations.actions(group, str(obj.get("kind") or ""))
    if found is not None and found.broken:
        raise ActionError(f"the actions of {obj.get('kind')} cannot be read: {found.broken}")
    return found


async def _evaluate(
    script: str, obj: JsonObject, now: datetime, parameters: Mapping[str, str] | None, lua: LuaEvaluator
) -> JsonValue:
    [answer] = await lua.evaluate([Call(script, obj, parameters=parameters)], now)
    if answer.error:
        raise ActionError(answer.error)
    if answer.kind != "table":
        raise ActionError(f"expect table output from Lua script, not {answer.kind}")
    return answer.value


def _action(name: str, customizations: JsonValue) -> Action:
    """An empty table is an available action."""
    given = customizations if isinstance(customizations, dict) else {}
    listed = given.get("params")
    parameters = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    return Action(
        name,
        disabled=given.get("disabled") is True,
        icon=str(given.get("iconClass") or ""),
        title=str(given.get("displayName") or ""),
        parameters=tuple(Parameter(str(item.get("name") or ""), str(item.get("default") or "")) for item in parameters),
    )
