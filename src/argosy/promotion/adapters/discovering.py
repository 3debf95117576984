"""Answers `Discover`: searches one repository by the rules of one subscription.

Git repositories are mirrored once for all their subscriptions; a branch's history is read once and shared.
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
from argosy.promotion.warehouses.versions import FilterFault, SelectionError
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
        except SelectionError as error:
            return Found(error=f"error obtaining selector for {_selected(question.kind, body)}: {error}")
        except (SourceError, FilterFault, ExpressionFault) as error:
            return Found(
                error=f"error discovering {_looked_for(question.kind, body)}{_reason(question.kind, body, error)}"
            )

    async def _found(self, question: Discover, body: Any, credentials: Credentials) -> Any:
        if question.kind == "git":
            age = (self._clock.now() - question.asked_at).total_seconds()
            return await self._git.found(body, credentials, age)
        if question.kind == "image":
            return await self._images.found(body, credentials)
        return await self._charts.found(body, credentials)


def _selected(kind: str, body: Any) -> str:
    words = {"git": "commits from git repo", "image": "image", "chart": "chart versions from helm chart repo"}
    return f'{words[kind]} "{body.get("repoURL")}"'


def _looked_for(kind: str, body: Any) -> str:
    newest = "newest applicable images" if kind == "image" else ""
    return f'{newest} "{body.get("repoURL")}"' if newest else _selected(kind, body)


def _reason(kind: str, body: Any, error: Exception) -> str:
    """The remote's error message, prefixed with the operation that failed."""
    if not isinstance(error, SourceError):
        return f": {error}"
    url = body.get("repoURL")
    if kind == "git":
        return f': error cloning git repo "{url}": error cloning repo "{url}": {error}'
    if kind == "chart" and url.startswith("oci://"):
        return f': error retrieving versions of chart from repository "{url}": {error}'
    return f": {error}"


def _credentials(question: Discover, body: Any) -> Credentials:
    fields = json.loads(question.credentials.value)
    given = opened(next(iter(fields.values()), {}))
    if not body.get("insecureSkipTLSVerify"):
        return given
    return Credentials(**{**{f: getattr(given, f) for f in Credentials.__dataclass_fields__}, "insecure": True})
