"""Authentication: client certificate, bearer token or, if switched on, the anonymous user (spec section 15).

A credential that is presented must be valid: an invalid token is 401 even where anonymous access is on.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from argosy.cluster.auth.attributes import ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED, unauthorized
from argosy.cluster.auth.tokens import ServiceAccountTokens, TokenRefused
from argosy.cluster.kind import User

DIGEST = "sha256"
"""The digest's key among the attributes of a client certificate: not a name used by X.509."""
TOKEN_LENGTH_LIMIT = 16_384


class TokenVerifier(Protocol):
    """Another source of bearer tokens, such as the sign-in of the web page."""

    def user_of(self, token: str, now: datetime) -> User | None:
        """None when the token does not belong to this source."""
        ...


class StaticTokens:
    """Fixed tokens from the configuration, kept as digests: the tokens themselves are not kept in memory."""

    def __init__(self, tokens: Mapping[str, User] | None = None) -> None:
        self._users = [(_digest(token), _member(user)) for token, user in (tokens or {}).items()]

    def __repr__(self) -> str:
        return f"StaticTokens({len(self._users)})"

    def user_of(self, token: str, _now: datetime) -> User | None:
        """Compares with every token in constant time (security rule 7)."""
        offered, found = _digest(token), None
        for digest, user in self._users:
            if hmac.compare_digest(digest, offered):
                found = user
        return found


class Authenticator:
    """The chain: certificate, then bearer token. Raises 401 without credentials, or for a wrong one."""

    def __init__(
        self,
        *,
        verifiers: Sequence[TokenVerifier] = (),
        accounts: ServiceAccountTokens | None = None,
        anonymous: bool = False,
    ) -> None:
        self._verifiers = tuple(verifiers)
        self._accounts = accounts
        self._anonymous = anonymous
        self._certified: dict[tuple[tuple[str, str], ...], User] = {}

    def authenticate(self, authorization: str, certificate: Sequence[tuple[str, str]] | None, now: datetime) -> User:
        if certificate and (user := self._by_certificate(tuple(certificate))):
            return user
        if authorization:
            return self._by_header(authorization, now)
        if self._anonymous:
            return User(ANONYMOUS, (UNAUTHENTICATED,))
        raise unauthorized()

    def _by_certificate(self, subject: tuple[tuple[str, str], ...]) -> User | None:
        """The common name is the user, each organization a group; TLS has verified the chain."""
        if subject not in self._certified:
            names = [value for key, value in subject if key == "commonName"]
            if not names or not names[-1]:
                return None
            if len(self._certified) > 1024:
                self._certified.clear()
            groups = tuple(value for key, value in subject if key == "organizationName")
            digests = tuple(f"X509SHA256={value}" for key, value in subject if key == DIGEST)
            extra = {"authentication.kubernetes.io/credential-id": digests} if digests else {}
            self._certified[subject] = _member(User(names[-1], groups, "", extra))
        return self._certified[subject]

    def _by_header(self, authorization: str, now: datetime) -> User:
        scheme, _, token = authorization.strip().partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token or len(token) > TOKEN_LENGTH_LIMIT:
            raise unauthorized()
        for verifier in self._verifiers:
            if (user := verifier.user_of(token, now)) is not None:
                return user
        if self._accounts is not None and self._accounts.is_ours(token):
            try:
                return self._accounts.verify(token, now).user
            except TokenRefused:
                raise unauthorized() from None
        raise unauthorized()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _member(user: User) -> User:
    if AUTHENTICATED in user.groups:
        return user
    return User(user.name, (*user.groups, AUTHENTICATED), user.uid, user.extra)
