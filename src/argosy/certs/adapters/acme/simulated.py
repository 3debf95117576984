"""ACME servers, websites and DNS simulated in this process: for rehearsal, and for tests in virtual time.

Each directory URL is a server of its own, with its own CA. What a scenario configures - names whose validation fails,
required external account bindings - are fields of `SimulatedServer`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from argosy.certs.acme import ports
from argosy.certs.acme.ports import (
    AuthorizationFacts,
    Finished,
    FinishOrder,
    Identifier,
    Login,
    OrderFacts,
    Refused,
    Registered,
    RenewalWindow,
    Trouble,
    Unavailable,
)
from argosy.certs.adapters.acme.simulated_authority import SimulatedAuthority
from argosy.certs.base64_text import url_decoded
from argosy.machinery.controller import Hidden, Question
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock
from argosy.runtime.engine import Answerer

_ERROR: Final = "urn:ietf:params:acme:error:"
_NAME: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-.")
ANSWER_SECONDS: Final = 0.05
CHECK_SECONDS: Final = 8.0
"""The delay of a website that serves the key: it is checked several times in a row."""


@dataclass(slots=True, kw_only=True)
class SimulatedServer:
    """What a scenario configures for one server, and the server's state."""

    unreachable: str = ""
    """Why the server cannot be reached; empty if it answers."""
    missing: tuple[int, str] | None = None
    """An answer that replaces every other: status and text."""
    bindings: Mapping[str, str] | None = None
    """Key ids and MAC keys for external account binding; None if no binding is required."""
    failing: Mapping[str, str] = field(default_factory=dict)
    """Names whose validation fails, and the server's error text; `*` matches every other name."""
    reuses: bool = False
    """Whether a name that was validated once stays valid."""
    life: timedelta = timedelta(days=90)
    intermediate: str = "Simulated Intermediate CA"
    root: str = "Simulated Root CA"
    algorithm: str = "ECDSA"
    window: tuple[timedelta, timedelta] | None = None
    """The window in which the server wants a certificate renewed, as durations before its expiry."""
    accounts: dict[bytes, str] = field(default_factory=dict)
    orders: dict[str, _Order] = field(default_factory=dict)
    authorizations: dict[str, AuthorizationFacts] = field(default_factory=dict)
    proven: set[str] = field(default_factory=set)
    count: int = 0
    authority: SimulatedAuthority | None = None


@dataclass(slots=True)
class _Order:
    facts: OrderFacts
    identifiers: tuple[Identifier, ...]
    life: timedelta
    chain: bytes = b""


