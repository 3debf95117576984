"""AnalysisRuns in virtual time: metrics whose values a script gives, Jobs that the simulated workloads run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from argosy import analysis
from argosy.analysis.ports import Answer, Broken, Measure, Measured
from argosy.apis.published import published
from argosy.cluster.store import Change
from argosy.expr.exprlang import floats
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.runtime.clock import Clock
from argosy.runtime.engine import Answerer
from tests.kit.engine import EngineWorld

RUNS = Resource("argoproj.io", "v1alpha1", "analysisruns", "AnalysisRun")
JOBS = Resource("batch", "v1", "jobs", "Job")
RUN = Key("default", "run")

Reply = Answer | float | Exception
"""A number stands for a Prometheus scalar."""


class Script:
    """Answers each metric by its list; the last reply stays. `asked` are the questions, in order."""

    def __init__(self, **replies: Sequence[Reply]) -> None:
        self.replies = {name.replace("_", "-"): list(given) for name, given in replies.items()}
        self.asked: list[Measure] = []
        self.slow: dict[str, float] = {}
        """Seconds that a metric's answers take."""
        self.clock: Clock | None = None

    async def measure(self, question: Measure) -> Answer:
        self.asked.append(question)
        if (seconds := self.slow.get(question.metric)) and self.clock is not None:
            await self.clock.sleep(seconds)
        replies = self.replies[question.metric]
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if isinstance(reply, Exception):
            raise reply
        return reply if not isinstance(reply, int | float) else value(float(reply))

    def answerers(self) -> dict[Any, Answerer]:
        return {Measure: Answerer(answer=self.measure, limit=16, lane=lambda question: question.place, per_lane=8)}


def value(number: float) -> Measured:
    return Measured(value=number, text=f"{number:g}")


def values(*numbers: float) -> Measured:
    return Measured(value=floats(numbers), text="[" + ",".join(f"{number:g}" for number in numbers) + "]")


def broken(message: str) -> Broken:
    return Broken(message=message)


class AnalysisWorld(EngineWorld):
    def __init__(
        self, script: Script | None = None, settings: analysis.AnalysisSettings | None = None, **more: Any
    ) -> None:
        self.script = script or Script()
        super().__init__(analysis.controllers(settings), self.script.answerers(), crds=published("rollouts"), **more)

    def __enter__(self) -> Self:
        self.script.clock = self.clock
        self.stored: dict[tuple[str, str], JsonObject] = {}
        """(kind, name) of what the server has at this instant: a goal may not ask it."""
        entered = super().__enter__()
        self.cluster.on_commit(self._committed)
        return entered

    def _committed(self, batch: Sequence[Change]) -> None:
        for change in batch:
            place = (str(change.obj["kind"]), str(change.obj["metadata"]["name"]))
            if change.new is None:
                self.stored.pop(place, None)
            else:
                self.stored[place] = change.obj

    def jobs(self) -> list[JsonObject]:
        return [obj for (kind, _), obj in self.stored.items() if kind == "Job"]

    def begin(self, *metrics: JsonObject, name: str = "run", **spec: Any) -> None:
        self.create(run(*metrics, name=name, **spec))

    def status(self, name: str = "run") -> JsonObject:
        return self.stored.get(("AnalysisRun", name), {}).get("status") or {}

    def phase(self, name: str = "run") -> str:
        return str(self.status(name).get("phase") or "")

    def result(self, metric: str, name: str = "run") -> JsonObject:
        results: list[JsonObject] = self.status(name).get("metricResults") or []
        return next((one for one in results if one["name"] == metric), {})

    def until(self, phase: str, name: str = "run") -> Any:
        return self.run_until(lambda: self.phase(name) == phase)

    def until_taken(self, metric: str, count: int) -> Any:
        return self.run_until(lambda: self.result(metric).get("count", 0) >= count)


def run(*metrics: JsonObject, name: str = "run", **spec: Any) -> JsonObject:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisRun",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"metrics": list(metrics), **spec},
    }


def metric(name: str = "m", condition: str = "result > 0.9", **more: Any) -> JsonObject:
    """Of Prometheus; an empty condition is none."""
    found: JsonObject = {"name": name, "provider": {"prometheus": {"address": "http://p:9090", "query": "up"}}, **more}
    return {**found, "successCondition": condition} if condition else found


def job_metric(name: str = "job", image: str = "check", **more: Any) -> JsonObject:
    container = {"name": "check", "image": image}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    return {"name": name, "provider": {"job": {"spec": {"backoffLimit": 0, "template": template}}}, **more}
