"""GitHub App credentials: the app's key signs a request for a token that can read its installation's repositories.

Tokens live an hour; one is cached until shortly before it expires, in memory only.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import datetime
from typing import Final

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from argosy.machinery.objects import JsonObject
from argosy.machinery.rsa_keys import UnusableKey, rsa_key
from argosy.runtime.clock import Clock
from argosy.sources.egress import Egress, refused_status
from argosy.sources.port import AccessDenied, Credentials, Unavailable

API: Final = "https://api.github.com"
KEY_LIMIT: Final = 13 * 1024
ANSWER_LIMIT: Final = 1024 * 1024
EARLY_SECONDS: Final = 300.0
JWT_SECONDS: Final = 540


class GitHubApps:
    """Exchanges an app's credentials for a token's; others pass unchanged."""

    def __init__(self, egress: Egress, clock: Clock) -> None:
        self._egress = egress
        self._clock = clock
        self._tokens: dict[tuple[str, ...], tuple[float, str]] = {}

    async def effective(self, credentials: Credentials) -> Credentials:
        """Raises AccessDenied when the app is refused or its key cannot be read."""
        if not credentials.github_app_id:
            return credentials
        given = credentials
        key = (
            given.github_app_id,
            given.github_app_installation_id,
            given.github_app_private_key,
            given.github_app_url,
        )
        now = self._clock.now().timestamp()
        known = self._tokens.get(key)
        if known is None or known[0] - EARLY_SECONDS <= now:
            known = self._tokens[key] = await self._clock.external(self._token(credentials, int(now)))
        return replace(credentials, username="x-access-token", password=known[1], bearer_token="")

    async def _token(self, credentials: Credentials, now: int) -> tuple[float, str]:
        installation = credentials.github_app_installation_id
        if not installation.isdecimal():
            raise AccessDenied(f"githubAppInstallationID: {installation!r} must be a number")
        jwt = signed_request(credentials.github_app_id, credentials.github_app_private_key, now)
        answer = await self._egress.post(
            f"{(credentials.github_app_url or API).rstrip('/')}/app/installations/{installation}/access_tokens",
            credentials,
            b"",
            limit=ANSWER_LIMIT,
            headers={"Accept": "application/vnd.github+json"},
            authorization=f"Bearer {jwt}",
        )
        if answer.status != 201:
            raise refused_status(answer, "failed to get a token for the GitHub App")
        try:
            body = orjson.loads(answer.body)
            return datetime.fromisoformat(body["expires_at"]).timestamp(), str(body["token"])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            raise Unavailable("the answer to a request for a GitHub App's token cannot be read") from None


def signed_request(app: str, private_key: str, now: int) -> str:
    """The JSON web token (RS256) that authenticates the app. It is backdated by a minute, for clocks that differ."""
    claims = {"iat": now - 60, "exp": now + JWT_SECONDS, "iss": app}
    return signed(claims, private_key, "githubAppPrivateKey")


def signed(claims: JsonObject, private_key: str, field_name: str) -> str:
    """A JSON web token (RS256). Raises AccessDenied, naming the field of the key."""
    text = b".".join(_base64(orjson.dumps(part)) for part in ({"alg": "RS256", "typ": "JWT"}, claims))
    return (
        text + b"." + _base64(_key(private_key, field_name).sign(text, padding.PKCS1v15(), hashes.SHA256()))
    ).decode()


def _key(pem: str, field_name: str) -> rsa.RSAPrivateKey:
    if len(pem) > KEY_LIMIT:
        raise AccessDenied(f"{field_name}: larger than the limit of {KEY_LIMIT} bytes")
    try:
        key = rsa_key(pem.encode())
    except UnusableKey as error:
        raise AccessDenied(f"{field_name}: is not a private key in PEM: {error}") from None
    if key.key_size < 2048:
        raise AccessDenied(f"{field_name}: must be an RSA key of 2048 bits or more")
    return key


def _base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
