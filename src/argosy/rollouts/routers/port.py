"""The interface of routers, and the drafts of the objects that they change."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.status import WeightDestination
from argosy.apis.rollouts.steps import SetHeaderRoute, SetMirrorRoute
from argosy.machinery.objects import JsonObject, Key, Resource, key_of
from argosy.machinery.patches.mergepatch import create_merge_patch
from argosy.machinery.requests import Write, create, delete, merge
from argosy.rollouts.routers.versions import written_as

Shares = Sequence[WeightDestination]
"""Further services with their own weights: those of an experiment."""
Tell = Callable[[Literal["Normal", "Warning"], str, str], None]
"""(type, reason, message) of an event."""


class RoutingError(Exception):
    """The router's objects are invalid; the text says why."""


class Router(Protocol):
    """Called in this order in each turn; a router ignores calls that do not concern it."""

    kind: str

    def remove_managed_routes(self) -> None: ...

    def set_header_route(self, route: SetHeaderRoute) -> None: ...

    def set_mirror_route(self, route: SetMirrorRoute) -> None: ...

    def update_hash(self, canary: str, stable: str, shares: Shares) -> None: ...

    def set_weight(self, weight: int, shares: Shares) -> None: ...

    def verify_weight(self, weight: int, shares: Shares) -> bool | None:
        """None: this router cannot verify it."""
        ...


@dataclass(slots=True)
class Drafts:
    """Copies of the objects with their changes, and which of these were returned as writes already.

    Each call to a router is a separate write, as upstream: users see its states one by one.
    """

    seen: Mapping[tuple[Resource, Key], JsonObject]
    changed: dict[tuple[Resource, Key], JsonObject | None] = field(default_factory=dict)
    flushed: dict[tuple[Resource, Key], JsonObject | None] = field(default_factory=dict)

    def get(self, resource: Resource, key: Key) -> JsonObject | None:
        """An object to change; None if it does not exist."""
        place = resource, key
        if place not in self.changed:
            if (found := self.seen.get(place)) is None:
                return None
            self.changed[place] = copy.deepcopy(found)
        return self.changed[place]

    def peek(self, resource: Resource, key: Key) -> JsonObject | None:
        """An object that is only read."""
        place = resource, key
        return self.changed[place] if place in self.changed else self.seen.get(place)

    def put(self, resource: Resource, obj: JsonObject) -> None:
        self.changed[resource, key_of(obj)] = obj

    def drop(self, resource: Resource, key: Key) -> None:
        self.changed[resource, key] = None

    def flush(self) -> list[Write]:
        """The differences since the last call, in the order in which objects were touched.

        The first write of an object requires exactly the version that was read; later ones of a turn only the same uid.
        """
        found: list[Write] = []
        for place, wanted in self.changed.items():
            again = place in self.flushed
            before = self.flushed[place] if again else self.seen.get(place)
            if wanted == before:
                continue
            found += _write(place, before, wanted, self.seen.get(place), again=again)
            self.flushed[place] = copy.deepcopy(wanted)
        return found


def _write(
    place: tuple[Resource, Key],
    before: JsonObject | None,
    wanted: JsonObject | None,
    seen: JsonObject | None,
    *,
    again: bool,
) -> list[Write]:
    resource = written_as(place[0], wanted or seen or {})
    if wanted is None:
        return [delete(resource, seen, exact=not again)] if seen is not None else []
    if before is None:
        return [create(resource, wanted)]
    patch = create_merge_patch(before, wanted)
    return [merge(resource, seen, patch, exact=not again)] if patch and seen is not None else []


class Passive:
    """The defaults of a router that ignores most calls."""

    def __init__(self, rollout: Rollout, drafts: Drafts, report: Tell) -> None:
        self.rollout, self.drafts, self.report = rollout, drafts, report

    def remove_managed_routes(self) -> None:
        """Nothing of its own to remove."""

    def set_header_route(self, route: SetHeaderRoute) -> None:
        """Header routes are not supported."""

    def set_mirror_route(self, route: SetMirrorRoute) -> None:
        """Mirror routes are not supported."""

    def update_hash(self, canary: str, stable: str, shares: Shares) -> None:
        """Services carry the hashes."""

    def verify_weight(self, weight: int, shares: Shares) -> bool | None:
        return None

    def key(self, name: str) -> Key:
        return Key(self.rollout.namespace, name)
