"""Authenticates a request by its headers: finds the token and verifies it."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from argosy.machinery.duration import DurationError, nanoseconds
from argosy.machinery.objects import JsonObject
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock
from argosy.server.calls import NOBODY, Caller
from argosy.server.configuration import DEFAULT_SESSION_SECONDS, Configuration
from argosy.server.errors import unauthenticated
from argosy.server.permissions.enforcement import Subject
from argosy.server.sessions import tokens
from argosy.server.sessions.accounts import API_KEY, LOGIN, Account, accounts_of
from argosy.server.sessions.cookies import NAME, PROVIDER, cookies_of, token_of
from argosy.server.sessions.shared import SharedSessions
from argosy.server.sessions.tokens import ISSUER, InvalidToken, seconds_of, time_text

if TYPE_CHECKING:
    from argosy.server.sessions.federation import Federation

RENEW_SECONDS: Final = 300
MOST_SIGNED: Final = 4096
OURS: Final = ("proj:", "role:")
"""The prefix of role names."""
Foreign = Callable[[str], Awaitable[dict[str, Any]]]
"""The claims of a provider's token. Raises InvalidToken."""


@dataclass(frozen=True, slots=True)
class Authenticated:
    caller: Caller
    renewed: str = ""
    """A new token that replaces the one in the request."""
    cookies: tuple[str, ...] = ()
    """For a browser: values of Set-Cookie."""


