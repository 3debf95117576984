"""JSON from a host's API: pages, limits and errors in one place. Tokens go in headers, and into no message."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from argosy.gitops.applicationsets.asked import HostNotFound
from argosy.gitops.applicationsets.params import GeneratorError
from argosy.runtime.clock import Clock
from argosy.sources.egress import Answer, Egress, refused_status
from argosy.sources.port import Credentials, SourceError

BODY_LIMIT: Final = 50 * 1024 * 1024
MOST_PAGES: Final = 500


class Web:
    """Reads one host."""

    def __init__(self, egress: Egress, clock: Clock, credentials: Credentials) -> None:
        self._egress = egress
        self._clock = clock
        self._credentials = credentials

    async def read(self, url: str, headers: Mapping[str, str]) -> Any:
        """The JSON at a URL. Raises HostNotFound for 404, GeneratorError for all else that is not 200."""
        answer = await self._get(url, headers)
        if answer.status in (404, 410):
            raise HostNotFound(str(refused_status(answer, "the host")))
        if answer.status != 200:
            raise GeneratorError(str(refused_status(answer, "the host")))
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError):
            raise GeneratorError(f"{answer.url}: the answer is not JSON") from None

    async def read_all(
        self, url: str, headers: Mapping[str, str], query: Mapping[str, str] | None = None, *, size: int = 100
    ) -> list[Any]:
        """Every page of a list; `per_page` and `limit` are both sent, as each host knows one of them."""
        made: list[Any] = []
        for page in range(1, MOST_PAGES + 1):
            asked = {**(query or {}), "per_page": str(size), "limit": str(size), "page": str(page)}
            found = await self.read(f"{url}?{urlencode(asked)}", headers)
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

    async def _get(self, url: str, headers: Mapping[str, str]) -> Answer:
        wanted = {"Accept": "application/json", **{k: v for k, v in headers.items() if k != "Authorization"}}
        fetch = self._egress.get(
            url,
            self._credentials,
            limit=BODY_LIMIT,
            headers=wanted,
            authorization=headers.get("Authorization", ""),
        )
        try:
            return await self._clock.external(fetch)
        except SourceError as error:
            raise GeneratorError(str(error)) from None
