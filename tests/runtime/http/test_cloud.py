"""Tokens of cloud clusters by the clouds' own libraries, their services played by a server on loopback."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from argosy.machinery.objects import JsonObject
from argosy.runtime.clock import RealClock
from argosy.runtime.http import cloud
from argosy.runtime.http.cluster_secret import connection_of_cluster
from argosy.runtime.http.credentials import Credential, CredentialError, ExecCredential
from argosy.runtime.virtual import VirtualProcess

AWS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret-canary", "AWS_REGION": "eu-west-1"}


@contextmanager
def answering(body: str, kind: str) -> Iterator[tuple[str, list[str]]]:
    """A service that always says `body`; its URL, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def credential(config: JsonObject) -> Credential:
    return connection_of_cluster("https://k8s.example", json.dumps(config), RealClock()).credential


def token(config: JsonObject) -> str:
    proof = asyncio.run(credential(config).proof())
    assert proof.authorization is not None
    return proof.authorization.reveal().removeprefix("Bearer ")


def signed_url(text: str) -> str:
    assert text.startswith("k8s-aws-v1.")
    encoded = text.removeprefix("k8s-aws-v1.")
    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()


@pytest.fixture
def amazon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in AWS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", AWS["AWS_REGION"])
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))


@pytest.mark.usefixtures("amazon")
@pytest.mark.parametrize(
    "config",
    [
        {"awsAuthConfig": {"clusterName": "prod"}},
        {
            "execProviderConfig": {
                "command": "argocd-k8s-auth",
                "args": ["aws", "--cluster-name", "prod"],
                "apiVersion": "client.authentication.k8s.io/v1beta1",
            }
        },
    ],
)
def test_an_amazon_token_is_a_signed_request_that_names_the_cluster(config: JsonObject) -> None:
    url = urlsplit(signed_url(token(config)))
    query = parse_qs(url.query)
    assert url.hostname == "sts.eu-west-1.amazonaws.com"
    assert query["Action"] == ["GetCallerIdentity"]
    assert query["X-Amz-SignedHeaders"] == ["host;x-k8s-aws-id"]
    assert query["X-Amz-Expires"] == ["60"]
    assert query["X-Amz-Credential"][0].startswith("AKIDEXAMPLE/")
    assert "canary" not in url.query


@pytest.mark.usefixtures("amazon")
def test_an_amazon_role_is_assumed_first(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
      <AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
      <Expiration>2035-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""
    role = "arn:aws:iam::123456789012:role/deployer"
    with answering(answer, "text/xml") as (url, asked):
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        query = parse_qs(urlsplit(signed_url(token({"awsAuthConfig": {"clusterName": "prod", "roleARN": role}}))).query)
    assert parse_qs(asked[0])["RoleArn"] == [role]
    assert query["X-Amz-Credential"][0].startswith("ASIAROLE/")


def test_a_google_token_is_the_environment_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    with answering('{"access_token": "ya29.canary", "expires_in": 3600}', "application/json") as (url, asked):
        account = {
            "type": "service_account",
            "project_id": "p",
            "private_key": pem,
            "client_email": "deployer@p.iam.gserviceaccount.com",
            "token_uri": f"{url}/token",
        }
        file = tmp_path / "account.json"
        file.write_text(json.dumps(account))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
        program = {"command": "argocd-k8s-auth", "args": ["gcp"], "apiVersion": "client.authentication.k8s.io/v1beta1"}
        assert token({"execProviderConfig": program}) == "ya29.canary"
    assert "jwt-bearer" in asked[0]


def test_a_token_is_kept_until_shortly_before_it_ends_or_until_it_is_refused() -> None:
    with VirtualProcess(7) as process:
        clock, made = process.clock, 0

        def make() -> tuple[str, None]:
            nonlocal made
            made += 1
            return f"token-{made}", None

        async def scenario() -> list[str]:
            seen = []
            kept = cloud.CloudToken("aws", make, clock)
            for pause in (0, 13 * 60, 49, 1, 0):
                await clock.sleep(pause)
                proof = await kept.proof()
                assert proof.authorization is not None
                seen.append(proof.authorization.reveal())
            kept.refused()
            proof = await kept.proof()
            assert proof.authorization is not None
            return [*seen, proof.authorization.reveal()]

        tokens = process.run(scenario())
    assert tokens == [f"Bearer token-{number}" for number in (1, 1, 1, 2, 2, 3)]
    assert timedelta(minutes=14) == cloud.AWS_LIFETIME


def test_what_cannot_be_had_says_why_and_which_library_is_missing() -> None:
    def missing() -> tuple[str, None]:
        raise ModuleNotFoundError("boto3")

    def refused() -> tuple[str, None]:
        raise RuntimeError("the service says no")

    for make, text in ((missing, r"install argosy\[aws\]"), (refused, "RuntimeError: the service says no")):
        with pytest.raises(CredentialError, match=text):
            asyncio.run(cloud.CloudToken("aws", make, RealClock()).proof())
    with pytest.raises(CredentialError, match="clusterName is empty"):
        credential({"awsAuthConfig": {"clusterName": ""}})


def test_another_program_of_that_name_and_other_clouds_are_run_as_they_are() -> None:
    program = {"command": "argocd-k8s-auth", "args": ["azure"], "apiVersion": "client.authentication.k8s.io/v1beta1"}
    assert isinstance(credential({"execProviderConfig": program}), ExecCredential)