class Authentication:
    def __init__(
        self, configuration: Configuration, shared: SharedSessions, clock: Clock, rng: Rng, foreign: Foreign | None
    ) -> None:
        self._configuration, self._shared, self._clock, self._rng = configuration, shared, clock, rng
        self.foreign = foreign
        self.federation: Callable[[], Federation] | None = None
        """Refreshes sessions of external providers; None: nothing is refreshed."""
        self.written: Callable[[str, str], list[str]] = lambda name, value: []
        """Values of Set-Cookie that set or delete a cookie of that name."""
        self._accounts: tuple[object, object, dict[str, Account]] = (None, None, {})
        self._signed: dict[str, tuple[bytes, dict[str, Any]]] = {}
        """Verified tokens, with the key that verified them."""

    @property
    def key(self) -> bytes:
        """Our signing key. Without one no token is valid."""
        return self._configuration.secret.get("server.secretkey", "").encode()

    @property
    def accounts(self) -> dict[str, Account]:
        settings, secret = self._configuration.settings, self._configuration.secret
        if self._accounts[0] is not settings or self._accounts[1] is not secret:
            self._accounts = (settings, secret, accounts_of(settings, secret))
        return self._accounts[2]

    async def caller(self, headers: Mapping[str, str]) -> Authenticated:
        """Raises ApiError UNAUTHENTICATED for an invalid token, or without one unless anonymous access is enabled."""
        token = token_from(headers)
        if not token:
            if self._configuration.anonymous:
                return Authenticated(NOBODY)
            raise unauthenticated("no session information")
        cookies = cookies_of(headers.get("cookie", ""))
        from_browser = token_of(cookies) == token and self.federation is not None
        try:
            if from_browser and (text := token_of(cookies, PROVIDER)):
                return await self._of_browser(token, text)
            found = await self.of_token(token)
            if found.renewed and token_of(cookies) == token:
                found = replace(found, cookies=tuple(self.written(NAME, found.renewed)))
            return found
        except InvalidToken as error:
            raise unauthenticated(f"invalid session: {error}") from None

    async def _of_browser(self, token: str, text: str) -> Authenticated:
        """The caller of a provider's token: refreshed if it has expired, with the groups from the user-info endpoint.

        Raises InvalidToken.
        """
        from argosy.server.sessions.federation import opened, sealed

        assert self.federation is not None
        federation, session = self.federation(), opened(text, self.key)
        if session is None or tokens.parts_of(token)[1].get("sub") != session.subject:
            return await self.of_token(token)
        renewed, cookies = "", list[str]()
        if federation.is_due(token) and session.refresh_token:
            renewed, session = await federation.renewed(token, session, self.session_seconds())
            cookies = [*self.written(NAME, renewed)]
            cookies += self.written(PROVIDER, sealed(session, self.key, self._rng.token_bytes(12)))
        found = await self.of_token(renewed or token)
        groups = await federation.groups(found.caller.claims, session)
        if groups is not None:
            caller = replace(found.caller, subject=Subject(found.caller.subject.name, self._of_provider(groups)))
            found = replace(found, caller=caller)
        return replace(found, renewed=renewed, cookies=tuple(cookies))

    async def of_token(self, token: str) -> Authenticated:
        """Raises InvalidToken."""
        known, key = self._signed.get(token), self.key
        if known is not None and known[0] == key:
            claims = known[1]
            tokens.check_times(claims, self._clock.now())
        else:
            _, claims, _, _ = tokens.parts_of(token)
            if claims.get("iss") != ISSUER:
                if self.foreign is None:
                    raise InvalidToken("failed to verify the token")
                return Authenticated(self._of_foreign(await self.foreign(token)))
            claims = tokens.verified(token, key, self._clock.now())
            if len(self._signed) >= MOST_SIGNED:
                self._signed.clear()
            self._signed[token] = (key, claims)
        subject = claims.get("sub")
        if not isinstance(subject, str) or not subject:
            raise InvalidToken("token has no subject")
        if subject.startswith("proj:"):
            self._check_project(subject, claims)
            return Authenticated(self._of_claims(claims))
        name, _, capability = subject.partition(":")
        capability = LOGIN if capability == LOGIN else API_KEY
        self._check_account(name, capability, claims)
        renewed = self._renewed(name, claims) if capability == LOGIN else ""
        return Authenticated(self._of_claims({**claims, "sub": name}), renewed)

    def _of_foreign(self, claims: dict[str, Any]) -> Caller:
        """A provider's users are separate from ours: they are no roles and no local accounts. Raises InvalidToken."""
        caller = self._of_claims(claims)
        name = caller.subject.name
        if name.startswith(OURS) or name in self.accounts:
            raise InvalidToken("the token's subject is a name of this control plane")
        if self._shared.is_revoked(caller.token_id):
            raise InvalidToken("token is revoked, please re-login")
        return replace(caller, subject=Subject(name, self._of_provider(caller.subject.groups)))

    def _of_provider(self, groups: Iterable[str]) -> tuple[str, ...]:
        """People who can name a group at a provider (a team, a GitLab group) must not be able to pick a name of a role
        of ours, or of an account with roles: policies do not distinguish them."""
        return tuple(group for group in groups if not group.startswith(OURS) and group not in self.accounts)

    def vouches(self, headers: Mapping[str, str]) -> bool:
        """Whether we signed the token and it has not expired; nothing else is checked."""
        try:
            tokens.verified(token_from(headers), self.key, self._clock.now())
        except InvalidToken:
            return False
        return True

    def issue(self, subject: str, seconds: int, token_id: str) -> str:
        """`seconds`: 0 means no expiry."""
        now = int(self._clock.now().timestamp())
        claims: dict[str, Any] = {"iss": ISSUER, "sub": subject, "nbf": now, "iat": now, "jti": token_id}
        if seconds > 0:
            claims["exp"] = now + seconds
        return tokens.sign(claims, self.key)

    def session_seconds(self) -> int:
        text = self._configuration.settings.get("users.session.duration", "")
        try:
            return nanoseconds(text) // 1_000_000_000 or DEFAULT_SESSION_SECONDS if text else DEFAULT_SESSION_SECONDS
        except DurationError:
            return DEFAULT_SESSION_SECONDS

    def new_id(self) -> str:
        return self._rng.uuid()

    def _check_account(self, name: str, capability: str, claims: dict[str, Any]) -> None:
        account = self.accounts.get(name)
        if account is None:
            raise InvalidToken(f"account '{name}' does not exist")
        if not account.enabled:
            raise InvalidToken(f"account {name} is disabled")
        if capability not in account.capabilities:
            raise InvalidToken(f"account {name} does not have '{capability}' capability")
        token_id = claims.get("jti")
        if not token_id or not isinstance(token_id, str):
            raise InvalidToken("token does not have a unique identifier (jti claim) and cannot be validated")
        if self._shared.is_revoked(token_id):
            raise InvalidToken("token is revoked, please re-login")
        if capability == API_KEY and not account.has_token(token_id):
            raise InvalidToken(f"account {name} does not have token with id {token_id}")
        issued, changed = seconds_of(claims, "iat"), account.password_changed_at
        if issued is None:
            raise InvalidToken("token has no time of issue")
        if changed is not None and issued < int(changed.timestamp()):
            raise InvalidToken("account password has changed since token issued")

    def _check_project(self, subject: str, claims: dict[str, Any]) -> None:
        parts = subject.split(":")
        project = self._configuration.project(parts[1]) if len(parts) == 3 else None
        if project is None:
            raise InvalidToken("the token's project does not exist")
        issued, token_id = seconds_of(claims, "iat"), str(claims.get("jti") or "")
        if not any(_is_of(item, issued, token_id) for item in project_tokens(project, parts[2])):
            raise InvalidToken(f"the token is not of role {parts[2]} any more")
        if token_id and self._shared.is_revoked(token_id):
            raise InvalidToken("token is revoked, please re-login")

    def _renewed(self, name: str, claims: dict[str, Any]) -> str:
        ends, issued = seconds_of(claims, "exp"), seconds_of(claims, "iat")
        if ends is None or issued is None or ends - self._clock.now().timestamp() >= RENEW_SECONDS:
            return ""
        return self.issue(f"{name}:{LOGIN}", int(ends - issued), self.new_id())

    def _of_claims(self, claims: dict[str, Any]) -> Caller:
        federated = claims.get("federated_claims")
        user = federated.get("user_id") if isinstance(federated, dict) else None
        name = str(user or claims.get("sub") or "")
        local = claims.get("iss") == ISSUER
        email = claims.get("email")
        return Caller(
            subject=Subject(name, self._groups(claims)),
            claims=claims,
            issued_at=time_text(seconds_of(claims, "iat")),
            token_id=str(claims.get("jti") or claims.get("uti") or claims.get("at_hash") or ""),
            username=name if local or not isinstance(email, str) or not email else email,
            signed_in=True,
        )

    def _groups(self, claims: dict[str, Any]) -> tuple[str, ...]:
        found: list[str] = []
        for scope in self._configuration.scopes:
            if scope == "email" and claims.get("email_verified") is False:
                continue  # it may be anybody's: Kubernetes refuses it, too
            value: Any = claims
            for part in scope.split("."):
                value = value.get(part) if isinstance(value, dict) else None
            if isinstance(value, str):
                found.append(value)
            elif isinstance(value, list):
                found += [item for item in value if isinstance(item, str)]
        return tuple(dict.fromkeys(found))


