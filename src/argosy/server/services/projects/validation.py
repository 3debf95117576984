"""Validates an AppProject with the messages that clients know (spec 4, A6). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from cronsim import CronSim, CronSimError

from argosy.gitops.projects.roles import ACTION_PREFIXES, ACTIONS, RESOURCES, ROLE_NAME
from argosy.machinery.duration import DurationError, nanoseconds
from argosy.machinery.objects import JsonObject
from argosy.server.errors import ApiError, Code, invalid, unknown

NEVER: Final = "!*"
CONTROL: Final = re.compile(r"[\n\r\t]")
FORBIDDEN_IN_ACCOUNTS: Final = frozenset("!*[]{}\\/")
KINDS: Final = ("allow", "deny")


def check(project: JsonObject) -> None:
    """Raises ApiError for the first error."""
    spec, name = project.get("spec") or {}, str((project.get("metadata") or {}).get("name") or "")
    for error in _errors(spec, name):
        raise error


def _errors(spec: JsonObject, name: str) -> Iterator[ApiError]:
    yield from _destinations(spec)
    yield from _repeated(spec.get("sourceNamespaces"), "source namespace")
    for source in spec.get("sourceRepos") or ():
        if source == NEVER:
            yield invalid(f"source repository has an invalid format, '{NEVER}'")
    yield from _repeated(spec.get("sourceRepos"), "source repository")
    yield from _roles(spec, name)
    yield from _windows(spec)
    yield from _accounts(spec)


def _repeated(values: object, what: str) -> Iterator[ApiError]:
    found: list[str] = list(values) if isinstance(values, list) else []
    for at, value in enumerate(found):
        if value in found[:at]:
            yield invalid(f"{what} '{value}' already added")


def _destinations(spec: JsonObject) -> Iterator[ApiError]:
    known = set()
    for item in spec.get("destinations") or ():
        for part in ("name", "server", "namespace"):
            if item.get(part) == NEVER:
                yield invalid(f"{part} has an invalid format, '{NEVER}'")
        place = item.get("server") or item.get("name") or ""
        key = f"{place}/{item.get('namespace') or ''}"
        if key in known:
            yield invalid(f"destination '{key}' already added")
        known.add(key)


def _roles(spec: JsonObject, project: str) -> Iterator[ApiError]:
    names = set()
    for role in spec.get("roles") or ():
        name = str(role.get("name") or "")
        if name in names:
            yield ApiError(Code.ALREADY_EXISTS, f"role '{name}' already exists")
        names.add(name)
        if not ROLE_NAME.match(name):
            yield invalid(
                f"invalid role name '{name}'. Must consist of alphanumeric characters, '-' or '_', and must start and "
                "end with an alphanumeric character"
            )
        yield from _once(role.get("policies"), "policy", name)
        for policy in role.get("policies") or ():
            yield from _policy(policy, project, name)
        yield from _once(role.get("groups"), "group", name)
        for group in role.get("groups") or ():
            yield from _group(str(group))


def _once(values: object, what: str, role: str) -> Iterator[ApiError]:
    found: list[str] = list(values) if isinstance(values, list) else []
    for at, value in enumerate(found):
        if value in found[:at]:
            yield ApiError(Code.ALREADY_EXISTS, f"{what} '{value}' already exists for role '{role}'")


def _policy(policy: str, project: str, role: str) -> Iterator[ApiError]:
    parts, start = [part.strip() for part in policy.split(",")], f"invalid policy rule '{policy}': "
    if len(parts) != 6 or parts[0] != "p":
        yield invalid(f"{start}must be of the form: 'p, sub, res, act, obj, eft'")
        return
    _, subject, resource, action, target, effect = parts
    expected = f"proj:{project}:{role}"
    if subject != expected:
        yield invalid(f"{start}policy subject must be: '{expected}', not '{subject}'")
    if resource not in RESOURCES:
        yield invalid(
            f"{start}project resource must be: 'applications', 'applicationsets', 'repositories', 'exec', 'logs' or "
            f"'clusters', not '{resource}'"
        )
    if action not in ACTIONS and not action.startswith(ACTION_PREFIXES):
        yield invalid(f"{start}invalid action '{action}'")
    if not re.fullmatch(rf"{re.escape(project)}(/[*\w\-.]+)?/[*\w\-.]+", target):
        yield invalid(
            f"{start}object must be of form '{project}/*', '{project}[/<NAMESPACE>]/<APPNAME>' or "
            f"'{project}/<APPNAME>', not '{target}'"
        )
    if effect not in ("allow", "deny"):
        yield invalid(f"{start}effect must be: 'allow' or 'deny'")


def _group(name: str) -> Iterator[ApiError]:
    quoted = len(name) > 1 and name.startswith('"') and name.endswith('"')
    if not quoted and "," in name:
        yield invalid(f"group '{name}' must be quoted")
    inner = name[1:-1] if quoted else name
    if not inner:
        yield invalid(f"group '{name}' is empty")
    if CONTROL.search(inner):
        yield invalid(f"group '{name}' contains invalid characters")
    if len(inner) > 1 and (inner[0].isspace() or inner[-1].isspace()):
        yield invalid(f"group '{name}' contains a leading or a trailing space")


def _windows(spec: JsonObject) -> Iterator[ApiError]:
    known = []
    for window in spec.get("syncWindows") or ():
        identity = {key: value for key, value in window.items() if key not in ("manualSync", "description")}
        kind, schedule, length = (str(window.get(key) or "") for key in ("kind", "schedule", "duration"))
        if identity in known:
            yield ApiError(
                Code.ALREADY_EXISTS,
                f"sync window with kind '{kind}', schedule '{schedule}', and duration '{length}' already exists",
            )
        known.append(identity)
        if problem := _of_window(kind, schedule, length, str(window.get("timeZone") or "")):
            yield unknown(f"error validating project: {problem}")
        if not any(window.get(key) for key in ("applications", "namespaces", "clusters")):
            yield ApiError(
                Code.OUT_OF_RANGE,
                f"window '{kind}':'{schedule}':'{length}' requires one of application, cluster or namespace",
            )


def _of_window(kind: str, schedule: str, length: str, zone: str) -> str:
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if zone:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return f"cannot parse '{zone}' as time zone: it is not known"
    if kind not in KINDS:
        return f"kind '{kind}' mismatch: can only be allow or deny"
    fields = schedule.split()
    if len(fields) != 5:
        return f"cannot parse schedule '{schedule}': expected exactly 5 fields, found {len(fields)}: {_go(fields)}"
    try:
        CronSim(schedule, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        return f"cannot parse schedule '{schedule}': {error}"
    try:
        nanoseconds(length)
    except DurationError:
        return f"cannot parse duration '{length}': time: invalid duration \"{length}\""
    return ""


def _go(fields: list[str]) -> str:
    return f"[{' '.join(fields)}]"


def _accounts(spec: JsonObject) -> Iterator[ApiError]:
    known = set()
    for item in spec.get("destinationServiceAccounts") or ():
        server, namespace = str(item.get("server") or ""), str(item.get("namespace") or "")
        account = str(item.get("defaultServiceAccount") or "")
        if "!" in server:
            yield invalid(f"server has an invalid format, '{server}'")
        if "!" in namespace:
            yield invalid(f"namespace has an invalid format, '{namespace}'")
        if not account.strip() or not FORBIDDEN_IN_ACCOUNTS.isdisjoint(account):
            yield invalid(f"defaultServiceAccount has an invalid format, '{account}'")
        key = f"{server}/{namespace}"
        if key in known:
            yield invalid(f"destinationServiceAccount '{key}' already added")
        known.add(key)
