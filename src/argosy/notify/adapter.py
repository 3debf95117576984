"""The port's real adapter: delivers through the egress policy, and reports errors without secrets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from argosy.machinery.controller import Question
from argosy.notify.metrics import Metrics, RolloutSends
from argosy.notify.ports import Deliver, Delivered, Undelivered
from argosy.notify.services import send
from argosy.notify.services.delivering import ANSWER_LIMIT, Delivery, Doors, Refused, Reply
from argosy.notify.threads import Remembered, Threads
from argosy.runtime.clock import Clock
from argosy.runtime.engine import Answerer
from argosy.sources.port import AccessDenied, Credentials, Rejected, SourceError

if TYPE_CHECKING:
    from argosy.sources.egress import Egress

LIMIT = 64
PER_DESTINATION = 4
SECONDS = 180.0


class Services:
    """Slow services delay no other: each service of a configuration has its own queue."""

    def __init__(
        self,
        egress: Callable[[], Egress],
        clock: Clock,
        metrics: Metrics,
        certificate: Callable[[str], str] = lambda host: "",
        threads: Threads | None = None,
        rollouts: RolloutSends | None = None,
    ) -> None:
        """`certificate`: PEM of a host's CA, in addition to the system's.
        `rollouts`: counts deliveries about Rollouts."""
        self._egress, self._clock, self._metrics, self._certificate = egress, clock, metrics, certificate
        self._threads = threads or Remembered()
        self._rollouts = rollouts

    async def deliver(self, question: Deliver) -> Delivered | Undelivered:
        began = self._clock.monotonic()
        try:
            await self._clock.external(send(_delivery(question), self._doors()))
        except (Refused, SourceError) as error:
            self._count(question, began, succeeded=False)
            return _undelivered(question, error)
        self._count(question, began, succeeded=True)
        return Delivered()

    def _count(self, question: Deliver, began: float, *, succeeded: bool) -> None:
        self._metrics.delivered(question, succeeded=succeeded)
        if self._rollouts is not None:
            self._rollouts.sent(question, self._clock.monotonic() - began, succeeded=succeeded)

    def _doors(self) -> Doors:
        return Doors(
            request=self._request,
            now=self._now,
            sleep=self._sleep,
            address=self._address,
            threads=self._threads,
        )

    def _now(self) -> datetime:
        return self._clock.now()

    async def _sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)

    async def _address(self, host: str) -> str:
        return await self._egress().judged_address(host)

    async def _request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        insecure: bool,
        seconds: float,
    ) -> Reply:
        from urllib.parse import urlsplit

        host = urlsplit(url).hostname or ""
        credentials = Credentials(insecure=insecure, ca_pem=self._certificate(host))
        return await self._egress().request(
            method, url, credentials, limit=ANSWER_LIMIT, body=body, headers=headers, seconds=seconds
        )


def _delivery(question: Deliver) -> Delivery:
    return Delivery(
        type=question.service,
        name=question.name,
        recipient=question.recipient,
        options=orjson.loads(question.options.value),
        content=orjson.loads(question.content.value),
        key=question.key,
    )


def _undelivered(question: Deliver, error: Refused | SourceError) -> Undelivered:
    """For an unreachable host only the type of error is shown: its URL may hold a token."""
    if isinstance(error, Refused):
        return Undelivered(message=str(error), final=error.final, retry_seconds=error.retry_seconds)
    if isinstance(error, Rejected):
        return Undelivered(message=f"{question.service}: the egress policy refuses the address, or it is not a URL")
    if isinstance(error, AccessDenied):
        return Undelivered(message=f"{question.service}: TLS could not be set up, or access was denied")
    return Undelivered(message=f"{question.service} cannot be reached")


def answerers(services: Services) -> dict[type[Question[Any]], Answerer]:
    return {
        Deliver: Answerer(
            answer=services.deliver,
            limit=LIMIT,
            timeout=SECONDS,
            lane=lambda question: (question.service, question.name, question.recipient),
            per_lane=PER_DESTINATION,
        )
    }