def _is_of(entry: JsonObject, issued: float | None, token_id: str) -> bool:
    if entry.get("id"):
        return bool(token_id) and entry["id"] == token_id
    return issued is not None and int(entry.get("iat") or 0) == int(issued)


def project_tokens(project: JsonObject, role: str) -> list[JsonObject]:
    """From the status, and from the role itself, where older versions kept them."""
    by_role = ((project.get("status") or {}).get("jwtTokensByRole") or {}).get(role) or {}
    found: list[JsonObject] = list(by_role.get("items") or ())
    for item in (project.get("spec") or {}).get("roles") or ():
        if item.get("name") == role:
            found += [token for token in item.get("jwtTokens") or () if token not in found]
    return found


def token_from(headers: Mapping[str, str]) -> str:
    """The metadata `token`, a bearer token of three parts, else the cookie."""
    if token := headers.get("token"):
        return token
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer.strip().count(".") == 2:
        return bearer.strip()
    if scheme.lower() == "basic":
        return ""
    return token_of(cookies_of(headers.get("cookie", ""))) or ""


def basic_of(header: str) -> tuple[str, str] | None:
    """User name and password of HTTP basic authentication."""
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(text, validate=True).decode().partition(":")
    except ValueError:
        return None
    return (user, password) if colon else None
