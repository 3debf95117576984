"""Wrong credentials, counted by address (security rule 7): guessing is slowed, and bad signatures cost little.

A token that was valid before is never delayed, so that a guesser behind the same address locks nobody out. Counters
cannot be evicted by an attacker: when there are too many addresses, new ones share one counter.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from datetime import datetime, timedelta

from argosy.machinery.status import StatusError
from argosy.observe.metrics import REGISTRY

FAILURES = 100
WINDOW = timedelta(seconds=10)
"""With more failures from one address in this time, its unknown tokens are rejected without verification."""
ADDRESSES = 4096
REMEMBERED = 4096
_CROWD = "(others)"

_failures = REGISTRY.counter(
    "argosy_cluster_authentication_failures_total", "Requests with credentials that are wrong."
)


class Guesses:
    def __init__(self) -> None:
        self._windows: dict[str, tuple[datetime, int]] = {}
        self._good: OrderedDict[bytes, None] = OrderedDict()

    def check(self, address: str, credential: str, now: datetime) -> None:
        """Raises StatusError 429 for a credential not seen before from an address with too many failures."""
        started, count = self._windows.get(self._counter(address), (now, 0))
        if count < FAILURES or abs(now - started) >= WINDOW or _digest(credential) in self._good:
            return
        message = "Too many requests, please try again later."
        raise StatusError(429, "TooManyRequests", message, retry_after=int(WINDOW.total_seconds()))

    def failed(self, address: str, now: datetime) -> None:
        _failures.add()
        if len(self._windows) >= ADDRESSES and address not in self._windows:
            self._forget(now)
        address = self._counter(address)
        started, count = self._windows.get(address, (now, 0))
        fresh = abs(now - started) >= WINDOW
        self._windows[address] = (now, 1) if fresh else (started, count + 1)

    def succeeded(self, credential: str) -> None:
        digest = _digest(credential)
        self._good[digest] = None
        self._good.move_to_end(digest)
        if len(self._good) > REMEMBERED:
            self._good.popitem(last=False)

    def _counter(self, address: str) -> str:
        return address if address in self._windows or len(self._windows) < ADDRESSES else _CROWD

    def _forget(self, now: datetime) -> None:
        self._windows = {key: found for key, found in self._windows.items() if abs(now - found[0]) < WINDOW}


def _digest(credential: str) -> bytes:
    return hashlib.blake2b(credential.encode("utf-8", "surrogateescape"), digest_size=16).digest()
