"""Quarantines invalid objects, so that one bad object stops no other (security rule 16).

A server refuses such objects; they come from older data, or from a bug elsewhere. Nothing is checked while all goes
well: only after an exception are the objects that may have caused it validated against their kind. A quarantined
object is absent for every controller until it changes.
"""

from __future__ import annotations

from collections.abc import Iterator

from argosy.cluster.workloads.decision import MANAGER, Event
from argosy.cluster.workloads.ports import Server
from argosy.cluster.workloads.resources import RESOURCES
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject, Key, key_of

Place = tuple[str, Key]


class Quarantine:
    def __init__(self, server: Server, view: View) -> None:
        self.flaws: dict[Place, str] = {}
        """Why an object is quarantined, by plural and key."""
        self._server, self._view = server, view
        self._sound: dict[Place, str] = {}
        """The resourceVersion at which an object was found to be valid."""

    def forget(self, plural: str, obj: JsonObject) -> None:
        """The object was changed or deleted: it is validated again when something fails again."""
        if self.flaws:
            self.flaws.pop((plural, key_of(obj)), None)

    def search(self, namespace: str) -> list[Event]:
        """Quarantines invalid objects in the namespace and among cluster-scoped objects."""
        return [self.set_aside(plural, obj, flaw) for plural, obj, flaw in list(self._flawed(namespace))]

    def set_aside(self, plural: str, obj: JsonObject, flaw: str) -> Event:
        self._view.set_aside(plural, obj)
        self.flaws[plural, key_of(obj)] = flaw
        about = {"kind": RESOURCES[plural].kind, "apiVersion": RESOURCES[plural].api_version, **obj}
        text = f"Not simulated until it changes: {flaw}"
        return Event(about=about, reason="Malformed", message=text, component=MANAGER, type="Warning")

    def flaw_of(self, plural: str, obj: JsonObject) -> str:
        place, revision = (plural, key_of(obj)), str(obj["metadata"].get("resourceVersion"))
        if self._sound.get(place) == revision:
            return ""
        flaw = self._server.flaw(RESOURCES[plural], obj)
        if not flaw:
            self._sound[place] = revision
        return flaw

    def _flawed(self, namespace: str) -> Iterator[tuple[str, JsonObject, str]]:
        for plural, resource in RESOURCES.items():
            if plural == "events":
                continue
            for obj in self._view.within(plural, namespace if resource.namespaced else ""):
                if flaw := self.flaw_of(plural, obj):
                    yield plural, obj, flaw
