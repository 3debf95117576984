"""What a Certificate waits for, in one line: the state of each story, and the line that describes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from argosy.apis.certmanager import Certificate, CertificateRequest, Challenge, Issuer, Order
from argosy.apis.kubernetes.views.core import Secret
from argosy.apis.schema import read
from argosy.certs.adapters.acme.simulated import SimulatedAcme, SimulatedServer
from argosy.certs.commands.changes import NotNow, decided, renewed
from argosy.certs.commands.story import Story, lines
from argosy.certs.commands.waiting import headline
from argosy.certs.settings import Settings
from argosy.machinery import timestamps
from tests.kit.certs import CertsWorld, certificate, issuer

ACME = {
    "server": "https://acme.test/dir",
    "privateKeySecretRef": {"name": "account"},
    "solvers": [{"http01": {"ingress": {"ingressClassName": "nginx"}}}],
}
UNSEEN = "Waiting for HTTP-01 challenge propagation: "
CA = {"secretName": "missing"}


def story(world: CertsWorld, name: str = "web") -> Story:
    found = world.certificate(name)
    secret = world.secret(found.spec.secret_name)
    given = world.stored("Issuer", found.spec.issuer_ref.name)
    certificates = [read(Certificate, one) for one in world.all_stored("Certificate")]
    return Story(
        certificate=found,
        secret=read(Secret, secret) if secret else None,
        issuer=read(Issuer, given) if given else None,
        rivals=tuple(one for one in certificates if one.spec.secret_name == found.spec.secret_name),
        requests=tuple(read(CertificateRequest, one) for one in world.all_stored("CertificateRequest")),
        orders=tuple(read(Order, one) for one in world.all_stored("Order")),
        challenges=tuple(read(Challenge, one) for one in world.all_stored("Challenge")),
    )


def line(world: CertsWorld, name: str = "web") -> str:
    return headline(story(world, name), world.clock.now())


Prepare = Callable[[CertsWorld], Any]
STORIES: dict[str, tuple[Settings, Prepare, str]] = {
    "an issuer that is not there": (
        Settings(),
        lambda world: None,
        "waits for Issuer selfsigned, which does not exist",
    ),
    "an issuer that is not ready": (
        Settings(),
        lambda world: world.create(issuer("selfsigned", ca=CA)),
        'waits for Issuer selfsigned: ErrGetKeyPair: Error getting keypair for CA issuer: secrets "missing" not found',
    ),
    "an approval by others": (
        Settings(approve=False),
        lambda world: world.create(issuer()),
        "waits for approval: 'argosy cert approve web-1' or 'argosy cert deny web-1'",
    ),
    "a website that does not show the key": (
        Settings(),
        lambda world: world.create(issuer("selfsigned", acme=ACME)),
        f"waits for the HTTP-01 challenge of web.example.test: {UNSEEN}nobody is there",
    ),
    "a solver": (
        Settings(),
        lambda world: world.create(issuer("selfsigned", acme={**ACME, "solvers": []})),
        "waits for a solver: none of the issuer's fits web.example.test; a change of the issuer starts a new attempt",
    ),
}


@pytest.mark.parametrize("name", sorted(STORIES))
def test_one_line_says_what_blocks_it(name: str) -> None:
    settings, prepare, wanted = STORIES[name]

    def unseen(clock: Any, rng: Any) -> SimulatedAcme:
        return SimulatedAcme(clock, rng, unseen={"web.example.test": "nobody is there"})

    with CertsWorld(settings, acme=unseen) as world:
        prepare(world)
        world.create(certificate())
        world.pass_time(30)
        assert line(world) == wanted


def test_one_that_is_ready_says_until_when_and_when_it_is_renewed() -> None:
    with CertsWorld() as world:
        world.create(issuer())
        world.create(certificate(duration="1h"))
        world.run_until(lambda: world.certificate("web").ready)
        status = world.certificate("web").status
        assert line(world) == f"ready until {status.not_after}; renewed at {status.renewal_time}"


def test_after_a_failure_it_says_when_it_tries_again_and_that_renew_tries_now() -> None:
    def failing(clock: Any, rng: Any) -> SimulatedAcme:
        server = SimulatedServer(failing={"*": "403 urn:ietf:params:acme:error:unauthorized: no"})
        return SimulatedAcme(clock, rng, {"https://acme.test/dir": server})

    with CertsWorld(acme=failing) as world:
        world.create(issuer("selfsigned", acme=ACME))
        world.create(certificate())
        world.run_until(lambda: world.certificate("web").status.failed_issuance_attempts == 1)
        world.pass_time(5)
        said = line(world)
        assert said.startswith("failed 1 time, next try at 2") and "('argosy cert renew web' tries now): " in said
        text = "\n".join(lines(story(world)))
        assert "HTTP-01 of web.example.test: invalid: Error accepting authorization: acme: " in text
        world.acme.servers["https://acme.test/dir"].failing = {}
        now = world.clock.now()
        world.run(world.client.write(renewed(world.certificate("web"), now)))
        ready = world.run_until(lambda: world.certificate("web").ready)
        assert ready - now < timedelta(minutes=1)


def test_of_two_for_one_secret_the_one_that_waits_for_ever_says_whose_it_is() -> None:
    with CertsWorld() as world:
        world.create(issuer())
        world.create(certificate("old", secretName="shared"))
        world.run_until(lambda: world.certificate("old").ready)
        world.create(certificate("new", secretName="shared"))
        world.pass_time(5)
        assert line(world, "new").startswith("waits for ever: Secret shared is that of Certificate old;")


def test_one_that_will_take_over_a_secret_says_when_and_from_whom() -> None:
    with CertsWorld() as world:
        world.create(issuer())
        world.create(certificate("old", secretName="shared"))
        world.run_until(lambda: world.certificate("old").ready and not world.certificate("old").issuing)
        world.pass_time(5)
        world.create(certificate("new", secretName="shared"))
        world.pass_time(3 * 180 + 60)
        world.delete(Certificate, "old")
        world.pass_time(30)
        said = line(world, "new")
        taken = world.run_until(lambda: world.certificate("new").revision == 1)

        found = re.fullmatch(
            r"takes over Secret shared at (\S+): Certificate old, which it was issued for, is gone; .*", said
        )
        assert found and abs(taken - timestamps.parse(found[1])) < timedelta(seconds=2)
        assert line(world, "new").startswith("ready until ")


def test_a_verdict_on_a_request_is_final() -> None:
    with CertsWorld(Settings(approve=False)) as world:
        world.create(issuer())
        world.create(certificate())
        world.pass_time(1)
        request = read(CertificateRequest, world.all_stored("CertificateRequest")[0])
        world.run(world.client.write(decided(request, "Approved", "Test", "m", world.clock.now())))
        world.run_until(lambda: world.certificate("web").ready)
        request = read(CertificateRequest, world.all_stored("CertificateRequest")[0])
        with pytest.raises(NotNow, match="was approved before"):
            decided(request, "Denied", "Test", "m", world.clock.now())
