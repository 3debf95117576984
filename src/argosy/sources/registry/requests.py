"""Requests to registries: not too many a second, with the token they require, and again after Retry-After."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from argosy.runtime.clock import Clock
from argosy.sources.egress import Answer, Egress, Sink
from argosy.sources.egress.client import TIMEOUT_SECONDS
from argosy.sources.port import Credentials, Unavailable
from argosy.sources.registry.answers import retry_after
from argosy.sources.registry.authentication import Authentication
from argosy.sources.registry.references import INDEX_TYPES, MANIFEST_TYPES, Repository
from argosy.sources.scrub import scrub

RETRIES: Final = 4
LONGEST_WAIT: Final = 60.0
ACCEPT: Final = ", ".join([*INDEX_TYPES, *MANIFEST_TYPES])


class Requests(Authentication):
    """Sends one request at its registry's turn."""

    def __init__(self, egress: Egress, clock: Clock, *, requests_per_second: float = 20.0) -> None:
        super().__init__(egress, clock)
        self._gap = 1.0 / requests_per_second
        self._free_at: dict[str, float] = {}
        self.requests_count = 0

    async def _send(
        self,
        method: str,
        url: str,
        place: Repository,
        credentials: Credentials,
        *,
        limit: int,
        body: bytes | Path | None = None,
        headers: Mapping[str, str] | None = None,
        push: bool = False,
        seconds: float = TIMEOUT_SECONDS,
        sink: Sink | None = None,
    ) -> Answer:
        """With the token the registry requires, and again after Retry-After."""
        scope = f"repository:{place.name}:{'pull,push' if push else 'pull'}"
        sent = {"Accept": ACCEPT, **(headers or {})}
        for _ in range(RETRIES):
            await self._turn(place)
            authorization = self._token(place, scope, credentials)
            answer = await self._clock.external(
                self._egress.request(
                    method,
                    url,
                    credentials,
                    limit=limit,
                    body=body,
                    headers=sent,
                    authorization=authorization,
                    seconds=seconds,
                    sink=sink,
                )
            )
            self.requests_count += 1
            if answer.status == 401 and await self._authorize(answer, place, scope, credentials, had=authorization):
                continue
            if answer.status != 429:
                return answer
            wait = retry_after(answer)
            if wait > LONGEST_WAIT:
                break
            self._free_at[place.base] = self._clock.monotonic() + wait
        if answer.status == 429:
            raise Unavailable(f"{scrub(place.base)}: too many requests: asks to wait {retry_after(answer):g} seconds")
        return answer

    async def _turn(self, place: Repository) -> None:
        now = self._clock.monotonic()
        free = max(now, self._free_at.get(place.base, now))
        self._free_at[place.base] = free + self._gap
        if free - now > self._gap * 20:  # a burst of twenty is allowed at once
            await self._clock.sleep(free - now)
