"""Health with users' own checks before the shipped ones (spec 9.1, 10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from argosy.gitops.customizations import Customizations
from argosy.gitops.health import health_of, pending_deletion
from argosy.gitops.health.verdict import ORDER, Health
from argosy.gitops.lua import ScriptError, evaluate
from argosy.machinery.objects import JsonObject, JsonValue, group_version

INVALID: Final = "Lua returned an invalid health status"
NAMES: Final = {bool: "boolean", int: "number", float: "number", str: "string"}


def customized_health(
    customizations: Customizations, obj: JsonObject, now: datetime, monotonic: Callable[[], float] | None = None
) -> Health | None:
    """As `health_of`, but a user's check for the kind (exact, then wildcard) decides where there is one.

    None: nothing is said about the object. A script that fails makes it Unknown, with the reason.
    """
    group, _ = group_version(str(obj.get("apiVersion") or ""))
    found = customizations.health(group, str(obj.get("kind") or ""))
    if found is None:
        return health_of(obj)
    if (leaving := pending_deletion(obj)) is not None:
        return leaving
    try:
        told = evaluate(found.health, obj, now, open_libraries=found.open_libraries, monotonic=monotonic)
    except ScriptError as error:
        return Health("Unknown", str(error))
    return _health(told)


def _health(told: JsonValue) -> Health | None:
    if told is None or told == []:
        return None
    if not isinstance(told, (dict, list)):
        return Health("Unknown", f"expect table output from Lua script, not {NAMES.get(type(told), 'nil')}")
    status = told.get("status") if isinstance(told, dict) else None
    if status not in ORDER or not isinstance(told, dict):
        return Health("Unknown", INVALID)
    message = told.get("message")
    return Health(status, "" if message is None else str(message))
