"""Shared by all providers: parsing the question, sending requests, and the error that fails a measurement."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import orjson

from argosy.analysis.ports import Measure
from argosy.analysis.settings import AnalysisSettings
from argosy.apis.rollouts.metrics import Metric
from argosy.expr.exprlang.encoding import numbered
from argosy.machinery import duration as durations
from argosy.machinery.duration import DurationError
from argosy.machinery.objects import JsonObject
from argosy.sources.egress import Answer, Egress
from argosy.sources.port import Credentials, SourceError

ANSWER_LIMIT: Final = 4 * 1024 * 1024
"""Limit in bytes for one answer."""
SECONDS: Final = 10.0
LONGEST_SECONDS: Final = 600.0
_SHOWN: Final = 1024
"""How many characters of an external answer an error shows."""


TELLING: Final = re.compile(r"auth|token|key|secret|cookie|password", re.IGNORECASE)
"""Names of headers that hold credentials."""


class CannotMeasure(Exception):
    """The measurement is an Error; the text is its message, and holds no credential."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question, parsed."""

    metric: Metric
    spec: JsonObject
    """The provider's configuration."""
    run: JsonObject
    credentials: Mapping[str, str] | None = field(repr=False)
    operation: str
    now: datetime
    settings: AnalysisSettings


def asked(question: Measure, now: datetime, settings: AnalysisSettings) -> Asked:
    metric = Metric(orjson.loads(question.spec.value))
    return Asked(
        metric=metric,
        spec=metric.provider.get(question.provider) or {},
        run=orjson.loads(question.run.value),
        credentials=orjson.loads(question.credentials.value),
        operation=question.operation,
        now=now,
        settings=settings,
    )


class Caller:
    """Sends requests through the egress policy. Raises CannotMeasure."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self.told = set[str]()
        """The hosts that were asked, and the credentials sent: a host may echo them, and none of that is shown."""

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        seconds: float = SECONDS,
        insecure: bool = False,
    ) -> Answer:
        """Any status is an answer. Redirects of a GET are followed, each checked like the first."""
        self.told |= {word for name, value in (headers or {}).items() if TELLING.search(name) for word in _words(value)}
        credentials = Credentials(insecure=insecure)
        seconds = min(seconds, LONGEST_SECONDS)
        try:
            async with asyncio.timeout(seconds):
                if method == "GET" and body is None:
                    return await self._egress.get(url, credentials, limit=ANSWER_LIMIT, headers=headers)
                return await self._egress.request(
                    method, url, credentials, limit=ANSWER_LIMIT, body=body, headers=headers, seconds=seconds
                )
        except TimeoutError:
            raise CannotMeasure(f'{method} "{_without_query(url)}": no answer within {seconds:g} s') from None
        except SourceError as error:
            raise CannotMeasure(str(error)) from None

    async def oauth2(self, given: JsonObject, *, seconds: float, insecure: bool) -> dict[str, str]:
        """The header of a client-credentials token, or none if it is not configured."""
        url = str(given.get("tokenUrl") or "")
        if not url:
            return {}
        identity, secret = str(given.get("clientId") or ""), str(given.get("clientSecret") or "")
        if not identity or not secret:
            raise CannotMeasure("missing mandatory parameter in metric for OAuth2 setup")
        form = {"grant_type": "client_credentials"}
        if scopes := given.get("scopes"):
            form["scope"] = " ".join(scopes)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await self.send(
            "POST",
            url,
            headers={**headers, **basic(identity, secret)},
            body=urlencode(form).encode(),
            seconds=seconds,
            insecure=insecure,
        )
        if not is_good(answer):  # some servers accept the client's credentials only in the form
            form |= {"client_id": identity, "client_secret": secret}
            body = urlencode(form).encode()
            answer = await self.send("POST", url, headers=headers, body=body, seconds=seconds, insecure=insecure)
        if not is_good(answer):
            raise CannotMeasure(f"oauth2: cannot fetch token: {answer.status}")
        token = decoded(answer, "oauth2: cannot parse json")
        if not isinstance(token, dict) or not token.get("access_token"):
            raise CannotMeasure("oauth2: server response missing access_token")
        return {"Authorization": f"Bearer {token['access_token']}"}


def _words(value: str) -> Iterator[str]:
    """A header's value, and its parts: `Bearer x`, `Basic` with user and password."""
    yield value
    kind, _, rest = value.partition(" ")
    if not rest:
        return
    yield rest
    if kind == "Basic":
        with suppress(ValueError):
            yield base64.b64decode(rest).decode("utf-8", "replace").partition(":")[2]


def basic(username: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()}


def is_good(answer: Answer) -> bool:
    return 200 <= answer.status < 300


def decoded(answer: Answer, complaint: str) -> Any:
    """JSON as Go reads it: numbers are floats. Raises CannotMeasure."""
    try:
        return numbered(orjson.loads(answer.body))
    except orjson.JSONDecodeError:
        raise CannotMeasure(f"{complaint}: it is not JSON") from None


def shown(answer: Answer) -> str:
    return answer.body[: 4 * _SHOWN].decode("utf-8", "replace")[:_SHOWN]


def seconds_of(text: object, default: float) -> float:
    """Parses a Go duration. Raises CannotMeasure."""
    if not text:
        return default
    try:
        return durations.nanoseconds(str(text)) / 1e9
    except DurationError as error:
        raise CannotMeasure(str(error)) from None


def custom_headers(given: Sequence[JsonObject] | None) -> dict[str, str]:
    return {str(header.get("key")): str(header.get("value") or "") for header in given or ()}


def is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc)


def _without_query(url: str) -> str:
    return url.partition("?")[0]
