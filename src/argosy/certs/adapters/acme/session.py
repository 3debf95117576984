"""Requests to one ACME server: its directory, nonces, signed messages, and the meaning of its errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, Protocol

from argosy.certs.acme.ports import Refused, Server, Unavailable
from argosy.certs.adapters.acme import jws
from argosy.certs.pki import keys
from argosy.certs.pki.jwk import jwk
from argosy.machinery.objects import JsonObject
from argosy.runtime.clock import Clock
from argosy.sources.egress import Answer, Egress
from argosy.sources.port import Credentials, SourceError

SECONDS: Final = 90.0
LIMIT: Final = 512 * 1024
"""Limit in bytes for an answer; a chain is smaller."""
NONCES: Final = 16
NONCE_TRIES: Final = 6
LONGEST_PAUSE: Final = 3.0
DIRECTORY_LASTS: Final = timedelta(minutes=10)
JOSE: Final = "application/jose+json"
BAD_NONCE: Final = "urn:ietf:params:acme:error:badNonce"
Counted = Mapping[str, str]


class Troubled(Exception):
    """A request failed; `trouble` says how."""

    def __init__(self, trouble: Refused | Unavailable) -> None:
        super().__init__(str(trouble))
        self.trouble = trouble


class Observed(Protocol):
    """Called for each request, for metrics."""

    def __call__(self, url: str, action: str, method: str, status: str, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Signer:
    """An account's key; without an account URL the key itself is sent."""

    key: keys.Key
    account: str = ""


class Session:
    """One server; its nonces and directory are shared by all accounts."""

    def __init__(self, server: Server, egress: Egress, clock: Clock, observed: Observed) -> None:
        self.server = server
        self._egress, self._clock, self._observed = egress, clock, observed
        self._credentials = Credentials(insecure=server.skip_tls_verify, ca_pem=server.ca_bundle)
        self._nonces: list[str] = []
        self._directory: JsonObject = {}
        self._read_at: datetime | None = None

    async def directory(self) -> JsonObject:
        """Raises Troubled."""
        now = self._clock.now()
        if self._read_at is None or now >= self._read_at + DIRECTORY_LASTS:
            answer = await self.get(self.server.url)
            found = json_of(answer)
            if not isinstance(found.get("newNonce"), str):
                raise Troubled(Refused(answer.status, "", f"{self.server.url} is not an ACME directory"))
            self._directory, self._read_at = found, now
        return self._directory

    async def url_of(self, name: str) -> str:
        """Raises Troubled for an operation that the server does not offer."""
        found = (await self.directory()).get(name)
        if not isinstance(found, str):
            raise Troubled(Refused(404, "", f"the server's directory has no {name}"))
        return found

    async def get(self, url: str, action: str = "directory") -> Answer:
        """Raises Troubled."""
        answer = await self._send("GET", url, action)
        if answer.status != 200:
            raise refusal(answer, self._clock.now())
        return answer

    async def post(self, url: str, signer: Signer, payload: Mapping[str, Any] | None, action: str) -> Answer:
        """A signed POST; only a bad nonce is tried again. Raises Troubled."""
        who = {"kid": signer.account} if signer.account else {"jwk": jwk(signer.key)}
        for attempt in range(NONCE_TRIES + 1):
            nonce = self._nonces.pop() if self._nonces else await self._new_nonce()
            body = jws.signed(signer.key, {"nonce": nonce, "url": url, **who}, payload)
            answer = await self._send("POST", url, action, body)
            if answer.status < 400:
                return answer
            if problem_of(answer).get("type") != BAD_NONCE or attempt == NONCE_TRIES:
                break
            await self._clock.sleep(min(0.1 * 2**attempt, LONGEST_PAUSE))
        raise refusal(answer, self._clock.now())

    async def _new_nonce(self) -> str:
        answer = await self._send("HEAD", await self.url_of("newNonce"), "newNonce", keeps_nonce=False)
        if not (nonce := answer.headers.get("replay-nonce", "")):
            raise Troubled(Unavailable("the server gave no nonce"))
        return nonce

    async def _send(
        self, method: str, url: str, action: str, body: bytes | None = None, *, keeps_nonce: bool = True
    ) -> Answer:
        headers = {"Content-Type": JOSE} if body is not None else {}
        began, status = self._clock.monotonic(), "0"
        try:
            asked = self._egress.request(
                method, url, self._credentials, limit=LIMIT, body=body, headers=headers, seconds=SECONDS
            )
            answer = await self._clock.external(asked)
            status = str(answer.status)
        except SourceError as error:
            why = str(error).removeprefix(f"{url}: ")
            raise Troubled(Unavailable(f'{method.capitalize()} "{url}": {why}')) from None
        finally:
            self._observed(url, action, method, status, self._clock.monotonic() - began)
        nonce = answer.headers.get("replay-nonce", "")
        if nonce and keeps_nonce and len(self._nonces) < NONCES:
            self._nonces.append(nonce)
        return answer


def refusal(answer: Answer, now: datetime) -> Troubled:
    """A refusal of the request, or a temporary error of the server."""
    problem = problem_of(answer)
    refused = Refused(answer.status, text_of(problem, "type"), text_of(problem, "detail"))
    if answer.status == 429 or answer.status >= 500:
        return Troubled(Unavailable(str(refused), retry_after(answer, now)))
    return Troubled(refused)


def problem_of(answer: Answer) -> JsonObject:
    """An error document (RFC 7807). Any other body is hidden: an issuer's author may not be allowed to read it."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    return {"detail": f"an answer of {len(answer.body)} bytes that is not a problem document"}


def json_of(answer: Answer) -> JsonObject:
    """Raises Troubled if the body is not a JSON object: an answer is untrusted."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Troubled(Unavailable(f"{answer.url} did not answer with a JSON object"))
    return found


def text_of(value: Mapping[str, Any], name: str) -> str:
    found = value.get(name)
    return found[:2000] if isinstance(found, str) else ""


def retry_after(answer: Answer, now: datetime) -> float:
    """Seconds; 0 if the server gave none that can be parsed."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max((parsedate_to_datetime(text) - now).total_seconds(), 0.0) if text else 0.0
    except (ValueError, TypeError):
        return 0.0
