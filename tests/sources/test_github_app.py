"""GitHub Apps: the request is signed by the app's key, and the token is asked for once an hour."""

from __future__ import annotations

import asyncio
import base64
import http.server
import json
import threading
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from argosy.sources.credentials import CredentialBook
from argosy.sources.egress import Egress, EgressPolicy
from argosy.sources.github_app import GitHubApps
from argosy.sources.port import AccessDenied, Credentials

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()


def book(**data: str) -> CredentialBook:
    labels = {"argocd.argoproj.io/secret-type": "repository"}
    secret = {"metadata": {"name": "s", "labels": labels}, "stringData": {"url": "https://git.example.com/r", **data}}
    return CredentialBook([secret])


def test_an_app_is_turned_into_a_token_that_is_kept_until_shortly_before_its_end(clock: Any) -> None:
    seen: list[tuple[str, str]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

        def do_POST(self) -> None:
            seen.append((self.path, self.headers["Authorization"]))
            body = json.dumps({"token": f"canary-{len(seen)}", "expires_at": "2027-01-15T09:00:00Z"}).encode()
            self.send_response(201)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
    given = book(
        githubAppID="7", githubAppInstallationID="9", githubAppPrivateKey=PEM,
        githubAppEnterpriseBaseUrl=f"http://127.0.0.1:{server.server_address[1]}/api/v3",
    ).credentials("https://git.example.com/r")  # fmt: skip

    async def tokens() -> list[str]:
        egress = Egress(EgressPolicy(allow_loopback=True))
        apps = GitHubApps(egress, clock)
        try:
            found = [(await apps.effective(given)).password for _ in range(2)]
            clock.seconds += 3400
            return [*found, (await apps.effective(given)).password]
        finally:
            await egress.close()

    try:
        assert asyncio.run(tokens()) == ["canary-1", "canary-1", "canary-2"]
    finally:
        server.shutdown()
        server.server_close()
    path, authorization = seen[0]
    assert path == "/api/v3/app/installations/9/access_tokens"
    head, claims, signature = authorization.removeprefix("Bearer ").split(".")
    decoded = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert (decoded["iss"], decoded["exp"] - decoded["iat"]) == ("7", 600)
    raw = base64.urlsafe_b64decode(signature + "==")
    KEY.public_key().verify(raw, f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
    assert "PRIVATE" not in repr(given)


@pytest.mark.parametrize("key", ["", "nonsense", PEM[:200], "x" * 14_000])
def test_a_key_that_cannot_be_read_is_named_and_not_shown(clock: Any, key: str) -> None:
    async def asked() -> None:
        given = Credentials(github_app_id="7", github_app_installation_id="9", github_app_private_key=key)
        await GitHubApps(Egress(), clock).effective(given)

    with pytest.raises(AccessDenied, match=r"^githubAppPrivateKey: ") as raised:
        asyncio.run(asked())
    assert not key or key not in str(raised.value)
