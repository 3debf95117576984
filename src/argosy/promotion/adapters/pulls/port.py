"""What every host of pull requests can do, and the JSON API client that all of them use."""

from __future__ import annotations

import abc
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from argosy.promotion.adapters.providers import Hosted
from argosy.promotion.steps.kind import StepFault
from argosy.sources.egress import Answer, complaint
from argosy.sources.port import Credentials, SourceError
from argosy.sources.scrub import scrub

ANSWER_LIMIT: Final = 8 * 1024 * 1024

Send = Callable[..., Awaitable[Answer]]
"""(method, url, credentials, *, limit, body, headers, authorization) -> Answer"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    number: int
    url: str
    open: bool
    merged: bool
    draft: bool = False
    head: str = ""
    """The proposed commit."""
    merge_commit: str = ""
    created_at: str = ""
    mergeable: bool | None = None
    """None if the host does not know yet."""
    state: str = ""
    """The host's own status, if merging depends on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    source: str
    target: str
    title: str
    description: str
    labels: tuple[str, ...] = ()


class NotReady(Exception):
    """It cannot be merged now, but perhaps later."""


class PullRequests(abc.ABC):
    """Pull requests of one repository. Numbers are those that users see."""

    methods: tuple[str, ...] = ()
    """How it can be merged; empty means the host's default."""

    def __init__(self, send: Send, place: Hosted, credentials: Credentials) -> None:
        self._send = send
        self.place = place
        self._credentials = credentials

    @abc.abstractmethod
    async def between(self, source: str, target: str) -> list[PullRequest]:
        """Pull requests in any state, of these branches."""

    @abc.abstractmethod
    async def open(self, proposal: Proposal) -> PullRequest: ...

    @abc.abstractmethod
    async def get(self, number: int) -> PullRequest: ...

    @abc.abstractmethod
    async def merge(self, found: PullRequest, method: str) -> PullRequest:
        """Raises NotReady, or StepFault."""

    @abc.abstractmethod
    def authorization(self) -> Mapping[str, str]:
        """Headers."""

    async def call(
        self, method: str, url: str, body: Any = None, *, allowed: Iterable[int] = (200, 201, 204)
    ) -> tuple[int, Any]:
        """Status and parsed answer. Raises StepFault for any other status."""
        headers = {"Accept": "application/json", "User-Agent": "argosy", **self.authorization()}
        data = orjson.dumps(body) if body is not None else None
        if data is not None:
            headers["Content-Type"] = "application/json"
        try:
            answer = await self._send(method, url, self._transport(), limit=ANSWER_LIMIT, body=data, headers=headers)
        except SourceError as error:
            raise StepFault(str(error)) from None
        if answer.status not in allowed:
            raise StepFault(f"{method} {scrub(url)}: answered {answer.status}: {self._error_message(answer)}")
        return answer.status, _parsed(answer)

    def _error_message(self, answer: Answer) -> str:
        return scrub(complaint(answer.body), self._credentials) or "without a message"

    def _transport(self) -> Credentials:
        return Credentials(insecure=self._credentials.insecure, ca_pem=self._credentials.ca_pem)

    @property
    def token(self) -> str:
        return self._credentials.password or self._credentials.bearer_token


def _parsed(answer: Answer) -> Any:
    if not answer.body:
        return {}
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        raise StepFault(f"{scrub(answer.url)}: the answer is not JSON") from None


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def items(value: Any) -> list[Any]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
