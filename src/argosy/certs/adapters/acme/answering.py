"""Answers this room's questions to ACME servers with the real protocol."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Any, Final, TypeVar

from argosy.certs.acme.ports import (
    AuthorizationFacts,
    Finished,
    FinishOrder,
    Login,
    OrderFacts,
    PlaceOrder,
    ProveControl,
    Proven,
    ReadAuthorizations,
    ReadOrder,
    ReadRenewalWindow,
    RegisterAccount,
    Registered,
    RenewalWindow,
    Server,
    Trouble,
)
from argosy.certs.adapters.acme.client import FINISH_SECONDS, VALIDATION_SECONDS, AcmeClient
from argosy.certs.adapters.acme.session import SECONDS, Observed, Session, Signer, Troubled
from argosy.certs.pki import keys
from argosy.machinery.controller import Hidden, Question
from argosy.runtime.clock import Clock
from argosy.runtime.engine import Answerer
from argosy.sources.egress import Egress

T = TypeVar("T")
AT_ONCE: Final = 32
OF_ONE_SERVER: Final = 8


def unobserved(url: str, action: str, method: str, status: str, seconds: float) -> None:
    """The default when no metrics are kept."""


class Acme:
    """Sessions are kept, one for each server and its trust settings."""

    def __init__(self, egress: Egress, clock: Clock, observed: Observed = unobserved) -> None:
        self._egress, self._clock, self._observed = egress, clock, observed
        self._sessions: dict[Server, Session] = {}

    def answerers(self) -> Mapping[type[Question[Any]], Answerer]:
        def of(answer: Callable[[Any], Awaitable[Any]], seconds: float = SECONDS) -> Answerer:
            return Answerer(
                answer=answer, limit=AT_ONCE, per_lane=OF_ONE_SERVER, lane=_lane, timeout=seconds + 2 * SECONDS
            )

        return {
            RegisterAccount: of(self.register),
            PlaceOrder: of(self.place),
            ReadOrder: of(self.order),
            ReadAuthorizations: of(self.authorizations),
            ProveControl: of(self.prove, VALIDATION_SECONDS),
            FinishOrder: of(self.finish, FINISH_SECONDS),
            ReadRenewalWindow: of(self.renewal_window),
        }

    async def register(self, asked: RegisterAccount) -> Registered | Trouble:
        return await _as_answer(self._client(asked.login).register(asked.email, asked.binding))

    async def place(self, asked: PlaceOrder) -> OrderFacts | Trouble:
        return await _as_answer(self._client(asked.login).place(asked))

    async def order(self, asked: ReadOrder) -> OrderFacts | Trouble:
        return await _as_answer(self._client(asked.login).order(asked.url))

    async def authorizations(self, asked: ReadAuthorizations) -> tuple[AuthorizationFacts, ...] | Trouble:
        client = self._client(asked.login)

        async def read() -> tuple[AuthorizationFacts, ...]:
            return tuple([await client.authorization(url) for url in asked.urls])

        return await _as_answer(read())

    async def prove(self, asked: ProveControl) -> Proven | Trouble:
        return await _as_answer(self._client(asked.login).prove(asked.challenge, asked.authorization))

    async def finish(self, asked: FinishOrder) -> Finished | OrderFacts | Trouble:
        return await _as_answer(self._client(asked.login).finish(asked))

    async def renewal_window(self, asked: ReadRenewalWindow) -> RenewalWindow | Trouble | None:
        session = self._session(asked.server)
        client = AcmeClient(session, Signer(_NO_KEY), self._clock)
        return await _as_answer(client.renewal_window(asked.certificate_id))

    def _client(self, login: Login) -> AcmeClient:
        key = keys.load(_bytes(login.key), checked=False)
        return AcmeClient(self._session(login.server), Signer(key, login.account), self._clock)

    def _session(self, server: Server) -> Session:
        if server not in self._sessions:
            self._sessions[server] = Session(server, self._egress, self._clock, self._observed)
        return self._sessions[server]


_NO_KEY: Final[Any] = None
"""Renewal information needs no account."""


async def _as_answer(work: Awaitable[T]) -> T | Trouble:
    """Returns an error as a value. asyncio's own timeouts pass through: the engine limits the complete question."""
    try:
        return await work
    except Troubled as error:
        return error.trouble


def _lane(question: Any) -> Hashable:
    server = question.server if isinstance(question, ReadRenewalWindow) else question.login.server
    return server.url


def _bytes(hidden: Hidden) -> bytes:
    return hidden.value if isinstance(hidden.value, bytes) else hidden.value.encode()


__all__ = ["Acme"]
