"""The ACME client against the real Pebble server: accounts, orders, bad nonces, failed validations, renewals."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from argosy.apis.certmanager import CertificateSpec
from argosy.apis.schema import read
from argosy.certs.acme.key_authorization import key_of
from argosy.certs.acme.ports import (
    Binding,
    Finished,
    FinishOrder,
    Identifier,
    Login,
    OrderFacts,
    PlaceOrder,
    ProveControl,
    Proven,
    ReadAuthorizations,
    ReadOrder,
    ReadRenewalWindow,
    Refused,
    RegisterAccount,
    Registered,
    RenewalWindow,
    Server,
    Unavailable,
)
from argosy.certs.acme.renewal_information import certificate_id
from argosy.certs.adapters.acme.answering import Acme
from argosy.certs.pki import certificates, keys, requests
from argosy.machinery.controller import Hidden
from argosy.runtime.clock import RealClock
from argosy.sources.egress import Egress, EgressPolicy
from tests.kit.pebble import MAC_KEY, Pebble, needs_pebble, running

pytestmark = [needs_pebble, pytest.mark.e2e]
ACCOUNT_KEY = Hidden(keys.encode(keys.generate(keys.KeyKind(keys.RSA, 2048))))
KEY = ec.generate_private_key(ec.SECP256R1())
Doing = Callable[["Client"], Awaitable[None]]


class Client:
    """The questions of one account."""

    def __init__(self, acme: Acme, pebble: Pebble) -> None:
        self.acme, self.pebble = acme, pebble
        self.login = Login(Server(pebble.directory, pebble.bundle), ACCOUNT_KEY)

    async def register(self, email: str = "a@example.test", binding: Binding | None = None) -> Any:
        found = await self.acme.register(RegisterAccount(self.login, email, binding, 0))
        if isinstance(found, Registered):
            self.login = Login(self.login.server, ACCOUNT_KEY, found.uri)
        return found

    async def place(self, *names: str, **more: Any) -> Any:
        identifiers = tuple(Identifier("dns", name) for name in names)
        given = {"duration_seconds": 0.0, "profile": "", "replaces": "", **more}
        return await self.acme.place(PlaceOrder("u", self.login, identifiers, round=0, **given))

    async def prove(self, order: OrderFacts) -> list[Any]:
        facts = await self.acme.authorizations(ReadAuthorizations(self.login, order.authorizations, 0))
        assert isinstance(facts, tuple)
        found = []
        for one in facts:
            offer = next(offer for offer in one.offers if offer.type == "http-01")
            content = key_of(offer.token, "http-01", self.login)
            self.pebble.tell("add-http01", token=offer.token, content=content)
            found.append(await self.acme.prove(ProveControl(self.login, offer.url, one.url, 0)))
        return found

    async def finish(self, order: OrderFacts, *names: str, preferred: str = "") -> Any:
        spec = read(CertificateSpec, {"dnsNames": list(names)})
        request = requests.read(requests.make(spec, KEY)).der_bytes
        return await self.acme.finish(FinishOrder(self.login, order.url, request, preferred, 0))


def with_pebble(directory: Path, doing: Doing, **how: Any) -> None:
    async def main() -> None:
        with running(directory, **how) as pebble:
            egress = Egress(EgressPolicy(allow_loopback=True))
            try:
                await doing(Client(Acme(egress, RealClock()), pebble))
            finally:
                await egress.close()

    asyncio.run(main())


def test_a_name_is_proven_and_certified_even_when_a_quarter_of_the_nonces_is_refused(tmp_path: Path) -> None:
    async def doing(client: Client) -> None:
        assert isinstance(await client.register(), Registered)
        order = await client.place("a.example.test", "b.example.test")
        assert isinstance(order, OrderFacts) and order.state == "pending" and len(order.authorizations) == 2
        assert await client.prove(order) == [Proven("valid"), Proven("valid")]
        assert (await client.acme.order(ReadOrder(client.login, order.url, 0))).state == "ready"  # type: ignore[union-attr]
        done = await client.finish(order, "a.example.test", "b.example.test")
        assert isinstance(done, Finished)
        chain = certificates.chain_of(done.chain, 100_000)
        assert sorted(chain[0].alt_names.dns) == ["a.example.test", "b.example.test"] and len(chain) >= 2
        assert await client.finish(order, "a.example.test", "b.example.test") == done  # asked again after a crash

    with_pebble(tmp_path, doing, reject_nonces=25)


def test_an_account_is_found_again_and_its_email_is_brought_up_to_date(tmp_path: Path) -> None:
    async def doing(client: Client) -> None:
        first = await client.register("First@Example.test")
        client.login = Login(client.login.server, ACCOUNT_KEY)
        assert await client.register("second@example.test") == first

    with_pebble(tmp_path, doing)


def test_a_validation_that_fails_says_what_the_server_said(tmp_path: Path) -> None:
    async def doing(client: Client) -> None:
        await client.register()
        order = await client.place("wrong.example.test")
        facts = await client.acme.authorizations(ReadAuthorizations(client.login, order.authorizations, 0))
        assert isinstance(facts, tuple)
        offer = next(one for one in facts[0].offers if one.type == "http-01")
        client.pebble.tell("add-http01", token=offer.token, content="something else")
        proven = await client.acme.prove(ProveControl(client.login, offer.url, facts[0].url, 0))
        assert isinstance(proven, Proven) and proven.state == "invalid"
        assert proven.problem.startswith("403 urn:ietf:params:acme:error:unauthorized: ")
        ended = await client.finish(order, "wrong.example.test")
        assert isinstance(ended, OrderFacts) and ended.state == "invalid"

    with_pebble(tmp_path, doing)


def test_a_name_that_the_server_does_not_take_is_refused_with_its_words(tmp_path: Path) -> None:
    async def doing(client: Client) -> None:
        await client.register()
        refused = await client.place("under_score!.test")
        assert isinstance(refused, Refused) and refused.status == 400
        assert refused.type == "urn:ietf:params:acme:error:malformed" and "illegal character" in refused.detail

    with_pebble(tmp_path, doing)


@pytest.mark.parametrize(
    ("key_id", "key", "accepted"), [("kid-1", MAC_KEY, True), ("kid-1", "d3Jvbmc", False), ("", "", False)]
)
def test_a_server_that_binds_accounts_takes_the_right_key_only(
    tmp_path: Path, key_id: str, key: str, accepted: bool
) -> None:
    async def doing(client: Client) -> None:
        binding = Binding(key_id, Hidden(key)) if key_id else None
        found = await client.register(binding=binding)
        if accepted:
            assert isinstance(found, Registered)
            return
        assert isinstance(found, Refused)
        if not key_id:
            assert found.type == "urn:ietf:params:acme:error:externalAccountRequired"

    with_pebble(tmp_path, doing, bound=True)


def test_a_server_that_is_not_trusted_is_not_asked_anything(tmp_path: Path) -> None:
    async def doing(client: Client) -> None:
        client.login = Login(Server(client.pebble.directory), ACCOUNT_KEY)
        found = await client.register()
        assert isinstance(found, Unavailable) and found.reason.startswith('Get "https://localhost:')
        client.login = Login(Server(client.pebble.directory, skip_tls_verify=True), ACCOUNT_KEY)
        assert isinstance(await client.register(), Registered)

    with_pebble(tmp_path, doing)


def test_a_url_that_is_no_directory_is_refused(tmp_path: Path) -> None:
    async def doing(client: Client) -> None:
        server = Server(client.pebble.directory.replace("/dir", "/nothing"), client.pebble.bundle)
        client.login = Login(server, ACCOUNT_KEY)
        refused = await client.register()
        assert (
            isinstance(refused, Refused)
            and str(refused) == "404 : an answer of 19 bytes that is not a problem document"
        )

    with_pebble(tmp_path, doing)


def test_renewal_information_is_read_or_known_to_be_absent(tmp_path: Path) -> None:
    async def doing(client: Client) -> None:
        await client.register()
        order = await client.place("a.example.test")
        await client.prove(order)
        done = await client.finish(order, "a.example.test")
        leaf = certificates.first_of(done.chain)
        found = await client.acme.renewal_window(ReadRenewalWindow(client.login.server, certificate_id(leaf), 0))
        if isinstance(found, RenewalWindow):
            assert leaf.not_before < found.start < found.end <= leaf.not_after
        else:
            assert found is None or isinstance(found, Refused)

    with_pebble(tmp_path, doing, always_valid=True)
