"""Vault issuers in virtual time: readiness, signing, and waiting while the server is away."""

from __future__ import annotations

from typing import Any

from argosy.certs.pki import keys, requests, signing
from argosy.certs.ports import Signed
from argosy.certs.vault.ports import CheckVault, SignByVault, Trouble, Verified
from argosy.runtime.engine import Answerer
from tests.kit.certs import CertsWorld, certificate, issuer

CA = keys.generate(keys.KeyKind(keys.ECDSA, 256))
VAULT: dict[str, Any] = {
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


class Scripted:
    """A server that is away for some rounds."""

    def __init__(self, world: CertsWorld, away: int) -> None:
        self.world, self.away, self.asked = world, away, 0

    async def check(self, asked: CheckVault) -> Verified | Trouble:
        return self._away() or Verified()

    async def sign(self, asked: SignByVault) -> Signed | Trouble:
        if trouble := self._away():
            return trouble
        request = requests.read(asked.request)
        template = signing.template_of(request, asked=(), is_ca=False)
        life = signing.DEFAULT_DURATION
        made = signing.sign(
            template,
            signing.Signer(key=CA),
            serial=9,
            not_before=self.world.clock.now(),
            duration=life,
            pointers=signing.NO_POINTERS,
        )
        return Signed(made, b"")

    def _away(self) -> Trouble | None:
        self.asked += 1
        self.away -= 1
        return Trouble("it is away") if self.away >= 0 else None


def world(away: int = 0) -> tuple[CertsWorld, list[Scripted]]:
    made: list[Scripted] = []

    async def check(asked: Any) -> Any:
        return await made[0].check(asked)

    async def sign(asked: Any) -> Any:
        return await made[0].sign(asked)

    found = CertsWorld(answerers={CheckVault: Answerer(answer=check), SignByVault: Answerer(answer=sign)})
    made.append(Scripted(found, away))
    return found, made


def test_a_certificate_is_signed_by_vault() -> None:
    found, _ = world()
    with found as running:
        running.create(TOKEN)
        running.create(issuer("vault", vault=VAULT))
        running.create(certificate(issuer="vault"))
        running.run_until(lambda: running.certificate("web").ready)
        secret = running.secret("web-tls") or {}
        assert "tls.crt" in secret["data"] and "ca.crt" not in secret["data"]


def test_a_server_that_is_away_is_asked_again_with_growing_waits_until_it_answers() -> None:
    found, scripted = world(away=3)
    with found as running:
        running.create(TOKEN)
        began = running.clock.now()
        running.create(issuer("vault", vault=VAULT))
        ready = running.run_until(lambda: condition(running).get("status") == "True")
        assert 35 <= (ready - began).total_seconds() < 37  # 5 + 10 + 20
        assert scripted[0].asked == 4
        assert len(running.events("ErrInitIssuer")) == 1


def test_an_issuer_that_names_two_ways_to_sign_in_gets_both_named() -> None:
    found, _ = world()
    with found as running:
        both = {
            **VAULT["auth"],
            "appRole": {"path": "approle", "roleId": "r", "secretRef": {"name": "t", "key": "token"}},
        }
        running.create(TOKEN)
        running.create(issuer("vault", vault={**VAULT, "auth": both}))
        running.run_until(lambda: condition(running).get("status") == "False")
        assert "it names tokenSecretRef and appRole" in condition(running)["message"]


def condition(world: CertsWorld) -> dict[str, Any]:
    raw = world.stored("Issuer", "vault") or {}
    return next(iter((raw.get("status") or {}).get("conditions", [])), {})
