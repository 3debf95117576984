"""Which Applications wait for which: `argosy.dev/depends-on`, its cycles, and the reverse order of deletion. Pure.

Applications without the annotation behave as upstream; nothing here affects them.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from argosy.apis.argoproj import Application
from argosy.apis.schema import read
from argosy.gitops.keys import annotations_of, words
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.timestamps import parse

DEPENDS_ON: Final = "argosy.dev/depends-on"
WAITING: Final = "DependencyWaiting"
"""Condition of an Application that is not synced, or not deleted, because of another."""
MENTION: Final = "DependencyWarning"
"""Condition of an Application that is deleted while others that depend on it stay."""

SETTLING: Final = timedelta(seconds=10)
"""How long an Application that others depend on waits for their deletion after its own was requested: a client that
deletes many (a parent, an ApplicationSet, a user) requests it one by one, in any order."""

Get = Callable[[Key], JsonObject | None]
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_LONGEST_NAME = 253


def dependencies_of(app: JsonObject) -> tuple[Key, ...]:
    """In the order of the annotation; invalid entries are left out, and reported by `errors_of`."""
    namespace = read(Application, app).metadata.namespace
    found = (_parsed(word, namespace) for word in words(annotations_of(app).get(DEPENDS_ON)))
    return tuple(dict.fromkeys(key for key in found if key is not None))


def errors_of(app: JsonObject, get: Get) -> list[str]:
    """Texts of InvalidSpecError conditions: invalid names, and a cycle that the application is on."""
    namespace = read(Application, app).metadata.namespace
    errors = [
        f"annotation {DEPENDS_ON}: {word!r} is neither the name of an application nor namespace/name"
        for word in words(annotations_of(app).get(DEPENDS_ON))
        if _parsed(word, namespace) is None
    ]
    if found := cycle_of(app, get):
        errors.append(f"dependency cycle: {' -> '.join(_name(key, namespace) for key in found)}")
    return errors


def cycle_of(app: JsonObject, get: Get) -> tuple[Key, ...]:
    """The shortest cycle from the application to itself, starting with its smallest name; () if there is none."""
    me = _key(app)
    came_from: dict[Key, Key] = {}
    queue = deque([me])
    while queue:
        at = queue.popleft()
        for key in _edges(app if at == me else get(at), get):
            if key == me:
                return _cycle(me, at, came_from)
            if key not in came_from:
                came_from[key] = at
                queue.append(key)
    return ()


def reachable(starts: Iterable[Key], get: Get) -> set[Key]:
    """These, and their direct and indirect dependencies."""
    found, queue = set(starts), deque(starts)
    while queue:
        for key in dependencies_of(get(queue.popleft()) or {}):
            if key not in found:
                found.add(key)
                queue.append(key)
    return found


def waits_for(app: JsonObject, get: Get) -> str:
    """What a sync waits for, as text; "" if every dependency exists and is synced and healthy."""
    namespace = read(Application, app).metadata.namespace
    reasons = ((key, _unready(app, get(key))) for key in dependencies_of(app))
    found = [f"application {_name(key, namespace)}{reason}" for key, reason in reasons if reason]
    if not found:
        return ""
    more = len(found) - 1
    return f"waiting for {found[0]}" + (f" and {more} more application{'s' if more > 1 else ''}" if more else "")


def readiness(app: JsonObject | None) -> tuple[object, ...]:
    """The part of an Application that its dependents depend on."""
    if app is None:
        return ()
    seen = read(Application, app)
    status, is_deleted = seen.status, bool(seen.metadata.deletion_timestamp)
    return status.sync.status, status.health.status, seen.has_operation, is_deleted, seen.spec.project or "default"


def may_name(app: JsonObject, dependency: JsonObject) -> bool:
    """Across namespaces only within a project: an annotation must neither reveal nor block other tenants."""
    same = read(Application, app).metadata.namespace == read(Application, dependency).metadata.namespace
    return same or _project(app) == _project(dependency)


@dataclass(frozen=True, slots=True)
class Reverse:
    """How dependents affect the deletion of an Application; "" and None if they do not."""

    awaited: str = ""
    mention: str = ""
    """The dependents that stay."""
    settles_in: float | None = None
    """Seconds in which some dependents may still be deleted, too."""


def deletion_waits(app: JsonObject, dependents: Iterable[JsonObject], get: Get, now: datetime) -> Reverse:
    """Those on a cycle with it are not awaited, so that a cycle can be deleted."""
    namespace = read(Application, app).metadata.namespace
    mine = reachable(dependencies_of(app), get)
    others = [other for other in dependents if _key(other) != _key(app) and may_name(other, app)]
    waiting = [(_key(other), _is_deleted(other)) for other in others]
    progress = sorted(key for key, is_deleted in waiting if is_deleted and key not in mine)
    staying = sorted(key for key, is_deleted in waiting if not is_deleted and key not in mine)
    awaited = f"waiting for {_list(progress, namespace)} to be deleted first" if progress else ""
    verb = "depend on" if len(staying) > 1 else "depends on"
    mention = f"{_list(staying, namespace)} {verb} this one, which is being deleted" if staying else ""
    left = (parse(read(Application, app).metadata.deletion_timestamp) + SETTLING - now).total_seconds()
    return Reverse(awaited, mention, left if staying and left > 0 else None)


def _unready(app: JsonObject, dependency: JsonObject | None) -> str:
    if dependency is None or not may_name(app, dependency):
        return ", which does not exist"
    seen = read(Application, dependency)
    if seen.metadata.deletion_timestamp:
        return ", which is being deleted"
    status = seen.status
    sync, health = status.sync.status or "Unknown", status.health.status or "Unknown"
    if sync != "Synced":
        return f" to be Synced (it is {sync})"
    if health != "Healthy":
        return f" to be Healthy (it is {health})"
    return " to finish its sync" if seen.has_operation else ""


def _edges(app: JsonObject | None, get: Get) -> Sequence[Key]:
    """The dependencies that count; a missing one ends the path."""
    if app is None:
        return ()
    me = _key(app)
    found = ((key, get(key)) for key in dependencies_of(app))
    return [key for key, other in found if key == me or (other is not None and may_name(app, other))]


def _cycle(me: Key, last: Key, came_from: dict[Key, Key]) -> tuple[Key, ...]:
    way = [last]
    while way[-1] != me:
        way.append(came_from[way[-1]])
    way.reverse()
    first = way.index(min(way))
    turned = [*way[first:], *way[:first]]
    return (*turned, turned[0])


def _parsed(word: str, namespace: str) -> Key | None:
    parts = word.split("/")
    place, name = (namespace, parts[0]) if len(parts) == 1 else (parts[0], parts[-1])
    if len(parts) > 2 or any(len(part) > _LONGEST_NAME or not _NAME.fullmatch(part) for part in parts):
        return None
    return Key(place, name)


def _list(keys: Sequence[Key], namespace: str) -> str:
    named = ", ".join(_name(key, namespace) for key in keys[:3])
    more = f" and {len(keys) - 3} more" if len(keys) > 3 else ""
    return f"application{'s' if len(keys) > 1 else ''} {named}{more}"


def _name(key: Key, namespace: str) -> str:
    return key.name if key.namespace == namespace else f"{key.namespace}/{key.name}"


def _key(app: JsonObject) -> Key:
    metadata = read(Application, app).metadata
    return Key(metadata.namespace, metadata.name)


def _is_deleted(app: JsonObject) -> bool:
    return bool(read(Application, app).metadata.deletion_timestamp)


def _project(app: JsonObject) -> str:
    return read(Application, app).spec.project or "default"
