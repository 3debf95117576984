"""Signs in to registries as they require: with a password, or with a token of their token service.

Credentials are sent to a token service only if it is on the registry's host or known to belong to it: the `realm` in a
registry's response is untrusted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode, urlsplit

from argosy.runtime.clock import Clock
from argosy.sources.egress import Answer, Egress, refused_status, transport_only
from argosy.sources.helm import basic
from argosy.sources.port import Credentials
from argosy.sources.registry.answers import json_object
from argosy.sources.registry.references import Repository

TOKEN_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of a token service's answer."""
TOKEN_SECONDS: Final = 60.0
_CHALLENGE: Final = re.compile(r'(\w+)="([^"]*)"')
_TOKEN_HOSTS: Final[Mapping[str, frozenset[str]]] = {"registry-1.docker.io": frozenset({"auth.docker.io"})}


class Authentication:
    """The tokens of each registry, by scope and credentials, until they expire."""

    def __init__(self, egress: Egress, clock: Clock) -> None:
        self._egress = egress
        self._clock = clock
        self._tokens: dict[tuple[str, str, Credentials], tuple[float, str]] = {}

    def _token(self, place: Repository, scope: str, credentials: Credentials) -> str:
        until, token = self._tokens.get((place.base, scope, credentials), (0.0, ""))
        return token if self._clock.monotonic() < until else ""

    async def _authorize(
        self, answer: Answer, place: Repository, scope: str, credentials: Credentials, *, had: str
    ) -> bool:
        """Whether there is a new credential to try."""
        challenge = answer.headers.get("www-authenticate", "")
        if challenge.lower().startswith("basic"):
            token, seconds = basic(credentials), TOKEN_SECONDS * 60
        elif challenge.lower().startswith("bearer"):
            token, seconds = await self._bearer(challenge, place, scope, credentials)
        else:
            return False
        if not token or token == had:
            return False
        self._tokens[place.base, scope, credentials] = (self._clock.monotonic() + seconds, token)
        return True

    async def _bearer(
        self, challenge: str, place: Repository, scope: str, credentials: Credentials
    ) -> tuple[str, float]:
        fields = dict(_CHALLENGE.findall(challenge))
        realm = fields.get("realm", "")
        query = urlencode({"service": fields.get("service", ""), "scope": scope})
        own = _may_have_credentials(realm, place)
        answer = await self._clock.external(
            self._egress.get(
                f"{realm}{'&' if '?' in realm else '?'}{query}",
                credentials if own else transport_only(credentials),
                limit=TOKEN_LIMIT,
                authorization=basic(credentials) if own else "",
                plain_http=place.base.startswith("http://"),
            )
        )
        if answer.status != 200:
            raise refused_status(answer, "failed to get a registry token")
        found = json_object(answer)
        seconds = found.get("expires_in")
        return (
            f"Bearer {found.get('token') or found.get('access_token') or ''}",
            max(1.0, min(float(seconds if isinstance(seconds, int | float) else 60), 3600.0) - 5.0),
        )


def _may_have_credentials(realm: str, place: Repository) -> bool:
    registry, service = urlsplit(place.base), urlsplit(realm)
    if service.scheme != "https" and service.scheme != registry.scheme:
        return False
    host = service.hostname or ""
    return host == registry.hostname or host in _TOKEN_HOSTS.get(registry.hostname or "", frozenset())
