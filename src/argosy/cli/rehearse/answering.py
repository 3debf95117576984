"""Answers the rooms' questions to the outside world from simulations; all other questions have their usual answers."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from argosy.analysis.ports import Measure
from argosy.cli.rooms.loading import Parts
from argosy.machinery.controller import Question
from argosy.notify.ports import Deliver
from argosy.promotion.adapters.discovering_images import ImageDiscovery
from argosy.promotion.promotions.questions import RunStep
from argosy.promotion.warehouses.questions import Discover, Found
from argosy.rehearse.notes import Notes
from argosy.rehearse.scenario import Scenario
from argosy.rehearse.simulated import authorities
from argosy.rehearse.simulated.images import SimulatedRegistry
from argosy.rehearse.simulated.metrics import SimulatedProviders
from argosy.rehearse.simulated.receivers import Receivers
from argosy.rehearse.simulated.steps import SimulatedSteps
from argosy.rehearse.simulated.traffic import Served, SimulatedTraffic
from argosy.rollouts.ports import RunStep as RolloutStep
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock
from argosy.runtime.engine import Answerer
from argosy.sealing.ports import MakeKey, Unseal
from argosy.sources.port import Credentials, SourceError

Answered = Callable[[Any], Awaitable[Any]]
IN_THREADS: Final = (MakeKey, Unseal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    scenario: Scenario
    registry: SimulatedRegistry
    receivers: Receivers
    notes: Notes
    clock: Clock
    rng: Rng

    def shaped(self, prometheus: Served) -> Callable[[str, Parts], Parts]:
        """For the rooms of one cluster. `prometheus`: the API for its simulated traffic."""
        traffic = SimulatedTraffic(prometheus, self.clock)
        providers = SimulatedProviders(self.scenario.metrics, traffic, self.notes)
        instead: dict[type[Question[Any]], Callable[[Answered], Answered]] = {
            Measure: lambda really: providers.measure,
            RunStep: lambda really: SimulatedSteps(really, self.notes).run,
            Discover: lambda really: self._discovering(really),
            Deliver: lambda really: self.receivers.deliver,
            RolloutStep: lambda really: self.receivers.step,
            **dict.fromkeys(IN_THREADS, self._outside),
        }
        signing = authorities.answerers(self.clock, self.rng.fork("authorities"), self.notes)

        def shape(room: str, parts: Parts) -> Parts:
            answerers: dict[type[Question[Any]], Answerer] = {}
            for kind, answerer in parts.answerers.items():
                around = instead.get(kind)
                answerers[kind] = signing.get(kind) or (
                    replace(answerer, answer=around(answerer.answer)) if around is not None else answerer
                )
            return replace(parts, answerers=answerers, serve=None)

        return shape

    def _outside(self, really: Answered) -> Answered:
        """Stops the virtual clock while threads work."""
        return lambda question: self.clock.external(really(question))

    def _discovering(self, really: Answered) -> Answered:
        """The images of the rehearsal; other repositories are read from their real registries."""
        images = ImageDiscovery(self.registry)

        async def discover(question: Discover) -> Found:
            body = json.loads(question.body)
            if question.kind != "image" or not self.registry.knows(body["repoURL"]):
                found: Found = await really(question)
                return found
            try:
                return Found(await images.found(body, Credentials()))
            except SourceError as error:
                return Found(error=str(error))

        return discover
