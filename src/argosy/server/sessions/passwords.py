"""Passwords: bcrypt, in threads, a bounded number at once, and as slow for accounts that do not exist."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock
from argosy.server.errors import ApiError, Code, invalid, unauthenticated
from argosy.server.sessions.accounts import LOGIN, Account
from argosy.server.sessions.shared import SharedSessions

MAX_NAME: Final = 32
MAX_PASSWORD: Final = 128
AT_ONCE: Final = 50
WRONG: Final = "Invalid username or password"
NOISE_SECONDS: Final = (0.5, 1.0)
_NOBODYS: Final = "$2b$10$/Vm7SeRP/zlQ2PjYj7.OaeZxw1JDO2fFRPxTFpzEhLWWGZIv2MnQe"
"""A hash that no password has, so that unknown accounts take their time."""


class Passwords:
    def __init__(
        self,
        shared: SharedSessions,
        clock: Clock,
        rng: Rng,
        *,
        noise: tuple[float, float] = NOISE_SECONDS,
        told: Callable[[bool], None] = lambda _: None,
    ) -> None:
        """`told` of each try whether it succeeded."""
        self._told = told
        self._shared, self._clock, self._rng, self._noise = shared, clock, rng, noise
        self._places = asyncio.Semaphore(4)
        self._running = 0

    async def check(self, name: str, password: str, account: Account | None, address: str) -> None:
        """Raises ApiError; one text for all that a guesser could learn from."""
        if not password:
            raise unauthenticated("Blank passwords are not allowed")
        if len(name.encode()) > MAX_NAME:
            raise invalid(f"Username is too long ({MAX_NAME} bytes max)")
        if self._running >= AT_ONCE:
            raise ApiError(Code.RESOURCE_EXHAUSTED, "too many sign-ins at once: try again later")
        self._running += 1
        began = self._clock.monotonic()
        succeeded = False
        try:
            await self._check(name, password, account, address)
            succeeded = True
        finally:
            self._told(succeeded)
            self._running -= 1
            took = self._clock.monotonic() - began
            await self._clock.sleep(max(0.0, self._rng.uniform(*self._noise) - took))

    async def _check(self, name: str, password: str, account: Account | None, address: str) -> None:
        locked = self._shared.is_locked(name) or self._shared.address_is_locked(address)
        expected = account.password_hash if account is not None and account.password_hash else _NOBODYS
        right = await self._matches(password, expected)
        if locked or not right or account is None:
            self._shared.address_failed(address)
            if account is not None and not locked:
                await self._shared.failed(name)
            raise unauthenticated(WRONG)
        if not account.enabled:
            raise unauthenticated(f"Account {name} is disabled")
        if LOGIN not in account.capabilities:
            raise unauthenticated(f"Account {name} does not have login capability")
        await self._shared.succeeded(name)

    async def _matches(self, password: str, expected: str) -> bool:
        if len(password) > MAX_PASSWORD:
            return False
        async with self._places:
            return await self._clock.external(asyncio.to_thread(matches, password, expected))


def matches(password: str, expected: str) -> bool:
    import bcrypt

    try:
        return bcrypt.checkpw(password.encode()[:72], expected.encode())
    except ValueError:
        return False


def hashed(password: str) -> str:
    """Of 72 bytes bcrypt reads no more: longer ones are refused before."""
    import bcrypt

    return bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(10)).decode()


def account_json(account: Account) -> JsonObject:
    tokens = sorted(account.tokens, key=lambda item: -item.issued_at)
    return {
        "name": account.name,
        "enabled": account.enabled,
        "capabilities": list(account.capabilities),
        "tokens": [{"id": item.id, "issuedAt": item.issued_at, "expiresAt": item.expires_at} for item in tokens],
    }
