"""What a DNS provider does, and the small HTTP client that providers with an API share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from argosy.runtime.clock import Clock
from argosy.sources.egress import Answer, Egress, complaint
from argosy.sources.port import Credentials, SourceError

LIMIT: Final = 4 * 1024 * 1024
TTL: Final = 60


class ProviderError(Exception):
    """The provider refused, or could not be reached; holds no credential."""


class Provider(Protocol):
    """Names end with a dot. Both methods are idempotent, and keep other values of the name. Raise ProviderError."""

    async def present(self, fqdn: str, zone: str, value: str) -> None: ...

    async def remove(self, fqdn: str, zone: str, value: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Api:
    """JSON over HTTPS; the provider's answer is shortened in errors, and the request is never in them."""

    name: str
    egress: Egress
    clock: Clock

    async def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        authorization: str = "",
        allowed: tuple[int, ...] = (),
    ) -> tuple[int, Any]:
        """Status and parsed answer. Raises ProviderError for a status of 300 or more that is not `allowed`."""
        content = None if body is None else json.dumps(body).encode()
        sent = {"Accept": "application/json", **({"Content-Type": "application/json"} if content else {})}
        answer = await self.send(method, url, {**sent, **(headers or {})}, content, authorization)
        if answer.status >= 300 and answer.status not in allowed:
            raise ProviderError(f"{self.name} answered {answer.status}: {shortened(answer.body)}")
        try:
            return answer.status, json.loads(answer.body) if answer.body.strip() else None
        except ValueError:
            raise ProviderError(f"{self.name} did not answer with JSON") from None

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None, authorization: str = ""
    ) -> Answer:
        """Any status is an answer. Raises ProviderError if there is none."""
        asked = self.egress.request(
            method, url, Credentials(), limit=LIMIT, body=content, headers=headers, authorization=authorization
        )
        try:
            return await self.clock.external(asked)
        except SourceError as error:
            raise ProviderError(f"{self.name} could not be asked: {error}") from None


def shortened(body: bytes) -> str:
    """The provider's error message; a body that is not such a document is not shown."""
    return complaint(body) or "without a message"


def relative(fqdn: str, zone: str) -> str:
    """A name relative to its zone, without trailing dots; empty for the zone itself."""
    return fqdn.removesuffix(zone).rstrip(".")


def bare(name: str) -> str:
    return name.rstrip(".")
