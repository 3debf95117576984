"""ServiceAccount tokens: signed ES256 JWTs, issued for TokenRequests and verified by security rule 6 (spec section 15).

The algorithm is fixed, never read from the token. A token is valid only as long as its account: it becomes invalid
when the account's uid changes and when the object that it is bound to is deleted.
"""

from __future__ import annotations

import base64
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from argosy.cluster.auth.attributes import AUTHENTICATED
from argosy.cluster.http.representation.json_text import BodyError, parse_json
from argosy.cluster.kind import Reader, User
from argosy.cluster.ports import Rng
from argosy.machinery.objects import JsonObject, JsonValue

DEFAULT_ISSUER = "https://kubernetes.default.svc.cluster.local"
SKEW_SECONDS = 60
TOKEN_LIMIT = 16_384
"""Maximum characters of a token; longer ones are refused unread."""
REMEMBERED = 4096
"""Number of signatures cached as good; each costs a tenth of a millisecond to verify."""

_PREFIX = "system:serviceaccount:"


class TokenRefused(Exception):
    """The token is not valid here. The message names the failed check and reveals nothing of the token."""


class Bound(NamedTuple):
    """The object a token is bound to."""

    kind: str
    """`Pod`, `Secret` or `Node`."""
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class Verified:
    user: User
    audiences: tuple[str, ...]
    expires_at: int


def account_user(namespace: str, name: str, uid: str = "") -> User:
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", AUTHENTICATED)
    return User(f"{_PREFIX}{namespace}:{name}", groups, uid)


