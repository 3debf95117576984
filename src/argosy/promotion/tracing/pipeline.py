"""The objects that a trace needs: those of one project, and the Applications and Rollouts around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from argosy.apis.argoproj import Application
from argosy.apis.kargo import Freight, Promotion, Stage
from argosy.apis.kargo.artifacts import Origin
from argosy.apis.rollouts import Rollout


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    freight: Sequence[Freight] = ()
    stages: Sequence[Stage] = ()
    promotions: Sequence[Promotion] = ()
    applications: Sequence[Application] = ()
    rollouts: Sequence[Rollout] = ()

    def stage(self, namespace: str, name: str) -> Stage | None:
        return next((one for one in self.stages if _place(one) == (namespace, name)), None)

    def stages_for(self, piece: Freight) -> list[Stage]:
        """Stages that request its origin, upstream ones first."""
        wanted = [
            one
            for one in self.stages
            if one.metadata.namespace == piece.metadata.namespace and one.request_of(piece.origin) is not None
        ]
        return sorted(wanted, key=lambda one: (self._depth(one, piece.origin, ()), one.metadata.name))

    def _depth(self, stage: Stage, origin: Origin, seen: tuple[str, ...]) -> int:
        request = stage.request_of(origin)
        above = request.sources.stages if request else ()
        found = [self.stage(stage.metadata.namespace, one) for one in above if one not in seen]
        passed = (*seen, stage.metadata.name)
        return max((1 + self._depth(one, origin, passed) for one in found if one is not None), default=0)

    def promotions_of(self, piece: Freight, stage: Stage) -> list[Promotion]:
        """Oldest first."""
        found = [
            one
            for one in self.promotions
            if one.metadata.namespace == stage.metadata.namespace
            and one.spec.stage == stage.metadata.name
            and one.spec.freight == piece.metadata.name
        ]
        return sorted(found, key=lambda one: (one.metadata.creation_timestamp, one.metadata.name))

    def application(self, namespace: str, name: str) -> Application | None:
        return next((one for one in self.applications if _place(one) == (namespace, name)), None)


def _place(one: Stage | Application) -> tuple[str, str]:
    return one.metadata.namespace, one.metadata.name
