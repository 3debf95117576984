"""Signing in to Vault by AWS: what Vault is sent is looked at as Vault does, by asking AWS whether it is signed."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest

from argosy.certs.adapters.vault import Vault
from argosy.certs.vault.ports import ByAws, CheckVault, Connection, Trouble, Verified
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write
from argosy.runtime.clock import RealClock
from argosy.sources.egress import Egress, EgressPolicy
from tests.kit.dns_clouds import Amazon
from tests.kit.scripted_http import Asked, Reply, ScriptedHttp

ROLE = "arn:aws:iam::123456789012:role/issuer"
BY_ACCOUNT = ByAws("aws", "certs", "eu-west-1", "vault.test", ROLE, "team-a", "issuer", ("sts.amazonaws.com", "more"))


class Accounts:
    """An API server that gives tokens of ServiceAccounts."""

    def __init__(self) -> None:
        self.asked: list[Write] = []

    async def write(self, request: Write) -> JsonObject:
        self.asked.append(request)
        return {"status": {"token": "of-the-account"}}


class VaultWithAws:
    """Sends the request that it got to AWS, whose judgement is the answer."""

    def __init__(self, amazon: Amazon, region: str, server_id: str = "") -> None:
        self.amazon, self.region, self.server_id = amazon, region, server_id
        self.roles: list[str] = []

    def answer(self, asked: Asked) -> Reply:
        if not asked.path.startswith("/v1/"):
            return self.amazon.answer(asked)
        if asked.path == "/v1/auth/aws/login":
            return self._login(asked.json)
        return (200, {"initialized": True}) if asked.path == "/v1/sys/health" else (404, {})

    def _login(self, body: dict[str, str]) -> Reply:
        self.roles.append(body["role"])
        url, content, text = (
            base64.b64decode(body[f"iam_request_{part}"]).decode() for part in ("url", "body", "headers")
        )
        headers = {name.lower(): values[0] for name, values in json.loads(text).items()}
        assert content == "Action=GetCallerIdentity&Version=2011-06-15"
        if headers.get("x-vault-aws-iam-server-id", "") != self.server_id:
            return 400, {"errors": ["the request was not made for this server"]}
        if self.server_id and "x-vault-aws-iam-server-id" not in headers["authorization"]:
            return 400, {"errors": ["the header is not signed"]}
        host = url.removeprefix("http://").rstrip("/")
        sent = Asked(body["iam_http_request_method"], "/", {**headers, "host": host}, content.encode(), "/")
        if not self.amazon.is_signed(sent, "sts", self.region):
            return 400, {"errors": ["AWS does not know the caller"]}
        return 200, {"auth": {"client_token": "of-the-login"}}


def checked(vault: VaultWithAws, login: ByAws) -> tuple[Any, Accounts]:
    server, accounts = ScriptedHttp(vault.answer), Accounts()

    async def main() -> Any:
        egress = Egress(EgressPolicy(allow_loopback=True))
        try:
            async with server.running():
                asked = CheckVault(Connection(server.url, "", "", "", None, None, login), 0)
                return await Vault(egress, accounts, RealClock(), lambda region: server.url).check(asked)  # type: ignore[arg-type]
        finally:
            await egress.close()

    return asyncio.run(main()), accounts


def test_the_role_of_a_service_account_signs_in() -> None:
    amazon = Amazon()
    amazon.web_tokens["of-the-account"] = ROLE
    vault = VaultWithAws(amazon, "eu-west-1", "vault.test")
    found, accounts = checked(vault, BY_ACCOUNT)

    assert found == Verified() and vault.roles == ["certs"]
    (asked,) = accounts.asked
    assert str(asked.key) == "team-a/issuer" and asked.subresource == "token"
    assert asked.body is not None and asked.body["spec"]["audiences"] == ["sts.amazonaws.com", "more"]


def test_a_role_that_is_not_given_says_so_and_nothing_of_the_token() -> None:
    found, _ = checked(VaultWithAws(Amazon(), "eu-west-1", "vault.test"), BY_ACCOUNT)

    assert isinstance(found, Trouble) and found.starting and ROLE in found.reason
    assert "of-the-account" not in found.reason


@pytest.mark.parametrize("named", [True, False])
def test_the_process_signs_in_in_the_region_of_its_environment(named: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDBASE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "base-secret/+=")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    region = "us-west-2" if named else ""
    found, accounts = checked(VaultWithAws(Amazon(), region or "eu-central-1"), ByAws("aws", "certs", region, ""))

    assert found == Verified() and not accounts.asked


def test_a_request_that_was_made_for_another_server_is_refused() -> None:
    amazon = Amazon()
    amazon.web_tokens["of-the-account"] = ROLE
    found, _ = checked(VaultWithAws(amazon, "eu-west-1", "another.test"), BY_ACCOUNT)

    assert isinstance(found, Trouble) and "not made for this server" in found.reason
