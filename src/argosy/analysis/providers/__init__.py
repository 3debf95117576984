"""The metric providers: one file each, `async measure(caller, question) -> Answer`, listed in one table.

A provider takes one measurement over its HTTP API through the egress policy; errors are CannotMeasure, whose text the
measurement shows. Jobs are not here: they are created and read in the cluster (`analysis/jobs.py`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from argosy.analysis.ports import Answer, Broken, Measure
from argosy.analysis.providers import (
    cloudwatch,
    datadog,
    graphite,
    influxdb,
    kayenta,
    new_relic,
    plugin,
    prometheus,
    skywalking,
    wavefront,
    web,
)
from argosy.analysis.providers.bounds import bounded
from argosy.analysis.providers.calling import LONGEST_SECONDS, Asked, Caller, CannotMeasure, asked
from argosy.analysis.settings import AnalysisSettings
from argosy.machinery.controller import Question
from argosy.runtime.clock import Clock
from argosy.runtime.engine import Answerer
from argosy.sources.egress import Egress

PROVIDERS: Final[Mapping[str, Callable[[Caller, Asked], Awaitable[Answer]]]] = {
    "prometheus": prometheus.measure,
    "web": web.measure,
    "datadog": datadog.measure,
    "newRelic": new_relic.measure,
    "cloudWatch": cloudwatch.measure,
    "graphite": graphite.measure,
    "influxdb": influxdb.measure,
    "kayenta": kayenta.measure,
    "skywalking": skywalking.measure,
    "wavefront": wavefront.measure,
    "plugin": plugin.measure,
}
LIMIT: Final = 64
PER_PLACE: Final = 8
"""How many measurements run at once, in total and for one address."""


class Providers:
    """The port's adapter."""

    def __init__(self, egress: Egress, clock: Clock, settings: AnalysisSettings) -> None:
        self._egress, self._clock, self._settings = egress, clock, settings

    async def measure(self, question: Measure) -> Answer:
        provider = PROVIDERS.get(question.provider)
        if provider is None:
            return Broken(message=f"no valid provider in metric '{question.metric}'")
        caller = Caller(self._egress)
        answer: Answer
        try:
            found = asked(question, self._clock.now(), self._settings)
            answer = await self._clock.external(_measured(provider, caller, found))
        except CannotMeasure as error:
            answer = Broken(message=str(error))
        return bounded(answer, caller.told)


async def _measured(provider: Callable[[Caller, Asked], Awaitable[Answer]], caller: Caller, question: Asked) -> Answer:
    return await provider(caller, question)


def answerers(egress: Egress, clock: Clock, settings: AnalysisSettings) -> dict[type[Question[Any]], Answerer]:
    """Slow servers delay no other: each has its own queue."""
    return {
        Measure: Answerer(
            answer=Providers(egress, clock, settings).measure,
            limit=LIMIT,
            timeout=LONGEST_SECONDS + 60,
            lane=lambda question: question.place,
            per_lane=PER_PLACE,
        )
    }
