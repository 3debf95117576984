"""The OpenID Connect provider at `<url>/api/dex`: its clients, keys, codes and ID tokens. Pure, and without storage.

The signing key and the client secret are derived from the server's key, so that all replicas share them, and they
change with it. A code is sealed and contains user, client, redirect URI and challenge; the caller must ensure that it
is used once. Source: spec/argo-cd-api.md 6 (Dex).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

from argosy.server.connectors.identity import Identity

CLIENT, CLI_CLIENT, PKCE_CLIENT = "argo-cd", "argo-cd-cli", "argo-cd-pkce"
CLIENTS: Final = frozenset({CLIENT, CLI_CLIENT, PKCE_CLIENT})
CODE_SECONDS: Final = 60
SCOPES: Final = ("openid", "email", "groups", "profile", "federated:id")
CURVE_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256 (SEC 2, 2.4.2)."""
_PURPOSE: Final = b"dex-code"


class BadRequest(Exception):
    """The client's request is invalid (RFC 6749, 5.2): `error`, and a description for people."""

    def __init__(self, error: str, text: str) -> None:
        super().__init__(text)
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An authorization request."""

    client: str
    redirect: str
    state: str
    scopes: tuple[str, ...]
    nonce: str = ""
    challenge: str = ""
    method: str = ""
    """The method of the challenge."""


def asked_of(query: Mapping[str, str], own_redirects: Sequence[str]) -> Asked:
    """Raises BadRequest: an unknown client is not redirected anywhere."""
    client, redirect = query.get("client_id", ""), query.get("redirect_uri", "")
    if client not in CLIENTS:
        raise BadRequest("unauthorized_client", "the client is unknown")
    if not _may_be_sent(client, redirect, own_redirects):
        raise BadRequest("invalid_request", "the redirect_uri is none of the client's")
    if query.get("response_type") != "code":
        raise BadRequest("unsupported_response_type", "response_type must be code")
    scopes = tuple(query.get("scope", "").split())
    if "openid" not in scopes:
        raise BadRequest("invalid_scope", "the scope openid is missing")
    challenge, method = query.get("code_challenge", ""), query.get("code_challenge_method", "")
    if (challenge and method != "S256") or (not challenge and client != CLIENT):
        raise BadRequest("invalid_request", "a code_challenge by S256 is needed")
    return Asked(
        client=client,
        redirect=redirect,
        state=query.get("state", ""),
        scopes=scopes,
        nonce=query.get("nonce", ""),
        challenge=challenge,
        method=method,
    )


def _may_be_sent(client: str, redirect: str, own: Sequence[str]) -> bool:
    if client == CLIENT:
        return redirect in own
    parts = urlsplit(redirect)
    # RFC 8252, 7.3: a native program may listen at any port of the user's machine.
    is_local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    return is_local and not parts.fragment and parts.path in ("", "/", "/auth/callback")


class Issuer:
    """`key`: the server's signing key."""

    def __init__(self, url: str, key: bytes) -> None:
        self.url, self._key = url, key

    @property
    def client_secret(self) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(self._key).digest()).decode()[:40]

    def description(self) -> dict[str, Any]:
        """OpenID Connect Discovery 1.0, section 3."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/auth",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": list(SCOPES),
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "claims_supported": [
                "iss", "sub", "aud", "iat", "exp", "email", "email_verified", "name", "preferred_username", "at_hash",
            ],
        }  # fmt: skip

    def keys(self) -> dict[str, Any]:
        return {"keys": [_signing_key(self._key).as_dict(private=False)]}

    def code(self, asked: Asked, identity: Identity, connector: str, code_id: str, nonce: bytes, now: datetime) -> str:
        """`nonce`: 12 random bytes."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        kept = {
            "asked": asdict(asked),
            "identity": asdict(identity),
            "connector": connector,
            "id": code_id,
            "exp": int(now.timestamp()) + CODE_SECONDS,
        }
        sealed = AESGCM(self._derived(b"code")).encrypt(nonce, json.dumps(kept).encode(), _PURPOSE)
        return base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()

    def exchanged(self, form: Mapping[str, str], secret: str, now: datetime) -> Exchanged:
        """Parses a token request. Raises BadRequest."""
        if form.get("grant_type") != "authorization_code":
            raise BadRequest("unsupported_grant_type", "grant_type must be authorization_code")
        kept = self._opened(form.get("code", ""))
        if kept is None or kept["exp"] <= now.timestamp():
            raise BadRequest("invalid_grant", "the code is unknown or too old")
        asked = Asked(**{**kept["asked"], "scopes": tuple(kept["asked"]["scopes"])})
        if asked.client != form.get("client_id") or asked.redirect != form.get("redirect_uri"):
            raise BadRequest("invalid_grant", "the code is another client's")
        if asked.client == CLIENT and not hmac.compare_digest(secret.encode(), self.client_secret.encode()):
            raise BadRequest("invalid_client", "the client's secret is wrong")
        if asked.challenge and not _proves(form.get("code_verifier", ""), asked.challenge):
            raise BadRequest("invalid_grant", "the code_verifier is wrong")
        identity = Identity(**{**kept["identity"], "groups": tuple(kept["identity"]["groups"])})
        return Exchanged(kept["id"], asked, identity, kept["connector"], float(kept["exp"]))

    def id_token(self, exchanged: Exchanged, lifetime: float, access_token: str, now: datetime) -> str:
        """`lifetime` in seconds."""
        asked, who, begins = exchanged.asked, exchanged.identity, int(now.timestamp())
        claims: dict[str, Any] = {
            "iss": self.url,
            "sub": subject(who.user_id, exchanged.connector),
            "aud": asked.client,
            "iat": begins,
            "exp": begins + int(lifetime),
            "at_hash": _half(access_token),
        }
        if asked.nonce:
            claims["nonce"] = asked.nonce
        if "email" in asked.scopes and who.email:
            claims |= {"email": who.email, "email_verified": who.email_verified}
        if "groups" in asked.scopes and who.groups:
            claims["groups"] = list(who.groups)
        if "profile" in asked.scopes:
            named = {"name": who.username, "preferred_username": who.preferred_username}
            claims |= {name: value for name, value in named.items() if value}
        if "federated:id" in asked.scopes:
            claims["federated_claims"] = {"connector_id": exchanged.connector, "user_id": who.user_id}
        key = _signing_key(self._key)
        return jwt.encode({"alg": "ES256", "kid": str(key.kid)}, claims, key, algorithms=["ES256"])

    def _opened(self, code: str) -> dict[str, Any] | None:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            data = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4))
            found = json.loads(AESGCM(self._derived(b"code")).decrypt(data[:12], data[12:], _PURPOSE))
        except (InvalidTag, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _derived(self, purpose: bytes) -> bytes:
        return hashlib.sha256(b"dex\0" + purpose + b"\0" + self._key).digest()


@dataclass(frozen=True, slots=True)
class Exchanged:
    code_id: str
    asked: Asked
    identity: Identity
    connector: str
    until: float
    """The code's expiry, in seconds since 1970."""


def subject(user_id: str, connector: str) -> str:
    """Dex's form of a subject: user and connector as a protobuf message, in base64."""
    fields = ((0x0A, user_id.encode()), (0x12, connector.encode()))
    message = b"".join(bytes([tag]) + _varint(len(value)) + value for tag, value in fields if value)
    return base64.urlsafe_b64encode(message).rstrip(b"=").decode()


def _varint(number: int) -> bytes:
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    made.append(number)
    return bytes(made)


def _proves(verifier: str, challenge: str) -> bool:
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    return hmac.compare_digest(digest, challenge.encode())


def _half(access_token: str) -> str:
    """`at_hash`: OpenID Connect Core 3.1.3.6."""
    return base64.urlsafe_b64encode(hashlib.sha256(access_token.encode()).digest()[:16]).rstrip(b"=").decode()


@lru_cache(maxsize=4)
def _signing_key(key: bytes) -> ECKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    number = int.from_bytes(hashlib.sha512(b"dex\0signing\0" + key).digest()) % (CURVE_ORDER - 1) + 1
    private = ec.derive_private_key(number, ec.SECP256R1())
    from cryptography.hazmat.primitives import serialization

    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    kid = hashlib.sha256(
        private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    ).hexdigest()[:40]
    return ECKey.import_key(pem, {"kid": kid, "use": "sig", "alg": "ES256"})
