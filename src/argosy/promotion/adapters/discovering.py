"""Answers `Discover`: one repository, looked into by the rules of one subscription.

Git repositories are mirrored once for all who subscribe to them; a branch's history is read once and shared.
"""

from __future__ import annotations

import json
from typing import Any

from argosy.promotion.adapters.discovering_charts import ChartDiscovery
from argosy.promotion.adapters.discovering_git import GitDiscovery
from argosy.promotion.adapters.discovering_images import ImageDiscovery
from argosy.promotion.adapters.tools import Effective
from argosy.promotion.credentials.matching import opened
from argosy.promotion.expressions import ExpressionFault
from argosy.promotion.warehouses.questions import Discover, Found
from argosy.promotion.warehouses.versions import SelectionError
from argosy.runtime.clock import Clock
from argosy.sources.port import Credentials, SourceError


class Discovering:
    def __init__(
        self, git: GitDiscovery, images: ImageDiscovery, charts: ChartDiscovery, effective: Effective, clock: Clock
    ) -> None:
        self._git, self._images, self._charts, self._effective = git, images, charts, effective
        self._clock = clock

    async def answer(self, question: Discover) -> Found:
        body = json.loads(question.body)
        try:
            credentials = await self._effective(_credentials(question, body))
            return Found(await self._found(question, body, credentials))
        except (SourceError, SelectionError, ExpressionFault) as error:
            return Found(error=f"error discovering {_what(question.kind, body)}: {error}")

    async def _found(self, question: Discover, body: Any, credentials: Credentials) -> Any:
        if question.kind == "git":
            age = (self._clock.now() - question.asked_at).total_seconds()
            return await self._git.found(body, credentials, age)
        if question.kind == "image":
            return await self._images.found(body, credentials)
        return await self._charts.found(body, credentials)


def _what(kind: str, body: Any) -> str:
    url = body.get("repoURL")
    if kind == "git":
        return f'newest applicable commits "{url}"'
    return f'newest applicable images "{url}"' if kind == "image" else f'chart versions "{url}"'


def _credentials(question: Discover, body: Any) -> Credentials:
    fields = json.loads(question.credentials.value)
    given = opened(next(iter(fields.values()), {}))
    if not body.get("insecureSkipTLSVerify"):
        return given
    return Credentials(**{**{f: getattr(given, f) for f in Credentials.__dataclass_fields__}, "insecure": True})
