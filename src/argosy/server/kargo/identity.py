"""The caller of Kargo's API: its administrator, a provider's user, or a user of Kubernetes.

The token's unverified issuer selects the verifier; each verifies only with its own algorithms and keys (security
rule 6). Source: spec/kargo-api.md 2.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.status import StatusError
from argosy.server.context import ServerContext
from argosy.server.errors import ApiError
from argosy.server.kargo.claims import ClaimIndex
from argosy.server.kargo.faults import Fault, invalid
from argosy.server.kargo.settings import KargoSettings
from argosy.server.sessions import tokens
from argosy.server.sessions.tokens import InvalidToken

if TYPE_CHECKING:
    from argosy.server.sessions.provider import Provider

TOKEN_REVIEWS: Final = Resource("authentication.k8s.io", "v1", "tokenreviews", "TokenReview", namespaced=False)
ADMIN: Final = "admin"
BEARER: Final = "Bearer "
INVALID: Final = Fault(401, "invalid token")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """`actor` is the caller's name in events and annotations; `accounts` are the ServiceAccounts that claims map to."""

    actor: str
    is_admin: bool = False
    accounts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By namespace."""
    user: JsonObject | None = None
    """The Kubernetes user: username, uid, groups, extra."""
    groups: tuple[str, ...] = ()
    token_id: str = ""


NOBODY: Final = Identity(actor="")


class SignIn:
    """`provider`: created at first use, because it loads the code for foreign signatures."""

    def __init__(self, context: ServerContext, settings: KargoSettings, provider: Callable[[], Provider]) -> None:
        self._context, self._settings, self._provider = context, settings, provider
        self._claims = ClaimIndex(context.caches, settings.global_namespaces)

    async def identity(self, headers: Mapping[str, str]) -> Identity:
        """Raises Fault 401."""
        token = headers.get("authorization", "").removeprefix(BEARER).strip()
        if not token:
            raise Fault(401, "no token provided")
        try:
            _, claims, _, _ = tokens.parts_of(token)
            issuer = claims.get("iss")
            if self.has_admin and issuer == self._settings.admin.issuer:
                return self._administrator(token)
            if issuer and issuer == self._issuer():
                return await self._vouched(token)
        except InvalidToken:
            raise INVALID from None
        return await self._of_kubernetes(token)

    # -- the administrator ---------------------------------------------------------------------------------------------

    @property
    def has_admin(self) -> bool:
        if not self._settings.admin.enabled:
            return False
        if self._settings.admin.password_hash:
            return True
        account = self._context.authentication.accounts.get(ADMIN)
        return account is not None and account.enabled

    async def login(self, headers: Mapping[str, str], address: str) -> str:
        """A token for the password. Raises Fault."""
        if not self.has_admin:
            raise Fault(403, "admin user is not enabled")
        given = headers.get("authorization", "")
        if not given:
            raise invalid("Authorization header is required")
        if not given.startswith(BEARER) or given == BEARER:
            raise invalid("Authorization header must be in format 'Bearer <password>'")
        try:
            await self._check_password(given.removeprefix(BEARER), address)
        except ApiError as error:
            if error.http_status == 429:
                raise Fault(429, error.message) from None
            raise Fault(403, "invalid password") from None
        return self._issued()

    async def _check_password(self, password: str, address: str) -> None:
        """Raises ApiError. Failures count towards the limit of the same account in the other APIs (security rule 7)."""
        account = self._context.authentication.accounts.get(ADMIN)
        if own := self._settings.admin.password_hash:
            from argosy.server.sessions.accounts import LOGIN, Account

            account = Account(name=ADMIN, enabled=True, capabilities=(LOGIN,), password_hash=own)
        await self._context.passwords.check(ADMIN, password, account, address)

    def _issued(self) -> str:
        settings, now = self._settings.admin, int(self._context.clock.now().timestamp())
        claims = {
            "iss": settings.issuer,
            "aud": [settings.audience],
            "sub": ADMIN,
            "iat": now,
            "nbf": now,
            "exp": now + settings.token_seconds,
            "jti": self._context.rng.uuid(),
        }
        return tokens.sign(claims, self._key())

    def _administrator(self, token: str) -> Identity:
        """Raises InvalidToken."""
        claims = tokens.verified(token, self._key(), self._context.clock.now())
        if tokens.seconds_of(claims, "exp") is None:
            raise InvalidToken("token has no end")
        token_id = str(claims.get("jti") or "")
        if self._context.shared.is_revoked(token_id):
            raise InvalidToken("token is revoked")
        return Identity(actor=ADMIN, is_admin=True, token_id=token_id)

    def _key(self) -> bytes:
        """Derived from the server's key: tokens of one API are invalid in the other; a new password invalidates all."""
        if given := self._settings.admin.signing_key.reveal():
            return given.encode()
        account = self._context.authentication.accounts.get(ADMIN)
        known = account.password_hash if account is not None else ""
        purpose = f"kargo admin {self._settings.admin.password_hash or known}"
        key = self._context.authentication.key
        return hmac.digest(key, purpose.encode(), hashlib.sha256) if key else b""

    # -- others --------------------------------------------------------------------------------------------------------

    def _issuer(self) -> str:
        if self._settings.oidc is not None:
            return self._settings.oidc.issuer
        from argosy.server.sessions.provider import config_of

        config = config_of(self._context.configuration)
        return config.issuer if config is not None else ""

    async def _vouched(self, token: str) -> Identity:
        """Raises InvalidToken."""
        claims = await self._provider().verified(token)
        accounts = await self._claims.accounts(claims)
        return Identity(
            actor=actor_of(claims, self._settings.username_claim),
            accounts=accounts,
            groups=_texts(claims.get("groups")),
            token_id=str(claims.get("jti") or ""),
        )

    async def _of_kubernetes(self, token: str) -> Identity:
        review = {
            "apiVersion": TOKEN_REVIEWS.api_version,
            "kind": TOKEN_REVIEWS.kind,
            "metadata": {},
            "spec": {"token": token},
        }
        try:
            answer = await self._context.client.write(requests.create(TOKEN_REVIEWS, review))
        except StatusError as error:
            raise Fault(503, "the token could not be reviewed") from error
        status = answer.get("status") or {}
        if not status.get("authenticated"):
            raise INVALID
        user: JsonObject = status.get("user") or {}
        return Identity(
            actor=f"kubernetes:{user.get('username') or ''}",
            user=user,
            groups=_texts(user.get("groups")),
        )


def actor_of(claims: Mapping[str, Any], username_claim: str) -> str:
    """By the claim for usernames, else by email, else by subject."""
    for claim, shown in ((username_claim, username_claim), ("email", "email"), ("sub", "subject")):
        value = claims.get(claim)
        if isinstance(value, str) and value:
            return f"{shown}:{value}"
    return "unknown actor"


def _texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list | tuple) else ()
