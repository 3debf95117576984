"""Objects of an Application with their sync, health and last result, as `argocd` prints them; and changes of them.

The rows of the last operation come first, in its order; an object that it did not touch follows, by its key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from argosy.cli.printing import one_line, table
from argosy.machinery.objects import JsonObject

HEADER: Final = ("GROUP", "KIND", "NAMESPACE", "NAME", "STATUS", "HEALTH", "HOOK", "MESSAGE")
WIDTHS: Final = (0, 5, 10, 10, 20, 8, 7, 10, 0)
"""The least widths of a change's columns, which stand at the right; two blanks follow."""
LEAST: Final = 5
Identity = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class ResourceState:
    group: str
    kind: str
    namespace: str
    name: str
    status: str = ""
    health: str = ""
    hook: str = ""
    message: str = ""

    @property
    def key(self) -> Identity:
        return self.group, self.kind, self.namespace, self.name

    @property
    def cells(self) -> tuple[str, ...]:
        return *self.key, self.status, self.health, self.hook, self.message

    def merged(self, newer: ResourceState) -> ResourceState:
        """What the newer one says; where it says nothing, what was known."""
        return replace(
            self,
            status=newer.status or self.status,
            health=newer.health or self.health,
            hook=newer.hook or self.hook,
            message=newer.message or self.message,
        )


def states_of(app: JsonObject, selected: Sequence[JsonObject] = ()) -> list[ResourceState]:
    """`selected`: of these alone, as `--resource` names them."""
    status = app.get("status") or {}
    resources = {identity(item): item for item in status.get("resources") or ()}
    states = []
    for place, result in results(status).items():
        resource = resources.get(place)
        hook, message = str(result.get("hookType") or ""), str(result.get("message") or "")
        if resource is not None and not hook:
            states.append(ResourceState(*place, *_of(resource), hook, message))
        else:
            phase, word = str(result.get("hookPhase") or ""), str(result.get("status") or "")
            states.append(ResourceState(*place, phase, word, hook, message))
        resources.pop(place, None)
    states += [ResourceState(*place, *_of(resources[place])) for place in sorted(resources, key=_text_of)]
    return [one for one in states if is_selected(one.key, selected)]


def _of(resource: JsonObject) -> tuple[str, str]:
    return str(resource.get("status") or ""), str((resource.get("health") or {}).get("status") or "")


def _text_of(place: Identity) -> str:
    group, kind, namespace, name = place
    return f"{group}/{kind}/{namespace}/{name}"


def identity(item: JsonObject) -> Identity:
    return (
        str(item.get("group") or ""),
        str(item.get("kind") or ""),
        str(item.get("namespace") or ""),
        str(item.get("name") or ""),
    )


def results(status: JsonObject) -> dict[Identity, JsonObject]:
    """The last operation's results by object. A cluster-scoped object's result has the destination's namespace."""
    found = ((status.get("operationState") or {}).get("syncResult") or {}).get("resources") or ()
    unplaced = {identity(item) for item in status.get("resources") or () if not item.get("namespace")}
    places = ((identity(item), identity({**item, "namespace": ""}), item) for item in found)
    return {bare if bare in unplaced else given: item for given, bare, item in places}


def is_selected(place: Identity, selected: Sequence[JsonObject]) -> bool:
    """Whether `--resource` names it: without including ones all are meant, and an excluding one wins."""
    including = [one for one in selected if not one.get("exclude")]
    if including and not any(_matches(one, place) for one in including):
        return False
    return not any(_matches(one, place) for one in selected if one.get("exclude"))


def _matches(wanted: JsonObject, place: Identity) -> bool:
    group, kind, namespace, name = place
    return (
        wanted.get("group") in ("*", group)
        and wanted.get("kind") in ("*", kind)
        and wanted.get("name") in ("*", name)
        and (wanted.get("namespace") or "*") in ("*", namespace)
    )


def state_table(states: Iterable[ResourceState]) -> str:
    return table(HEADER, [one.cells for one in states])


class Changes:
    """The rows of what changed since they were asked for last, while a command waits."""

    def __init__(self) -> None:
        self._known: dict[Identity, ResourceState] = {}
        self._is_first = True

    def rows(self, states: Iterable[ResourceState], now: datetime) -> str:
        """A line for each object that is new or differs; a header before the first. `now`: with the local offset."""
        changed = [one for state in states if (one := self._told(state)) is not None]
        if not changed:
            return ""
        lines = [("TIMESTAMP", *HEADER)] if self._is_first else []
        self._is_first = False
        at = now.strftime("%Y-%m-%dT%H:%M:%S%z")
        stamp = f"{at[:-2]}:{at[-2:]}"
        return _aligned([*lines, *((stamp, *map(one_line, one.cells)) for one in changed)])

    def _told(self, state: ResourceState) -> ResourceState | None:
        before = self._known.get(state.key)
        merged = state if before is None else before.merged(state)
        self._known[state.key] = merged
        return merged if merged != before else None


def _aligned(lines: Sequence[Sequence[str]]) -> str:
    cells = [[cell.rjust(width) for cell, width in zip(line, WIDTHS, strict=True)] for line in lines]
    widths = [max(LEAST, *(len(line[column]) + 2 for line in cells)) for column in range(len(WIDTHS) - 1)]
    return "".join(
        "".join(cell.ljust(width) for cell, width in zip(line, widths, strict=False)) + line[-1] + "\n"
        for line in cells
    )
