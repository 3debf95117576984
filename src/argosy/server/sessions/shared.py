"""What replicas share: revoked tokens and failed sign-ins, in one ConfigMap that each of them watches.

An entry is one key, so that two replicas never overwrite each other. What this replica wrote counts at once, whatever
its cache shows. Names are digests: nobody can choose a key, or read who failed.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime
from typing import Final

from argosy.machinery.api import PatchType
from argosy.machinery.status import StatusError
from argosy.runtime.clock import Clock
from argosy.runtime.verbs import Verbs
from argosy.server.configuration import CONFIG_MAPS, Configuration

OBJECT: Final = "argosy-sessions"
FAILURES: Final = 5
WINDOW_SECONDS: Final = 300
ADDRESS_FAILURES: Final = 200
ADDRESSES: Final = 10_000
ENTRIES: Final = 5_000
log = logging.getLogger(__name__)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:40]


class SharedSessions:
    def __init__(self, client: Verbs, configuration: Configuration, clock: Clock) -> None:
        self._client, self._configuration, self._clock = client, configuration, clock
        self._own: dict[str, str] = {}
        """Written by this replica, and maybe not in the cache yet."""
        self._addresses: dict[str, list[float]] = {}

    # -- tokens --------------------------------------------------------------------------------------------------------

    def is_revoked(self, token_id: str) -> bool:
        return bool(token_id) and self._entry(f"revoked.{digest(token_id)}") is not None

    async def revoke(self, token_id: str, until: float) -> None:
        """Until then the token would have been valid. Raises StatusError when others cannot be told."""
        await self._put(f"revoked.{digest(token_id)}", str(int(until)))

    # -- failed sign-ins -----------------------------------------------------------------------------------------------

    def is_locked(self, account: str) -> bool:
        count, last = self._failures(account)
        return count >= FAILURES and self._clock.now().timestamp() - last <= WINDOW_SECONDS

    async def failed(self, account: str) -> None:
        count, last = self._failures(account)
        now = self._clock.now().timestamp()
        count = count + 1 if now - last <= WINDOW_SECONDS else 1
        key, value = f"failed.{digest(account)}", f"{min(count, 1000)},{int(now)}"
        self._own[key] = value
        try:
            await self._put(key, value)
        except StatusError as error:
            log.warning("a failed sign-in could not be shared: %s", error.reason)

    async def succeeded(self, account: str) -> None:
        key = f"failed.{digest(account)}"
        if self._entry(key) is not None:
            await self._put(key, "")

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
        entry = self._entry(f"failed.{digest(account)}") or ""
        count, _, last = entry.partition(",")
        return (int(count), float(last)) if count.isdecimal() and last.isdecimal() else (0, 0.0)

    # -- the object ----------------------------------------------------------------------------------------------------

    def _entry(self, key: str) -> str | None:
        found = self._own.get(key)
        if found is None:
            found = self._configuration.config_map(OBJECT).get(key)
        return found or None

    async def _put(self, key: str, value: str) -> None:
        """An empty value takes the entry away; entries whose time is over go with it."""
        self._own[key] = value
        changes: dict[str, str | None] = dict.fromkeys(self._expired(self._clock.now()))
        changes[key] = value or None
        namespace = self._configuration.namespace
        try:
            await self._client.patch(CONFIG_MAPS, OBJECT, namespace, {"data": changes}, PatchType.MERGE)
        except StatusError as error:
            if not error.is_not_found:
                raise
            data = {name: text for name, text in changes.items() if text}
            metadata = {
                "name": OBJECT,
                "namespace": namespace,
                "labels": {"app.kubernetes.io/part-of": "argocd"},
            }
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
            try:
                await self._client.create(CONFIG_MAPS, body)
            except StatusError as again:
                if not again.is_already_exists:
                    raise
                await self._client.patch(CONFIG_MAPS, OBJECT, namespace, {"data": changes}, PatchType.MERGE)

    def _expired(self, now: datetime) -> list[str]:
        found = []
        for key, value in self._configuration.config_map(OBJECT).items():
            last = value.rpartition(",")[2]
            keeps = WINDOW_SECONDS if key.startswith("failed.") else 0
            if not last.isdecimal() or int(last) + keeps < now.timestamp():
                found.append(key)
                self._own.pop(key, None)
        return found
