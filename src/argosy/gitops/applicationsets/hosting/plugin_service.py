"""The web services of `plugin` generators, called through the egress policy like everything else."""

from __future__ import annotations

import asyncio
import json
from typing import Final

from argosy.gitops.applicationsets.params import GeneratorError
from argosy.machinery.objects import JsonObject
from argosy.runtime.clock import Clock
from argosy.sources.egress import Answer, Egress
from argosy.sources.port import Credentials, SourceError
from argosy.sources.scrub import scrub

ANSWER_LIMIT: Final = 10 * 1024 * 1024


class PluginServices:
    """The `asked.Plugins` over HTTP."""

    def __init__(self, egress: Egress, clock: Clock) -> None:
        self._egress = egress
        self._clock = clock

    async def call(self, url: str, token: str, body: JsonObject, seconds: float) -> JsonObject:
        try:
            async with asyncio.timeout(seconds):
                answer = await self._clock.external(self._post(url, token, body))
        except TimeoutError:
            raise GeneratorError(f"plugin: {scrub(url)}: no answer within {seconds:g} s") from None
        except SourceError as error:
            raise GeneratorError(f"plugin: {error}") from None
        if answer.status != 200:
            raise GeneratorError(f"plugin: {scrub(url)} answered {answer.status}")
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise GeneratorError(f"plugin: {scrub(url)}: the answer is not a JSON object")
        return found

    async def _post(self, url: str, token: str, body: JsonObject) -> Answer:
        return await self._egress.post(
            url,
            Credentials(),
            json.dumps(body).encode(),
            limit=ANSWER_LIMIT,
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            authorization=f"Bearer {token}",
        )
