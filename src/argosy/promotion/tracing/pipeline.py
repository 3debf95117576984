"""What is looked through to trace a change: the objects of one project, and the Applications and Rollouts around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from argosy.machinery.objects import JsonObject
from argosy.promotion.freight.availability import origin_text, request_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    freight: Sequence[JsonObject] = ()
    stages: Sequence[JsonObject] = ()
    promotions: Sequence[JsonObject] = ()
    applications: Sequence[JsonObject] = ()
    rollouts: Sequence[JsonObject] = ()

    def stage(self, namespace: str, name: str) -> JsonObject | None:
        return next((one for one in self.stages if place(one) == (namespace, name)), None)

    def stages_for(self, piece: JsonObject) -> list[JsonObject]:
        """Those that request its origin, upstream ones first."""
        origin, namespace = origin_text(piece.get("origin") or {}), piece["metadata"]["namespace"]
        wanted = [
            one
            for one in self.stages
            if one["metadata"]["namespace"] == namespace and request_of(one, origin) is not None
        ]
        return sorted(wanted, key=lambda one: (self._depth(one, origin, ()), one["metadata"]["name"]))

    def _depth(self, stage: JsonObject, origin: str, seen: tuple[str, ...]) -> int:
        name = stage["metadata"]["name"]
        above = (request_of(stage, origin) or {}).get("sources", {}).get("stages") or ()
        found = [self.stage(stage["metadata"]["namespace"], one) for one in above if one not in seen]
        return max((1 + self._depth(one, origin, (*seen, name)) for one in found if one is not None), default=0)

    def promotions_of(self, piece: JsonObject, stage: JsonObject) -> list[JsonObject]:
        """Oldest first."""
        found = [
            one
            for one in self.promotions
            if one["metadata"]["namespace"] == stage["metadata"]["namespace"]
            and one["spec"]["stage"] == stage["metadata"]["name"]
            and one["spec"].get("freight") == piece["metadata"]["name"]
        ]
        return sorted(found, key=lambda one: (str(one["metadata"]["creationTimestamp"]), str(one["metadata"]["name"])))

    def application(self, namespace: str, name: str) -> JsonObject | None:
        return next((one for one in self.applications if place(one) == (namespace, name)), None)


def place(obj: JsonObject) -> tuple[str, str]:
    return str(obj["metadata"].get("namespace") or ""), str(obj["metadata"]["name"])
