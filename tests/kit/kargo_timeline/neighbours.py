"""The rooms besides promotion that some stories need: analysis for verification, GitOps for Applications."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from argosy import analysis
from argosy.analysis.ports import Measure
from argosy.analysis.providers import Providers
from argosy.machinery.objects import JsonObject
from argosy.promotion.promotions.questions import RunStep
from argosy.runtime.engine import Answerer
from argosy.sources.egress import Egress, EgressPolicy
from tests.kit.gitops import Bench
from tests.kit.kargo_timeline.serving import Script
from tests.kit.promotion import PromotionWorld

RENDERED = ("kustomize-build", "helm-template")


class Neighbours:
    def __init__(self, document: JsonObject, script: Script) -> None:
        text = json.dumps(document["given"]) + json.dumps(document["actions"])
        self._script = script
        self._verifies = "AnalysisTemplate\\n" in text or "verification:" in text
        self._syncs = "kind: Application\\n" in text
        self._renders = self._syncs or any(f"uses: {step}" in text for step in RENDERED)
        self._world: PromotionWorld | None = None
        self._egress = Egress(EgressPolicy(allow_loopback=True))

    def parts(self) -> dict[str, Any]:
        """For PromotionWorld."""
        found: dict[str, Any] = {"slow": self._slowed, "renders": self._renders}
        if self._verifies:
            found["more"] = analysis.controllers()
            found["answerers"] = {Measure: Answerer(answer=self._measure, limit=16)}
        return found

    async def _measure(self, question: Measure) -> Any:
        world = self._world
        assert world is not None
        await world.clock.sleep(self._delay(str(question.spec.value)))
        providers = Providers(self._egress, world.clock, analysis.AnalysisSettings())
        return await providers.measure(question)

    def _delay(self, text: str) -> float:
        paths = [path for path in self._script.answers if f'{path}"' in text or f"{path}?" in text]
        return max((self._script.delay(path) for path in paths), default=0.0)

    async def _slowed(self, question: RunStep) -> None:
        if question.uses.startswith("http") and self._world is not None:
            await self._world.clock.sleep(self._delay(str(question.job.value)))

    @contextmanager
    def beside(self, world: PromotionWorld) -> Iterator[None]:
        self._world = world
        try:
            with self._synced(world):
                yield
        finally:
            world.run(self._egress.close())

    @contextmanager
    def _synced(self, world: PromotionWorld) -> Iterator[None]:
        if not self._syncs:
            yield
            return
        bench = Bench(world, world.mirrors)
        bench.start()
        try:
            yield
        finally:
            bench.kill()
            for part in (bench.pool, bench.clusters, bench.lua, bench.jq):
                part.close()
