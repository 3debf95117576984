"""What replicas share: revoked tokens and failed sign-ins.

Names are digests: nobody can choose a key, or read who failed.
"""

from __future__ import annotations

import hashlib
import logging
from typing import Final

from argosy.machinery.status import StatusError
from argosy.runtime.clock import Clock
from argosy.server.sessions.store import SessionStore

FAILURES: Final = 5
WINDOW_SECONDS: Final = 300
ADDRESS_FAILURES: Final = 200
ADDRESSES: Final = 10_000
ENTRIES: Final = 5_000
log = logging.getLogger(__name__)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:40]


class SharedSessions:
    def __init__(self, store: SessionStore, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._addresses: dict[str, list[float]] = {}

    # -- tokens --------------------------------------------------------------------------------------------------------

    def is_revoked(self, token_id: str) -> bool:
        return bool(token_id) and bool(self._store.get(f"revoked.{digest(token_id)}"))

    async def revoke(self, token_id: str, until: float) -> None:
        """Until then the token would have been valid. Raises StatusError when the other replicas cannot be notified."""
        await self._store.put(f"revoked.{digest(token_id)}", "revoked", until)

    # -- failed sign-ins -----------------------------------------------------------------------------------------------

    def is_locked(self, account: str) -> bool:
        count, last = self._failures(account)
        return count >= FAILURES and self._clock.now().timestamp() - last <= WINDOW_SECONDS

    async def failed(self, account: str) -> None:
        count, last = self._failures(account)
        now = self._clock.now().timestamp()
        count = count + 1 if now - last <= WINDOW_SECONDS else 1
        key, value = f"failed.{digest(account)}", f"{min(count, 1000)},{int(now)}"
        try:
            await self._store.put(key, value, now + WINDOW_SECONDS)
        except StatusError as error:
            log.warning("a failed sign-in could not be shared: %s", error.reason)

    async def succeeded(self, account: str) -> None:
        key = f"failed.{digest(account)}"
        if self._store.get(key):
            await self._store.put(key, "", self._clock.now().timestamp() + WINDOW_SECONDS)

    def address_is_locked(self, address: str) -> bool:
        now = self._clock.monotonic()
        recent = [at for at in self._addresses.get(address, ()) if now - at <= WINDOW_SECONDS]
        return len(recent) >= ADDRESS_FAILURES

    def address_failed(self, address: str) -> None:
        now = self._clock.monotonic()
        kept = [at for at in self._addresses.pop(address, ()) if now - at <= WINDOW_SECONDS]
        self._addresses[address] = [*kept[-ADDRESS_FAILURES:], now]
        while len(self._addresses) > ADDRESSES:
            del self._addresses[next(iter(self._addresses))]

    def _failures(self, account: str) -> tuple[int, float]:
        entry = self._store.get(f"failed.{digest(account)}")
        count, _, last = entry.partition(",")
        return (int(count), float(last)) if count.isdecimal() and last.isdecimal() else (0, 0.0)
