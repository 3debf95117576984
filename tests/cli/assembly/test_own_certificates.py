"""Argosy's own certificates in virtual time: made, renewed, shown by the server's port, and trusted all the while."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest

from argosy.apis.certmanager import Certificate
from argosy.apis.own_certificates import (
    AUTHORITY,
    SERVER,
    SERVER_SECRET,
    WEBHOOKS,
    WEBHOOKS_SECRET,
    injected,
    own_certificates,
)
from argosy.certs.pki import certificates
from argosy.cli.assembly.own_certificates import OwnCertificates
from argosy.cli.rooms.promotion_service import SERVICE, configurations
from argosy.cluster.handlers import watching
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.requests import Write
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clients.wrapping import WrappingClient
from argosy.server.bootstrap import own_certificate
from argosy.server.configuration import Configuration
from argosy.server.transport.certificates import Certificates
from tests.kit.certs import CertsWorld, certificate, issuer

PLACE = "argocd"
SECRETS = Resource("", "v1", "secrets", "Secret")
WITHOUT_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME: it knows the machine's time alone, so the test compares times itself."""
YEAR = timedelta(days=365)


@pytest.fixture(autouse=True)
def calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Watches that only speak when something has changed."""
    for name in ("BOOKMARK_SECONDS", "SHORTEST", "LONGEST"):
        monkeypatch.setattr(watching, name, 2 * YEAR.total_seconds())


@contextmanager
def living() -> Iterator[CertsWorld]:
    """With the objects applied, and the webhooks' configurations asking for the authority."""
    with CertsWorld(namespaces=(PLACE,)) as world:
        for one in configurations(PLACE):
            world.create(injected(one, PLACE))
        with applied(world):
            world.run_until(lambda: all(is_ready(world, name) for name in (AUTHORITY, WEBHOOKS, SERVER)))
            yield world


class LosesRaces(WrappingClient):
    """Refuses the first write of each object as one that came too late."""

    def __init__(self, inner: Client) -> None:
        super().__init__(inner)
        self.refused: set[Key] = set()

    async def write(self, request: Write) -> JsonObject:
        if request.key not in self.refused:
            self.refused.add(request.key)
            raise StatusError(409, "Conflict", "the object has been modified")
        return await super().write(request)


@contextmanager
def applied(world: CertsWorld, client: Client | None = None) -> Iterator[None]:
    async def begin() -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(own.run())

    async def end() -> None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    objects = own_certificates(PLACE, [SERVICE])
    own = OwnCertificates(client or world.client, world.clock, objects, is_ready=lambda: True)
    task = world.run(begin())
    try:
        yield
    finally:
        world.run(end())


def is_ready(world: CertsWorld, name: str) -> bool:
    return world.stored("Certificate", name, PLACE) is not None and world.certificate(name, PLACE).ready


def part(world: CertsWorld, secret: str, name: str) -> bytes:
    return base64.b64decode((world.secret(secret, PLACE) or {})["data"][name])


def leaf(pem: bytes) -> certificates.X509:
    return certificates.first_of(pem)


def shown(context: ssl.SSLContext | None, name: str, trusted: bytes) -> certificates.X509:
    """What a client that trusts `trusted` is shown for `name`. Raises ssl.SSLError."""
    assert context is not None
    client = ssl.create_default_context(cadata=trusted.decode())
    client.verify_flags |= WITHOUT_TIME
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(to_client, to_server, server_hostname=name)
    answering = context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (asking, answering):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    der = asking.getpeercert(binary_form=True)
    assert der
    return leaf(ssl.DER_cert_to_PEM_cert(der).encode())


def test_the_port_shows_a_valid_certificate_in_each_week_of_a_year_and_the_first_authority_is_trusted() -> None:
    with living() as world:
        configuration = Configuration(world.controller_caches, PLACE)
        world.pass_time(1)
        port = Certificates(configuration, insecure=False)
        first = part(world, SERVER_SECRET, "ca.crt")
        serials = set()
        for _ in range(44):
            found = shown(port.context(), "argocd-server.argocd.svc", first)
            assert found.not_before <= world.clock.now() < found.not_after
            serials.add(found.serial)
            world.pass_time(7 * 86_400)
        assert len(serials) == 6  # each sixty days
        assert world.certificate(AUTHORITY, PLACE).revision == 2  # after two thirds of its year
        assert part(world, SERVER_SECRET, "ca.crt") != first


def test_a_certificate_is_renewed_at_two_thirds_and_the_next_connection_has_the_new_one() -> None:
    with living() as world:
        configuration = Configuration(world.controller_caches, PLACE)
        world.pass_time(1)
        port = Certificates(configuration, insecure=False)
        trusted = part(world, SERVER_SECRET, "ca.crt")
        before = port.context()
        old = leaf(part(world, SERVER_SECRET, "tls.crt"))
        due = old.not_before + (old.not_after - old.not_before) * 2 / 3
        world.pass_time((due - world.clock.now()).total_seconds() - 1)
        assert port.context() is before
        world.pass_time(10)
        after = port.context()
        new = leaf(part(world, SERVER_SECRET, "tls.crt"))
        assert due <= new.not_before <= due + timedelta(seconds=10)
        assert shown(after, "localhost", trusted).serial == new.serial
        assert shown(before, "localhost", trusted).serial == old.serial