class SimulatedAcme:
    """`servers` by directory URL; any other URL is a server on which everything works."""

    def __init__(
        self,
        clock: Clock,
        rng: Rng,
        servers: Mapping[str, SimulatedServer] | None = None,
        *,
        unseen: Mapping[str, str] | None = None,
    ) -> None:
        """`unseen`: names whose website or record cannot be seen, and why; `{url}` is the website's."""
        self._clock, self._rng = clock, rng.fork("simulated acme")
        self.servers = dict(servers or {})
        self.unseen = dict(unseen or {})
        self.records: dict[str, str] = {}

    def answerers(self) -> Mapping[type[Question[Any]], Answerer]:
        answers: dict[type[Question[Any]], Callable[[Any], Awaitable[Any]]] = {
            ports.RegisterAccount: self.register,
            ports.PlaceOrder: self.place,
            ports.ReadOrder: self.order,
            ports.ReadAuthorizations: self.read_authorizations,
            ports.ProveControl: self.prove,
            ports.FinishOrder: self.finish,
            ports.ReadRenewalWindow: self.renewal_window,
            ports.CheckWebsite: self.check_website,
            ports.PresentRecord: self.present,
            ports.RemoveRecord: self.remove,
            ports.CheckRecord: self.check_record,
        }
        return {kind: Answerer(answer=answer) for kind, answer in answers.items()}

    async def register(self, asked: ports.RegisterAccount) -> Registered | Trouble:
        server = await self._reached(asked.login)
        if not isinstance(server, SimulatedServer):
            return server
        if server.bindings is not None and (refused := _unbound(server.bindings, asked.binding)):
            return refused
        return Registered(server.accounts.setdefault(_digest(asked.login.key), self._url(asked.login, "my-account")))

    async def place(self, asked: ports.PlaceOrder) -> OrderFacts | Trouble:
        server = await self._reached(asked.login)
        if not isinstance(server, SimulatedServer):
            return server
        for one in asked.identifiers:
            if one.type == "dns" and (bad := next((c for c in one.value.lower() if c not in {*_NAME, "*"}), "")):
                text = f"Order included DNS identifier with a value containing an illegal character: {bad!r}"
                return Refused(400, f"{_ERROR}malformed", text)
        urls = tuple(self._authorization(server, asked.login, one) for one in asked.identifiers)
        url = self._url(asked.login, "my-order")
        facts = OrderFacts(url, "pending", self._url(asked.login, "finalize-order"), urls)
        life = timedelta(seconds=asked.duration_seconds) or server.life
        server.orders[url] = _Order(facts, asked.identifiers, life)
        return facts

    async def order(self, asked: ports.ReadOrder) -> OrderFacts | Trouble:
        server = await self._reached(asked.login)
        return self._order_facts(server, asked.url) if isinstance(server, SimulatedServer) else server

    async def read_authorizations(self, asked: ports.ReadAuthorizations) -> tuple[AuthorizationFacts, ...] | Trouble:
        server = await self._reached(asked.login)
        if not isinstance(server, SimulatedServer):
            return server
        if any(url not in server.authorizations for url in asked.urls):
            return Refused(404, f"{_ERROR}malformed", "no such authorization")
        return tuple(server.authorizations[url] for url in asked.urls)

    async def prove(self, asked: ports.ProveControl) -> ports.Proven | Trouble:
        server = await self._reached(asked.login)
        if not isinstance(server, SimulatedServer):
            return server
        found = server.authorizations.get(asked.authorization)
        if found is None:
            return Refused(404, f"{_ERROR}malformed", "no such authorization")
        problem = server.failing.get(found.identifier, server.failing.get("*", ""))
        state = "invalid" if problem else "valid"
        server.authorizations[asked.authorization] = AuthorizationFacts(
            found.url, found.identifier, found.wildcard, state, found.offers, problem
        )
        if state == "valid":
            server.proven.add(found.identifier)
        return ports.Proven(state, problem)

    async def finish(self, asked: FinishOrder) -> Finished | OrderFacts | Trouble:
        server = await self._reached(asked.login)
        if not isinstance(server, SimulatedServer):
            return server
        facts = self._order_facts(server, asked.url)
        if not isinstance(facts, OrderFacts) or facts.state not in ("ready", "valid"):
            return facts
        order = server.orders[asked.url]
        if not order.chain:
            if server.authority is None:
                server.authority = SimulatedAuthority(server.root, server.intermediate, server.algorithm, self._clock)
            order.chain = server.authority.issued(asked.request, order.life)
        return Finished(order.chain)

    async def renewal_window(self, asked: ports.ReadRenewalWindow) -> RenewalWindow | Trouble | None:
        await self._clock.sleep(ANSWER_SECONDS)
        server = self.servers.get(asked.server.url)
        if server is None or server.window is None or server.authority is None:
            return None
        ends = server.authority.end_of(asked.certificate_id)
        if ends is None:
            return Refused(404, f"{_ERROR}malformed", "no such certificate")
        return RenewalWindow(ends - server.window[0], ends - server.window[1], "", 0.0)

    async def check_website(self, asked: ports.CheckWebsite) -> ports.Visible | ports.NotYet:
        why = self.unseen.get(asked.host, self.unseen.get("*", ""))
        await self._clock.sleep(ANSWER_SECONDS if why else CHECK_SECONDS)
        url = f"http://{asked.host}/.well-known/acme-challenge/{asked.token}"
        return ports.NotYet(why.format(url=url)) if why else ports.Visible()

    async def present(self, asked: ports.PresentRecord) -> ports.Done | ports.NotYet:
        await self._clock.sleep(ANSWER_SECONDS)
        fqdn = f"_acme-challenge.{asked.record.domain}."
        self.records[fqdn] = asked.record.value
        return ports.Done(fqdn, f"{asked.record.domain}.")

    async def remove(self, asked: ports.RemoveRecord) -> ports.Done | ports.NotYet:
        await self._clock.sleep(ANSWER_SECONDS)
        fqdn = f"_acme-challenge.{asked.record.domain}."
        self.records.pop(fqdn, None)
        return ports.Done(fqdn, f"{asked.record.domain}.")

    async def check_record(self, asked: ports.CheckRecord) -> ports.Visible | ports.NotYet:
        await self._clock.sleep(ANSWER_SECONDS)
        why = self.unseen.get(asked.record.domain, "")
        return ports.NotYet(why) if why else ports.Visible()

    # -- what a server does --------------------------------------------------------------------------------------------

    async def _reached(self, login: Login) -> SimulatedServer | Trouble:
        await self._clock.sleep(ANSWER_SECONDS)
        server = self.servers.setdefault(login.server.url, SimulatedServer())
        if server.unreachable:
            return Unavailable(f'Get "{login.server.url}": {server.unreachable}')
        if server.missing is not None:
            return Refused(server.missing[0], "", server.missing[1])
        return server

    def _authorization(self, server: SimulatedServer, login: Login, one: Identifier) -> str:
        name, wildcard = one.value.removeprefix("*."), one.value.startswith("*.")
        if wildcard:
            types: tuple[str, ...] = ("dns-01",)
        else:
            types = ("http-01", "tls-alpn-01") if one.type == "ip" else ("dns-01", "http-01", "tls-alpn-01")
        offers = tuple(ports.Offer(type_, self._url(login, "chalZ"), self._token()) for type_ in types)
        url = self._url(login, "authZ")
        state = "valid" if server.reuses and name in server.proven else "pending"
        server.authorizations[url] = AuthorizationFacts(url, name, wildcard, state, offers)
        return url

    def _order_facts(self, server: SimulatedServer, url: str) -> OrderFacts | Refused:
        order = server.orders.get(url)
        if order is None:
            return Refused(404, f"{_ERROR}malformed", "no such order")
        states = {server.authorizations[one].state for one in order.facts.authorizations}
        state = "valid" if order.chain else "ready" if states == {"valid"} else "pending"
        if "invalid" in states:
            state = "invalid"
        facts = order.facts
        return OrderFacts(facts.url, state, facts.finalize_url, facts.authorizations)

    def _url(self, login: Login, what: str) -> str:
        server = self.servers[login.server.url]
        server.count += 1
        parts = urlsplit(login.server.url)
        return f"{parts.scheme}://{parts.netloc}/{what}/{server.count}"

    def _token(self) -> str:
        return hashlib.sha256(self._rng.token_bytes(16)).hexdigest()[:43]


def _unbound(bindings: Mapping[str, str], given: ports.Binding | None) -> Refused | None:
    """Why the account's external binding is not accepted."""
    if given is None:
        return Refused(403, f"{_ERROR}externalAccountRequired", "this server binds accounts; give an external binding")
    wanted, found = bindings.get(given.key_id, ""), given.key.value
    key = found if isinstance(found, str) else found.decode("ascii", "replace")
    if wanted and hmac.compare_digest(url_decoded(wanted), url_decoded(key)):
        return None
    return Refused(403, f"{_ERROR}unauthorized", "external account binding JWS verification error")


def _digest(key: Hidden) -> bytes:
    value = key.value if isinstance(key.value, bytes) else key.value.encode()
    return hashlib.sha256(value).digest()
