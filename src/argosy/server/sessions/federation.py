"""What a browser keeps of its provider's sign-in: to be signed in again when the ID token ends, and to ask for groups.

The provider's access and refresh tokens are in a cookie, encrypted with a key of ours and bound to the subject: every
replica can use them, and none keeps them. A session ends when `users.session.duration` is over, however often it was
refreshed.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Protocol

from argosy.runtime.clock import Clock
from argosy.server.sessions.cookies import PROVIDER
from argosy.server.sessions.provider import OidcConfig, Provider, ProviderError
from argosy.server.sessions.tokens import InvalidToken, parts_of, seconds_of

REMEMBERED: Final = 10_000
REFRESHED_SECONDS: Final = 60.0
"""For which requests that came at the same time get the same new token: a refresh token may count once."""


class HasProvider(Protocol):
    def get(self) -> Provider: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSession:
    subject: str
    began_at: float
    """Seconds since 1970, of the first sign-in."""
    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)


def sealed(session: ProviderSession, key: bytes, nonce: bytes) -> str:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    text = json.dumps(asdict(session), separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(nonce + AESGCM(_key(key)).encrypt(nonce, text, PROVIDER.encode())).decode()


def opened(text: str, key: bytes) -> ProviderSession | None:
    """None for what we did not write."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        data = base64.urlsafe_b64decode(text.encode())
        return ProviderSession(**json.loads(AESGCM(_key(key)).decrypt(data[:12], data[12:], PROVIDER.encode())))
    except (InvalidTag, ValueError, TypeError):
        return None


def _key(key: bytes) -> bytes:
    """Another than that of sessions."""
    return hashlib.sha256(b"provider-session\0" + key).digest()


def session_of(
    found: Mapping[str, Any], claims: Mapping[str, Any], began_at: float, before: str = ""
) -> ProviderSession:
    """From the token endpoint's answer. `before`: the refresh token that is kept if the answer has none."""
    access, refresh = found.get("access_token"), found.get("refresh_token")
    return ProviderSession(
        subject=str(claims.get("sub") or ""),
        began_at=began_at,
        access_token=access if isinstance(access, str) else "",
        refresh_token=refresh if isinstance(refresh, str) and refresh else before,
    )


class Federation:
    def __init__(self, provider: HasProvider, clock: Clock) -> None:
        self._provider, self._clock = provider, clock
        self._refreshed: dict[str, tuple[float, asyncio.Future[tuple[str, ProviderSession]]]] = {}
        self._groups: dict[str, tuple[float, tuple[str, ...]]] = {}

    def is_due(self, token: str) -> bool:
        """Whether the token has ended, or does within `refreshTokenThreshold`."""
        config = self._provider.get().config
        try:
            ends = seconds_of(parts_of(token)[1], "exp")
        except InvalidToken:
            return False
        if config is None or ends is None:
            return False
        return ends - self._clock.now().timestamp() < max(config.refresh_before, 0.0)

    async def renewed(self, token: str, session: ProviderSession, longest: float) -> tuple[str, ProviderSession]:
        """Another token of the same subject. Raises InvalidToken."""
        now = self._clock.now().timestamp()
        if not session.refresh_token or now - session.began_at >= longest:
            raise InvalidToken("the session is over")
        name = hashlib.sha256(session.refresh_token.encode()).hexdigest()
        at, known = self._refreshed.get(name, (float("-inf"), None))
        if known is not None and self._clock.monotonic() - at < REFRESHED_SECONDS:
            return await asyncio.shield(known)
        made: asyncio.Future[tuple[str, ProviderSession]] = asyncio.get_running_loop().create_future()
        made.add_done_callback(lambda done: done.cancelled() or done.exception())
        while len(self._refreshed) >= REMEMBERED:
            del self._refreshed[next(iter(self._refreshed))]
        self._refreshed[name] = (self._clock.monotonic(), made)
        try:
            found = await self._refresh(session)
        except InvalidToken as error:
            made.set_exception(error)
            raise
        except BaseException:
            made.cancel()
            self._refreshed.pop(name, None)
            raise
        made.set_result(found)
        return found

    async def _refresh(self, session: ProviderSession) -> tuple[str, ProviderSession]:
        provider = self._provider.get()
        config = provider.config
        if config is None:
            raise InvalidToken("no provider is configured any more")
        form = {"grant_type": "refresh_token", "refresh_token": session.refresh_token}
        try:
            found = await provider.exchanged(config, form)
        except ProviderError as error:
            raise InvalidToken(f"the session could not be refreshed: {error}") from None
        token = found.get("id_token")
        if not isinstance(token, str):
            raise InvalidToken("the provider gave no ID token")
        claims = await provider.verified(token)
        if claims["sub"] != session.subject:
            raise InvalidToken("the provider's token is of somebody else")
        return token, session_of(found, claims, session.began_at, session.refresh_token)

    async def groups(self, claims: Mapping[str, Any], session: ProviderSession | None) -> tuple[str, ...] | None:
        """Of the provider's user-info, where it is to be asked; None where it is not. Raises InvalidToken."""
        config = self._provider.get().config
        if config is None or not config.user_info_groups:
            return None
        subject = str(claims.get("sub") or "")
        if session is None or session.subject != subject or not session.access_token:
            return ()
        name = hashlib.sha256(f"{subject}\0{session.access_token}".encode()).hexdigest()
        at, known = self._groups.get(name, (float("-inf"), ()))
        if self._clock.monotonic() - at < config.user_info_seconds:
            return known
        found = await self._asked(config, session.access_token, subject)
        while len(self._groups) >= REMEMBERED:
            del self._groups[next(iter(self._groups))]
        self._groups[name] = (self._clock.monotonic(), found)
        return found

    async def _asked(self, config: OidcConfig, access_token: str, subject: str) -> tuple[str, ...]:
        try:
            user_info = await self._provider.get().user_info(config, access_token)
        except ProviderError as error:
            raise InvalidToken(f"the user's groups cannot be read: {error}") from None
        if user_info.get("sub") not in (None, subject):  # OpenID Connect Core 5.3.2
            raise InvalidToken("the user's groups are of somebody else")
        groups = user_info.get("groups")
        return tuple(item for item in groups if isinstance(item, str)) if isinstance(groups, list) else ()
