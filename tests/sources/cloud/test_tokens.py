"""Clouds' identities: what is asked for with them, how long it is kept, and what is refused."""

from __future__ import annotations

import asyncio
import base64
import http.server
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from argosy.sources.charts import ChartSources
from argosy.sources.cloud.tokens import CloudTokens
from argosy.sources.credentials import CredentialBook
from argosy.sources.egress import Egress, EgressPolicy
from argosy.sources.port import AccessDenied, Credentials

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
URL = "https://git.example.com/r"


class TokenSite:
    def __init__(self) -> None:
        self.status = 200
        self.seen: list[tuple[str, dict[str, str]]] = []
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *arguments: object) -> None:
                pass

            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers["Content-Length"])).decode()
                site.seen.append((self.path, {name: values[0] for name, values in parse_qs(text).items()}))
                body = json.dumps({"access_token": f"token-{len(site.seen)}", "expires_in": 3600}).encode()
                self.send_response(site.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()


@pytest.fixture
def tokens() -> Iterator[TokenSite]:
    made = TokenSite()
    yield made
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


def given(kind: str = "repository", **data: str) -> Credentials:
    labels = {"argocd.argoproj.io/secret-type": kind}
    return CredentialBook(
        [{"metadata": {"name": "s", "labels": labels}, "stringData": {"url": URL, **data}}]
    ).credentials(URL)


def effective(
    clock: Any, *wanted: Credentials, pause: float = 0.0, environment: Mapping[str, str] | None = None
) -> list[Credentials]:
    async def run() -> list[Credentials]:
        egress = Egress(EgressPolicy(allow_loopback=True))
        clouds, found = CloudTokens(egress, clock, environment or {}), []
        try:
            for one in wanted:
                found.append(await clouds.effective(one))
                clock.seconds += pause
            return found
        finally:
            await egress.close()

    return asyncio.run(run())


def test_a_google_key_signs_for_a_token_that_is_kept_until_shortly_before_its_end(
    clock: Any, tokens: TokenSite
) -> None:
    account = {
        "type": "service_account",
        "client_email": "r@p.example",
        "private_key": PEM,
        "token_uri": f"{tokens.url}/t",
    }
    wanted = given(gcpServiceAccountKey=json.dumps(account))
    found = effective(clock, wanted, wanted, wanted, pause=1700)
    assert [(one.username, one.password) for one in found] == [
        ("r@p.example", t) for t in ("token-1", "token-1", "token-2")
    ]
    (path, form), _ = tokens.seen
    assert (path, form["grant_type"]) == ("/t", "urn:ietf:params:oauth:grant-type:jwt-bearer")
    head, claims, signature = form["assertion"].split(".")
    padded = [base64.urlsafe_b64decode(part + "==") for part in (claims, signature)]
    KEY.public_key().verify(padded[1], f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
    told = json.loads(padded[0])
    assert (told["iss"], told["aud"], told["scope"]) == (
        "r@p.example", f"{tokens.url}/t", "https://www.googleapis.com/auth/cloud-platform",
    )  # fmt: skip
    assert "PRIVATE KEY" not in repr(wanted)


def test_a_google_key_keeps_the_user_name_of_googles_registries(clock: Any, tokens: TokenSite) -> None:
    account = {"type": "service_account", "client_email": "r@p", "private_key": PEM, "token_uri": f"{tokens.url}/t"}
    wanted = replace(given(gcpServiceAccountKey=json.dumps(account)), username="oauth2accesstoken")

    (found,) = effective(clock, wanted)

    assert (found.username, found.password) == ("oauth2accesstoken", "token-1")


@pytest.mark.parametrize(("kind", "suffix"), [("repository", "Id"), ("repo-creds", "ID")])
def test_an_azure_principal_gets_a_bearer_token(clock: Any, tokens: TokenSite, kind: str, suffix: str) -> None:
    data = {
        f"azureServicePrincipalClient{suffix}": "c", f"azureServicePrincipalTenant{suffix}": "t.example",
        "azureServicePrincipalClientSecret": "canary", "azureActiveDirectoryEndpoint": tokens.url,
    }  # fmt: skip
    (found,) = effective(clock, given(kind, **data))
    assert (found.bearer_token, found.username, found.password) == ("token-1", "", "")
    scope = "499b84ac-1321-427f-aa17-267ca6975798/.default"
    form = {"grant_type": "client_credentials", "client_id": "c", "client_secret": "canary", "scope": scope}
    assert tokens.seen == [("/t.example/oauth2/v2.0/token", form)]
    assert "canary" not in repr(given(kind, **data))


def test_a_workload_identity_proves_itself_by_its_file(clock: Any, tokens: TokenSite, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("proof\n")
    environment = {
        "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "token"), "AZURE_CLIENT_ID": "c",
        "AZURE_TENANT_ID": "t", "AZURE_AUTHORITY_HOST": f"{tokens.url}/",
    }  # fmt: skip
    wanted = given(useAzureWorkloadIdentity="true")
    (found,) = effective(clock, wanted, environment=environment)
    assert found.bearer_token == "token-1"
    ((path, form),) = tokens.seen
    assert (path, form["client_assertion"]) == ("/t/oauth2/v2.0/token", "proof")
    with pytest.raises(AccessDenied, match="runs without an Azure workload identity"):
        effective(clock, wanted)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"gcpServiceAccountKey": "canary"}, "gcpServiceAccountKey: must be the JSON key of a service account"),
        ({"gcpServiceAccountKey": '{"type": "external_account"}'}, "must be the JSON key of a service account"),
        ({"gcpServiceAccountKey": '{"type": "service_account"}'}, "has no client_email or private_key"),
        ({"gcpServiceAccountKey": '{"type": "service_account", "client_email": "e", "private_key": "canary"}'},
         "gcpServiceAccountKey: is not a private key in PEM"),
        ({"azureServicePrincipalClientId": "c", "azureServicePrincipalTenantId": "../x"}, "TenantId: must be"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_reported_without_its_content(clock: Any, data: dict[str, str], told: str) -> None:
    with pytest.raises(AccessDenied, match=told) as refused:
        effective(clock, given(**data))
    assert "canary" not in str(refused.value)


def test_a_refusal_is_reported(clock: Any, tokens: TokenSite) -> None:
    tokens.status = 401
    data = {"azureServicePrincipalClientId": "c", "azureServicePrincipalTenantId": "t"}
    with pytest.raises(AccessDenied, match="failed to get a token for the Azure identity"):
        effective(clock, given(**data, azureActiveDirectoryEndpoint=tokens.url))


def test_charts_are_not_asked_for_with_a_clouds_identity() -> None:
    sources = ChartSources(None, None)  # type: ignore[arg-type]
    with pytest.raises(AccessDenied, match="identities of clouds are for Git repositories"):
        asyncio.run(sources.resolve("https://c.example", "c", "1", given(useAzureWorkloadIdentity="true")))
