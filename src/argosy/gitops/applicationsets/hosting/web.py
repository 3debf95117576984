"""JSON from a host's API: pages, limits and errors in one place. Tokens are sent in headers, and never in messages."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlencode

from argosy.gitops.applicationsets.generator_context import HostNotFound
from argosy.gitops.applicationsets.hosting.github_metrics import GitHubMetrics
from argosy.gitops.applicationsets.params import GeneratorError
from argosy.runtime.clock import Clock
from argosy.sources.egress import Answer, Egress, refused_status
from argosy.sources.port import Credentials, SourceError
from argosy.sources.scrub import scrub

BODY_LIMIT: Final = 50 * 1024 * 1024
MOST_PAGES: Final = 500
LONGEST_WAIT: Final = 3600.0


class Web:
    """Requests to one host."""

    def __init__(
        self, egress: Egress, clock: Clock, credentials: Credentials, github: GitHubMetrics | None = None
    ) -> None:
        """`github`: counts requests, if it is GitHub."""
        self._github = github
        self._egress = egress
        self._clock = clock
        self._credentials = credentials

    async def read(self, url: str, headers: Mapping[str, str]) -> Any:
        """The JSON at a URL. Raises HostNotFound for 404, GeneratorError for any other status than 200."""
        answer = await self.get(url, headers)
        if answer.status in (404, 410):
            raise HostNotFound(str(refused_status(answer, "the host")))
        return self.json(answer)

    def json(self, answer: Answer) -> Any:
        """The body of a successful answer. Raises GeneratorError, with the time to wait if the host gave it."""
        if answer.status != 200:
            wait = retry_after(answer, self._clock.now())
            until = f", to be asked again in {wait:.0f} s" if wait else ""
            raise GeneratorError(f"{refused_status(answer, 'the host')}{until}", retry_after=wait)
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError):
            raise GeneratorError(f"{scrub(answer.url)}: the answer is not JSON") from None

    async def read_all(
        self, url: str, headers: Mapping[str, str], query: Mapping[str, str] | None = None, *, size: int = 100
    ) -> list[Any]:
        """Every page of a list; `per_page` and `limit` are both sent, since each host knows one of them."""

        def page(number: int, _: list[Any]) -> Mapping[str, str]:
            return {"per_page": str(size), "limit": str(size), "page": str(number)}

        return await self.pages(url, headers, query or {}, page, lambda found: found, size)

    async def pages(
        self,
        url: str,
        headers: Mapping[str, str],
        query: Mapping[str, str],
        page: Callable[[int, list[Any]], Mapping[str, str]],
        items: Callable[[Any], Any],
        size: int,
    ) -> list[Any]:
        """Pages until one is shorter than `size`. `page`: requests the n-th one, after those already read."""
        made: list[Any] = []
        for number in range(1, MOST_PAGES + 1):
            found = items(await self.read(f"{url}?{urlencode({**query, **page(number, made)})}", headers))
            if not isinstance(found, list):
                raise GeneratorError("the host answered with something that is not a list")
            made += found
            if len(found) < size:
                return made
        raise GeneratorError(f"the host has more than {MOST_PAGES} pages")

    async def exists(self, url: str, headers: Mapping[str, str]) -> bool:
        try:
            await self.read(url, headers)
        except HostNotFound:
            return False
        return True

    async def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Any status is an answer. Raises GeneratorError if there is none."""
        wanted = {"Accept": "application/json", **{k: v for k, v in headers.items() if k != "Authorization"}}
        fetch = self._egress.get(
            url,
            self._credentials,
            limit=BODY_LIMIT,
            headers=wanted,
            authorization=headers.get("Authorization", ""),
        )
        began = self._clock.monotonic()
        try:
            answer = await self._clock.external(fetch)
        except SourceError as error:
            self._count(url, 0, {}, began)
            raise GeneratorError(str(error)) from None
        self._count(url, answer.status, answer.headers, began)
        return answer

    def _count(self, url: str, status: int, headers: Mapping[str, str], began: float) -> None:
        if self._github is not None:
            clock = self._clock
            self._github.asked(url, status, headers, clock.monotonic() - began, clock.now().timestamp())


def retry_after(answer: Answer, now: datetime) -> float:
    """Seconds that the host asks to wait; 0 if it does not say. At most an hour."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    text = headers.get("retry-after", "").strip()
    if text.isdigit():
        return min(float(text), LONGEST_WAIT)
    try:
        if text:
            return _until(parsedate_to_datetime(text).timestamp(), now)
        if headers.get("x-ratelimit-remaining") == "0":
            return _until(float(headers.get("x-ratelimit-reset", "")), now)
    except (ValueError, OverflowError):
        return 0.0
    return 0.0


def _until(moment: float, now: datetime) -> float:
    return min(max(0.0, moment - now.timestamp()), LONGEST_WAIT)


def basic(user: str, password: str) -> str:
    """The header of a user and a password."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
