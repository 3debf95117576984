"""CertificateSigningRequests by a Vault server: signed, waited for while it is away, and failed where it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.certs.ports import Signed
from argosy.certs.vault.ports import CheckVault, SignByVault, Trouble, Verified
from argosy.runtime.engine import Answerer
from tests.kit.certs import CertsWorld, issuer
from tests.kit.signing_requests import SETTINGS, approve, failure, issued, signed_by_some_ca, signing_request, status

VAULT = {
    "server": "https://vault.test",
    "path": "pki/sign/web",
    "auth": {"tokenSecretRef": {"name": "t", "key": "token"}},
}
TOKEN = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "t", "namespace": "default"},
    "stringData": {"token": "x"},
}
SIGNER = "issuers.cert-manager.io/default.vault"


def world(answers: list[Trouble]) -> tuple[CertsWorld, list[SignByVault]]:
    asked: list[SignByVault] = []

    async def check(question: CheckVault) -> Verified:
        return Verified()

    async def sign(question: SignByVault) -> Signed | Trouble:
        asked.append(question)
        if answers:
            return answers.pop(0)
        return Signed(signed_by_some_ca(question.request, found.clock.now()), b"")

    answerers: dict[Any, Answerer] = {CheckVault: Answerer(answer=check), SignByVault: Answerer(answer=sign)}
    found = CertsWorld(SETTINGS, answerers=answerers)
    return found, asked


def prepared(running: CertsWorld) -> None:
    running.create(TOKEN)
    running.create(issuer("vault", vault=VAULT))
    running.create(signing_request(SIGNER, expirationSeconds=7200))
    approve(running)


def test_vault_is_asked_for_the_lifetime_that_the_request_wants() -> None:
    found, asked = world([])
    with found as running:
        prepared(running)
        assert issued(running).alt_names.dns == ("csr.test",)
        assert [(one.path, one.duration_seconds) for one in asked] == [("pki/sign/web", 7200.0)]


def test_an_unreachable_server_is_asked_again_with_growing_waits_and_reported_once() -> None:
    found, asked = world([Trouble("it is away")] * 3)
    with found as running:
        began = running.clock.now()
        prepared(running)
        issued(running)
        assert 35 <= (running.clock.now() - began).total_seconds() < 37  # 5 + 10 + 20
        assert len(asked) == 4 and len(running.events("ErrorSigning")) == 1
        assert not failure(running)


def test_a_refusal_fails_the_request() -> None:
    found, asked = world([Trouble("status 400: the role does not allow this name", lasting=True)])
    with found as running:
        prepared(running)
        running.run_until(lambda: failure(running).get("reason") == "ErrorSigning")
        assert "does not allow this name" in failure(running)["message"]
        running.pass_time(3600)
        assert len(asked) == 1 and not status(running).get("certificate")


@pytest.mark.parametrize("away", [0, 1])
def test_a_login_that_fails_is_waited_for(away: int) -> None:
    found, _ = world([Trouble("no token", lasting=True, starting=True)] * away)
    with found as running:
        prepared(running)
        issued(running)
        assert len(running.events("ErrorVaultInit")) == away
