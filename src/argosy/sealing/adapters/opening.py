"""Decrypts items outside the event loop: in slices, the latest request first, the most successful keys first.

RSA takes milliseconds for each item and key and releases the GIL, so it runs in threads. A large object is decrypted
in slices and queued behind the others after each, so that it delays nobody. Requests over HTTP come after everything
else and never use more than one thread: a flood of them delays no object.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, TypeVar

from argosy.apis.bitnami import SealedSecret
from argosy.sealing.assembly import Render, Unopened, assembled
from argosy.sealing.item import ItemError, decoded, opened
from argosy.sealing.keyring import KeyRing, SealingKey
from argosy.sealing.ports import Opened, Unseal

Made = TypeVar("Made")
SLICE: Final = 8
"""How many items of one object are decrypted in one slice."""
AHEAD: Final = 2
"""Objects queued for each thread, so that none is idle until the event loop runs; more would delay new objects."""


@dataclass(frozen=True, slots=True)
class OpenedItem:
    """A value, and the key that decrypted it."""

    value: bytes = field(repr=False)
    key: SealingKey


Found = Mapping[str, OpenedItem | ItemError]
"""By item."""


@dataclass(slots=True)
class _Job:
    """One object in progress: the remaining items, and the results of the others."""

    sealed: SealedSecret
    ring: KeyRing
    label: str
    left: deque[str]
    found: dict[str, OpenedItem | ItemError] = field(default_factory=dict)
    done: asyncio.Future[None] | None = None
    asked: bool = False
    """Requested by a client over HTTP."""


class Opener:
    """`threads=0` decrypts at once in the caller's turn: for virtual time."""

    def __init__(self, render: Render, *, threads: int = 2, deprecated: bool = True) -> None:
        self._render, self._deprecated = render, deprecated
        self._rendering = threading.Lock()
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None
        self._urgent: list[_Job] = []
        self._routine: deque[_Job] = deque()
        self._asked: deque[_Job] = deque()
        self._asking = False
        self._background = asyncio.Lock()
        self._running = 0
        self._hits: dict[str, int] = {}
        self._count = 0

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    async def answer(self, question: Unseal) -> Opened | Unopened:
        return await self.open(question.sealed, question.ring, question.label, urgent=question.urgent)

    async def open(
        self, sealed: SealedSecret, ring: KeyRing, label: str, *, urgent: bool = True, asked: bool = False
    ) -> Opened | Unopened:
        found = await self.items(sealed, ring, label, urgent=urgent, asked=asked)
        if self._threads and any("{{" in text for text in sealed.spec.template.data.values()):
            return await asyncio.to_thread(self._assemble, sealed, found)
        return self._assemble(sealed, found)

    async def in_background(self, work: Callable[[], Made]) -> Made:
        """A client's work that would block the event loop: in a thread, one at a time."""
        if not self._threads:
            return work()
        async with self._background:
            return await asyncio.to_thread(work)

    async def items(
        self, sealed: SealedSecret, ring: KeyRing, label: str, *, urgent: bool = False, asked: bool = False
    ) -> Found:
        """The value of each item, without creating a Secret."""
        job = _Job(sealed, ring, label, deque(_items(sealed)), asked=asked)
        if not self._threads:
            return self._all(job)
        job.done = asyncio.get_running_loop().create_future()
        if asked:
            self._asked.append(job)
        elif urgent:
            self._urgent.append(job)
        else:
            self._routine.append(job)
        self._begin()
        await job.done
        return job.found

    def now(self, sealed: SealedSecret, ring: KeyRing, label: str) -> Opened | Unopened:
        """At once, without an event loop: for commands."""
        return self._assemble(sealed, self.items_now(sealed, ring, label))

    def items_now(self, sealed: SealedSecret, ring: KeyRing, label: str) -> Found:
        return self._all(_Job(sealed, ring, label, deque(_items(sealed))))

    def _all(self, job: _Job) -> Found:
        while job.left:
            self._slice(job)
        return job.found

    def _begin(self) -> None:
        while self._running < self._threads * AHEAD and (job := self._next()) is not None:
            self._running += 1
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="unseal")
            loop = asyncio.get_running_loop()
            self._pool.submit(self._work, job, loop)

    def _next(self) -> _Job | None:
        while self._urgent or self._routine:
            job = self._urgent.pop() if self._urgent else self._routine.popleft()
            if job.done is not None and not job.done.done():
                return job
        while self._asked and not self._asking:
            job = self._asked.popleft()
            if job.done is not None and not job.done.done():
                self._asking = True
                return job
        return None

    def _work(self, job: _Job, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread."""
        fault: Exception | None = None
        try:
            self._slice(job)
        except Exception as error:
            fault = error
        loop.call_soon_threadsafe(self._came, job, fault)

    def _came(self, job: _Job, fault: Exception | None) -> None:
        self._running -= 1
        if job.asked:
            self._asking = False
        if job.left and fault is None:
            (self._asked if job.asked else self._routine).append(job)
        elif job.done is not None and not job.done.done():
            if fault is not None:
                job.done.set_exception(fault)
            else:
                job.done.set_result(None)
        self._begin()

    def _slice(self, job: _Job) -> None:
        keys = self._ordered(job.ring)
        for _ in range(min(1 if job.asked else SLICE, len(job.left))):
            item = job.left.popleft()
            try:
                value, key = opened(decoded(item), (known.private for known in keys), job.label)
            except ItemError as error:
                job.found[item] = error
                continue
            fitting = next(known for known in keys if known.private is key)
            job.found[item] = OpenedItem(value, fitting)
            keys = self._hit(keys, fitting)

    def _ordered(self, ring: KeyRing) -> list[SealingKey]:
        """The key that succeeded last is tried first; keys that never did are tried newest first."""
        return sorted(ring.opening, key=lambda key: -self._hits.get(key.fingerprint, 0))

    def _hit(self, keys: list[SealingKey], key: SealingKey) -> list[SealingKey]:
        self._count += 1
        self._hits[key.fingerprint] = self._count
        return keys if keys[0] is key else [key, *(known for known in keys if known is not key)]

    def _assemble(self, sealed: SealedSecret, items: Found) -> Opened | Unopened:
        def open_item(item: str, label: str) -> bytes:
            found = items[item]
            if isinstance(found, ItemError):
                raise found
            return found.value

        with self._rendering:
            made = assembled(sealed, open_item, self._render, deprecated=self._deprecated)
        return made if isinstance(made, Unopened) else Opened(made)


def _items(sealed: SealedSecret) -> Iterator[str]:
    """Without duplicates: two keys may hold the same item."""
    spec = sealed.spec
    yield from dict.fromkeys([*spec.encrypted_data.values(), *([spec.data] if spec.data else [])])