class ServiceAccountTokens:
    """Issues and verifies tokens. `key_pem` is a PKCS 8 P-256 private key, which the caller keeps between starts."""

    def __init__(self, key_pem: bytes, reader: Reader, rng: Rng, issuer: str = DEFAULT_ISSUER) -> None:
        key = serialization.load_pem_private_key(key_pem, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise ValueError("the ServiceAccount signing key must be an EC key on curve P-256")
        self.issuer = issuer
        self._key = key
        self._reader = reader
        self._rng = rng
        self._good: OrderedDict[bytes, JsonObject] = OrderedDict()
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.key_id = _encoded(hashlib.sha256(public).digest())

    def __repr__(self) -> str:
        return f"ServiceAccountTokens(issuer={self.issuer!r}, key_id={self.key_id!r})"

    # ---- issuing

    def issue(
        self,
        namespace: str,
        name: str,
        uid: str,
        now: datetime,
        seconds: int = 3600,
        audiences: Sequence[str] = (),
        bound: Bound | None = None,
    ) -> str:
        issued_at = int(now.timestamp())
        private: JsonObject = {"namespace": namespace, "serviceaccount": {"name": name, "uid": uid}}
        if bound is not None:
            private[bound.kind.lower()] = {"name": bound.name, "uid": bound.uid}
        claims = {
            "aud": list(audiences) or [self.issuer],
            "exp": issued_at + seconds,
            "iat": issued_at,
            "iss": self.issuer,
            "jti": self._rng.uuid(),
            "kubernetes.io": private,
            "nbf": issued_at,
            "sub": f"{_PREFIX}{namespace}:{name}",
        }
        header = {"alg": "ES256", "kid": self.key_id}
        signed = f"{_encoded(orjson.dumps(header))}.{_encoded(orjson.dumps(claims))}"
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    # ---- verifying

    def verify(self, token: str, now: datetime, audiences: Sequence[str] = ()) -> Verified:
        """The user of a token that is meant for one of `audiences` (default: this server). Raises TokenRefused."""
        claims = self._signed_claims(token)
        if claims.get("iss") != self.issuer:
            raise TokenRefused("the token was issued by somebody else")
        meant = _audiences(claims.get("aud"))
        shared = tuple(audience for audience in (audiences or (self.issuer,)) if audience in meant)
        if not shared:
            raise TokenRefused("the token is meant for another audience")
        self._check_times(claims, int(now.timestamp()))
        return Verified(self._account(claims), shared, claims["exp"])

    def is_ours(self, token: str) -> bool:
        """Whether it looks like one of these tokens at all; other kinds can then be tried by other verifiers."""
        return token.count(".") == 2

    def _signed_claims(self, token: str) -> JsonObject:
        digest = hashlib.sha256(token.encode()).digest()
        if digest in self._good:
            self._good.move_to_end(digest)
            return self._good[digest]
        claims = self._check_signature(token)
        self._good[digest] = claims
        if len(self._good) > REMEMBERED:
            self._good.popitem(last=False)
        return claims

    def _check_signature(self, token: str) -> JsonObject:
        parts = token.split(".")
        if len(token) > TOKEN_LIMIT or len(parts) != 3:
            raise TokenRefused("the token is malformed")
        header, claims, signature = _object(parts[0]), _object(parts[1]), _decoded(parts[2])
        if header.get("alg") != "ES256" or header.get("kid") != self.key_id or "crit" in header:
            raise TokenRefused("the token is signed by an unknown key or algorithm")
        if len(signature) != 64:
            raise TokenRefused("the token's signature is not valid")
        der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
        try:
            self._key.public_key().verify(der, f"{parts[0]}.{parts[1]}".encode(), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            raise TokenRefused("the token's signature is not valid") from None
        return claims

    def _check_times(self, claims: JsonObject, now: int) -> None:
        expires, not_before, issued = (_integer(claims.get(name)) for name in ("exp", "nbf", "iat"))
        if now >= expires + SKEW_SECONDS:
            raise TokenRefused("the token has expired")
        if now < not_before - SKEW_SECONDS or now < issued - SKEW_SECONDS:
            raise TokenRefused("the token is not valid yet")

    def _account(self, claims: JsonObject) -> User:
        private = _as_object(claims.get("kubernetes.io"))
        account = _as_object(private.get("serviceaccount"))
        namespace, name, uid = (
            str(value or "") for value in (private.get("namespace"), account.get("name"), account.get("uid"))
        )
        if claims.get("sub") != f"{_PREFIX}{namespace}:{name}":
            raise TokenRefused("the token's subject is not its account")
        if not uid or self._uid("serviceaccounts", namespace, name) != uid:
            raise TokenRefused("the token's account does not exist any more")
        extra: dict[str, tuple[str, ...]] = {}
        for kind, plural in (("pod", "pods"), ("secret", "secrets"), ("node", "nodes")):
            if kind in private:
                bound = _as_object(private[kind])
                where = "" if kind == "node" else namespace
                if not bound.get("uid") or self._uid(plural, where, str(bound.get("name"))) != bound["uid"]:
                    raise TokenRefused("the object that the token is bound to does not exist any more")
                extra[f"authentication.kubernetes.io/{kind}-name"] = (str(bound["name"]),)
                extra[f"authentication.kubernetes.io/{kind}-uid"] = (str(bound["uid"]),)
        if isinstance(token_id := claims.get("jti"), str):
            extra["authentication.kubernetes.io/credential-id"] = (f"JTI={token_id}",)
        user = account_user(namespace, name, uid)
        return User(user.name, user.groups, uid, extra)

    def _uid(self, plural: str, namespace: str, name: str) -> str:
        found = self._reader.get("", plural, namespace, name)
        return str(found["metadata"].get("uid") or "") if found else ""

    # ---- documents for others who verify

    def jwks(self) -> JsonObject:
        numbers = self._key.public_key().public_numbers()
        coordinates = {
            name: _encoded(number.to_bytes(32, "big")) for name, number in (("x", numbers.x), ("y", numbers.y))
        }
        return {
            "keys": [{"use": "sig", "kty": "EC", "kid": self.key_id, "crv": "P-256", "alg": "ES256", **coordinates}]
        }

    def configuration(self, jwks_uri: str) -> JsonObject:
        return {
            "issuer": self.issuer,
            "jwks_uri": jwks_uri,
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        }


def make_signing_key() -> bytes:
    """A new P-256 key as PKCS 8 PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _audiences(value: JsonValue) -> Sequence[str]:
    if isinstance(value, str):
        return (value,)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else ()


def _integer(value: JsonValue) -> int:
    if type(value) is not int:  # a bool is an int to Python, not to a token
        raise TokenRefused("the token lacks a time")
    return value


def _as_object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _object(part: str) -> JsonObject:
    """One JSON part. Duplicate keys, and anything but an object, are refused."""
    try:
        parsed = parse_json(_decoded(part))
    except BodyError:
        raise TokenRefused("the token is malformed") from None
    if parsed.duplicates or not isinstance(parsed.value, dict):
        raise TokenRefused("the token is malformed")
    return parsed.value


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


_strict_decode = partial(base64.b64decode, altchars=b"-_", validate=True)


def _decoded(part: str) -> bytes:
    """Base64url without padding; only the one canonical spelling of the bytes is accepted."""
    try:
        raw = _strict_decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise TokenRefused("the token is malformed") from None
    if _encoded(raw) != part:
        raise TokenRefused("the token is malformed")
    return raw