def test_webhooks_carry_the_authority_of_their_certificate_before_and_after_each_renewal() -> None:
    with living() as world:
        world.pass_time(5)
        for days in (0, 61, 250, 400):
            world.pass_time(days * 86_400)
            authority = (world.secret(WEBHOOKS_SECRET, PLACE) or {})["data"]["ca.crt"]
            for kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"):
                found = world.stored(kind, "argosy-promotion", "") or {}
                assert {one["clientConfig"]["caBundle"] for one in found["webhooks"]} == {authority}
        names = leaf(part(world, WEBHOOKS_SECRET, "tls.crt")).alt_names.dns
        assert f"{SERVICE}.{PLACE}.svc" in names


@pytest.mark.parametrize("lost", [AUTHORITY, WEBHOOKS_SECRET, SERVER_SECRET])
def test_a_lost_secret_is_made_again_at_once(lost: str) -> None:
    with living() as world:
        world.run(world.client.delete(SECRETS, lost, PLACE))
        world.run_until(lambda: world.secret(lost, PLACE) is not None, within=timedelta(minutes=1))


def test_an_authority_that_ended_while_nobody_ran_is_renewed_and_what_it_signed_too() -> None:
    with living() as world:
        world.kill()
        world.pass_time((YEAR + timedelta(days=40)).total_seconds())
        world.start()
        world.pass_time(60)
        now = world.clock.now()
        for secret in (AUTHORITY, WEBHOOKS_SECRET, SERVER_SECRET):
            found = leaf(part(world, secret, "tls.crt"))
            assert found.not_before <= now < found.not_after
            assert leaf(part(world, secret, "ca.crt")).not_after > now


def test_what_a_user_changed_stays_and_what_was_deleted_is_back_within_a_day() -> None:
    with living() as world:
        world.create(issuer("theirs", PLACE))
        patch = {"spec": {"issuerRef": {"name": "theirs"}}}
        world.patch(Certificate, SERVER, patch, PLACE)
        world.delete(Certificate, WEBHOOKS, PLACE)
        world.pass_time(86_500)
        assert world.certificate(SERVER, PLACE).spec.issuer_ref.name == "theirs"
        assert is_ready(world, SERVER)
        assert is_ready(world, WEBHOOKS)


def test_nothing_is_written_while_nothing_is_due() -> None:
    with living() as world:
        world.pass_time(90_000)
        before = {name: stored(world, name) for name in (AUTHORITY, WEBHOOKS, SERVER)}
        world.pass_time(30 * 86_400)
        assert before == {name: stored(world, name) for name in (AUTHORITY, WEBHOOKS, SERVER)}


def stored(world: CertsWorld, name: str) -> JsonObject | None:
    return world.get(Certificate, Key(PLACE, name))


def test_kinds_that_come_later_are_waited_for() -> None:
    with CertsWorld() as world, applied(world):
        world.pass_time(30)
        assert world.stored("Certificate", SERVER, PLACE) is None  # its namespace is not there yet
        world.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": PLACE}})
        world.run_until(lambda: is_ready(world, SERVER), within=timedelta(minutes=1))


def test_a_write_that_lost_a_race_is_tried_again_and_not_taken_for_a_users_change() -> None:
    with CertsWorld(namespaces=(PLACE,)) as world, applied(world, LosesRaces(world.client)):
        world.run_until(lambda: is_ready(world, SERVER) and is_ready(world, WEBHOOKS), within=timedelta(minutes=5))


def test_the_owners_secret_comes_first_then_the_owners_pair_then_the_rooms_then_the_servers_own() -> None:
    with living() as world:
        configuration = Configuration(world.controller_caches, PLACE)
        port = Certificates(configuration, insecure=False)

        def shows(secret: str, trusted: bytes | None = None) -> bool:
            found = leaf(part(world, secret, "tls.crt"))
            world.pass_time(1)
            return shown(port.context(), "localhost", trusted or part(world, secret, "ca.crt")) == found

        made = own_certificate(world.clock)
        world.create(pair("argocd-secret", made.certificate, made.key))
        assert shows(SERVER_SECRET)

        world.create(issuer("theirs", PLACE))
        for name, secret in (("theirs", "theirs-tls"), ("again", "argocd-server-tls")):
            world.create(certificate(name, PLACE, "theirs", secretName=secret, dnsNames=["localhost"]))
        world.run_until(lambda: is_ready(world, "theirs") and is_ready(world, "again"))
        before = world.secret("argocd-server-tls", PLACE)
        assert shows("argocd-server-tls")
        world.delete(Certificate, "again", PLACE)
        world.pass_time(30 * 86_400)
        assert world.secret("argocd-server-tls", PLACE) == before

        world.run(world.client.delete(SECRETS, "argocd-server-tls", PLACE))
        theirs = [part(world, "theirs-tls", name) for name in ("tls.crt", "tls.key")]
        world.patch(SECRETS, "argocd-secret", {"data": pair("x", *theirs)["data"]}, PLACE)
        assert shows("theirs-tls")

        world.patch(SECRETS, "argocd-secret", {"data": pair("x", made.certificate, made.key)["data"]}, PLACE)
        world.delete(Certificate, SERVER, PLACE)
        world.run(world.client.delete(SECRETS, SERVER_SECRET, PLACE))
        assert shows("argocd-secret", made.certificate)


def pair(name: str, certificate: bytes, key: bytes) -> JsonObject:
    data = {"tls.crt": base64.b64encode(certificate).decode(), "tls.key": base64.b64encode(key).decode()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": PLACE}, "data": data}
