"""Vault by the shapes of its API: each way to log in, health, signing, and the messages about them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from argosy.apis.certmanager import CertificateSpec
from argosy.apis.schema import read
from argosy.certs.adapters.vault import Vault
from argosy.certs.pki import certificates, keys, requests, signing
from argosy.certs.ports import Signed
from argosy.certs.vault.ports import (
    ByAppRole,
    ByKubernetes,
    ByToken,
    CheckVault,
    Connection,
    SignByVault,
    Trouble,
    Verified,
)
from argosy.machinery.controller import Hidden
from argosy.runtime.clock import RealClock
from argosy.sources.egress import Egress, EgressPolicy
from tests.kit.scripted_http import Asked, Reply, ScriptedHttp

LIFE = signing.DEFAULT_DURATION
CANARY = "canary-of-the-vault"
CA_KEY = keys.generate(keys.KeyKind(keys.ECDSA, 256))
REQUEST = requests.make(read(CertificateSpec, {"commonName": "web.test", "dnsNames": ["web.test", "a.test"]}), CA_KEY)


def pem(common_name: str, *, is_ca: bool) -> bytes:
    spec = read(CertificateSpec, {"commonName": common_name, "isCA": is_ca})
    request = requests.read(requests.make(spec, CA_KEY))
    template = signing.template_of(request, asked=(), is_ca=is_ca)
    now = RealClock().now()
    return signing.sign(
        template, signing.Signer(key=CA_KEY), serial=7, not_before=now, duration=LIFE, pointers=signing.NO_POINTERS
    )


def connection(url: str, **changed: Any) -> Connection:
    made = Connection(url, "team-a", "", "", None, None, ByToken(Hidden(CANARY)))
    return replace(made, **changed)


def asking(answer: Callable[[Asked], Reply], doing: Callable[[Vault, str], Awaitable[None]]) -> list[Asked]:
    server = ScriptedHttp(answer)

    async def main() -> None:
        egress = Egress(EgressPolicy(allow_loopback=True))
        try:
            async with server.running():
                await doing(Vault(egress, None, RealClock()), server.url)  # type: ignore[arg-type]
        finally:
            await egress.close()

    asyncio.run(main())
    return server.asked


def test_a_request_is_signed_with_its_names_in_the_form_that_vault_takes() -> None:
    root = pem("root", is_ca=True).decode()

    async def doing(vault: Vault, url: str) -> None:
        asked = SignByVault("u", connection(url), "pki/sign/web", REQUEST, 3600.0, 0)
        signed = await vault.sign(asked)
        assert isinstance(signed, Signed)
        assert certificates.first_of(signed.certificate).is_ca

    (told,) = asking(lambda asked: (200, {"data": {"certificate": root, "issuing_ca": root}}), doing)
    assert (told.method, told.path) == ("POST", "/v1/pki/sign/web")
    assert told.headers["x-vault-token"] == CANARY and told.headers["x-vault-namespace"] == "team-a"
    assert told.json == {
        "common_name": "web.test",
        "alt_names": "web.test,a.test",
        "ip_sans": "",
        "uri_sans": "",
        "ttl": "3600s",
        "csr": REQUEST.decode(),
        "exclude_cn_from_sans": "true",
    }


@pytest.mark.parametrize(
    ("login", "path", "body"),
    [
        (ByAppRole("approle", "r", Hidden(CANARY)), "/v1/auth/approle/login", {"role_id": "r", "secret_id": CANARY}),
        (ByKubernetes("kubernetes", "r", Hidden(CANARY)), "/v1/auth/kubernetes/login", {"role": "r", "jwt": CANARY}),
    ],
)
def test_a_login_gives_the_token_of_the_next_request(login: Any, path: str, body: dict[str, str]) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path == path:
            assert asked.json == body
            return 200, {"auth": {"client_token": "of-the-login"}}
        return 200, {"initialized": True, "sealed": False}

    async def doing(vault: Vault, url: str) -> None:
        assert await vault.check(CheckVault(connection(url, login=login), 0)) == Verified()

    asked = asking(answer, doing)
    assert [one.path for one in asked] == [path, "/v1/sys/health"]


@pytest.mark.parametrize(
    ("status", "says"),
    [(200, ""), (429, ""), (472, ""), (473, ""), (501, "no configuration"), (503, "sealed")],
)
def test_a_standby_is_fine_and_a_sealed_server_is_not(status: int, says: str) -> None:
    async def doing(vault: Vault, url: str) -> None:
        found = await vault.check(CheckVault(connection(url), 0))
        assert found == Verified() if not says else isinstance(found, Trouble) and says in found.reason

    asking(lambda asked: (status, {}), doing)


@pytest.mark.parametrize(("status", "lasting"), [(400, True), (403, True), (429, False), (500, False), (503, False)])
def test_a_refusal_lasts_and_trouble_of_the_server_passes(status: int, lasting: bool) -> None:
    async def doing(vault: Vault, url: str) -> None:
        found = await vault.sign(SignByVault("u", connection(url), "pki/sign/web", REQUEST, 60.0, 0))
        assert isinstance(found, Trouble) and found.lasting is lasting
        assert f"status {status}" in found.reason and "permission denied" in found.reason
        assert CANARY not in found.reason

    asking(lambda asked: (status, {"errors": ["permission denied"]}), doing)


def test_an_answer_without_a_certificate_is_reported_and_never_stored() -> None:
    async def doing(vault: Vault, url: str) -> None:
        found = await vault.sign(SignByVault("u", connection(url), "pki/sign/web", REQUEST, 60.0, 0))
        assert isinstance(found, Trouble) and found.lasting and "no certificate that can be used" in found.reason

    asking(lambda asked: (200, {"data": {"certificate": "nonsense"}}), doing)


def test_a_connection_shows_no_token() -> None:
    assert CANARY not in repr(SignByVault("u", connection("https://v"), "p", b"", 1.0, 0))
