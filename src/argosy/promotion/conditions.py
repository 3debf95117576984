"""Conditions of our resources: set, removed and kept in a fixed order; times change only when the status does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from argosy.apis.kubernetes.views.meta import Condition
from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject


class Conditions:
    """A working copy of an object's conditions."""

    def __init__(self, present: Iterable[Condition], generation: int, now: datetime) -> None:
        self._found: list[JsonObject] = [dict(one.raw) for one in present]
        self._generation, self._now = generation, timestamps.seconds(now)

    def get(self, type_: str) -> JsonObject | None:
        return next((one for one in self._found if one["type"] == type_), None)

    def is_true(self, type_: str) -> bool:
        one = self.get(type_)
        return one is not None and one["status"] == "True"

    def set(self, type_: str, status: str, reason: str, message: str = "") -> None:
        old = self.get(type_)
        moment = old["lastTransitionTime"] if old and old["status"] == status else self._now
        fresh = {
            "type": type_,
            "status": status,
            "reason": reason,
            "message": message,
            "observedGeneration": self._generation,
            "lastTransitionTime": moment,
        }
        if old is None:
            self._found.append(fresh)
        else:
            self._found[self._found.index(old)] = fresh

    def remove(self, *types: str) -> None:
        self._found = [one for one in self._found if one["type"] not in types]

    def ordered(self) -> list[JsonObject]:
        """In the order in which they were first set."""
        return list(self._found)
