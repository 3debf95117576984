"""Caches renderings: content-addressed, and reused exactly as long as no input differs.

The key of an entry is everything the rendering depends on except files; the entry lists the inputs it read
(render/inputs.py). It is used if the tree at hand answers all of them the same: a commit elsewhere in the repository
renders nothing, a change of a base three directories away does. Failures are cached as well (spec/argo-cd-engine.md
5.3).
Each entry carries a keyed digest over key, inputs and manifests; one that does not match is dropped, never used
(spec/security.md rule 14).
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.machinery.pieces import Pieces, finished
from argosy.render.inputs import Answers, Inputs, unchanged
from argosy.render.port import SourceType
from argosy.render.workers.conversation import parse_manifests

KEPT_FOR: Final = timedelta(hours=24)
VARIANTS_PER_KEY: Final = 32
"""Maximum per path of a repository: for the branches deployed from it, or that an application switches between."""

FIRST_REST: Final = timedelta(seconds=30)
LONGEST_REST: Final = timedelta(hours=1)
COMPRESS_FROM: Final = 4096
_COMPRESSED: Final = b"x"
"""The prefix of a compressed body; JSON starts otherwise."""
_PIECE: Final = 262_144
"""Bytes that are compressed or digested at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """When a failing rendering is not retried for a while: after `attempts` consecutive failures (0: never), until
    `time` has passed or it was requested `requests` times (0: only the time counts)."""

    attempts: int = 3
    time: timedelta = timedelta(minutes=60)
    requests: int = 0


def pause_of(environment: Mapping[str, str]) -> Pause:
    """Upstream's `ARGOCD_PAUSE_GEN_*`; a value that is not a number counts as absent."""

    def number(name: str, default: int) -> int:
        text = environment.get(f"ARGOCD_PAUSE_GEN_{name}", "").strip()
        return int(text) if text.isdecimal() else default

    minutes = number("MINUTES", 60)
    time = timedelta(minutes=minutes) if minutes else timedelta.max
    return Pause(attempts=number("AFTER_FAILED_ATTEMPTS", 3), time=time, requests=number("REQUESTS", 0))


@dataclass(slots=True, kw_only=True)
class Entry:
    """One rendering's outcome. `roots` are the root oids for which it was last found valid."""

    key: str
    inputs: Inputs
    stored: bytes
    digest: str
    seal: bytes
    made_at: datetime
    source_type: SourceType
    manifests: tuple[JsonObject, ...] | None
    warnings: tuple[str, ...] = ()
    roots: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Failure:
    message: str
    inputs: Inputs
    count: int
    since: datetime
    rests_until: datetime | None = None
    """When a rendering that cost a worker may be retried."""
    asked: int = 0
    """How often it was answered from the cache since it is paused."""


@dataclass(slots=True)
class Counters:
    """For metrics, benchmarks and tests that count renderings."""

    renders: int = 0
    hits: int = 0
    misses: int = 0
    forged: int = 0


class RenderCache:
    """Bounded by the size of its entries; the least recently used is evicted first."""

    def __init__(self, secret: bytes, *, capacity: int = 256 * 1024 * 1024, pause: Pause | None = None) -> None:
        self._pause = pause or Pause()
        self._secret = secret
        self._capacity = capacity
        self._entries: OrderedDict[str, list[Entry]] = OrderedDict()
        self._failures: OrderedDict[str, Failure] = OrderedDict()
        self._bytes = 0
        self.counters = Counters()

    def get(self, key: str, answers: Mapping[str, Answers], now: datetime) -> Entry | None:
        """The entry that is valid for these trees, or None. Its manifests are shared: never mutate them."""
        for entry in self._entries.get(key, ()):
            if now - entry.made_at < KEPT_FOR and self._holds(entry, answers):
                if not self._opened(entry):
                    self._drop(entry)
                    return self.get(key, answers, now)
                self._entries.move_to_end(key)
                self.counters.hits += 1
                return entry
        self.counters.misses += 1
        return None

    def put(
        self,
        key: str,
        source_type: SourceType,
        inputs: Inputs,
        body: bytes,
        manifests: tuple[JsonObject, ...],
        now: datetime,
        warnings: tuple[str, ...] = (),
    ) -> Pieces[Entry]:
        """Stores a rendering. `body` is the manifests as JSON, one per line."""
        stored = (yield from _compressed(body)) if len(body) >= COMPRESS_FROM else body
        entry = Entry(
            key=key,
            inputs=inputs,
            stored=stored,
            digest=(yield from _digest(body)),
            seal=self._seal(key, inputs, stored),
            made_at=now,
            source_type=source_type,
            manifests=manifests,
            warnings=warnings,
        )
        variants = self._entries.setdefault(key, [])
        variants.insert(0, entry)
        self._bytes += len(stored)
        for old in variants[VARIANTS_PER_KEY:]:
            self._drop(old)
        self._entries.move_to_end(key)
        self._failures.pop(key, None)
        self._shrink()
        return entry

    def failure(self, key: str, answers: Mapping[str, Answers], now: datetime) -> str | None:
        """The message of a failure that is not retried yet: same inputs, and it failed too often."""
        known = self._failures.get(key)
        pause = self._pause
        if known is None:
            return None
        rests = known.rests_until is not None and now < known.rests_until
        failed_often = bool(pause.attempts) and known.count >= pause.attempts and now - known.since < pause.time
        if not rests and not failed_often:
            return None
        if not unchanged(known.inputs, answers):
            return None
        if pause.requests and known.asked >= pause.requests:
            del self._failures[key]
            return None
        known.asked += 1
        return known.message

    def failed(self, key: str, inputs: Inputs, message: str, now: datetime, *, rests: bool = False) -> None:
        """`rests`: it cost a worker, and is paused for a time that doubles each time."""
        known = self._failures.get(key)
        fresh = known is None or known.inputs != inputs or now - known.since >= self._pause.time
        count = 1 if fresh or known is None else known.count + 1
        since = now if fresh or known is None else known.since
        until = now + min(FIRST_REST * 2.0 ** min(count - 1, 16), LONGEST_REST) if rests else None
        self._failures[key] = Failure(message=message, inputs=inputs, count=count, since=since, rests_until=until)
        self._failures.move_to_end(key)
        if len(self._failures) > 10_000:
            self._failures.popitem(last=False)

    def forget(self, key: str) -> None:
        """A hard refresh: discards manifests and failures of this key."""
        for entry in list(self._entries.get(key, ())):
            self._drop(entry)
        self._failures.pop(key, None)

    def _holds(self, entry: Entry, answers: Mapping[str, Answers]) -> bool:
        roots = {name: book.tree.root_oid for name, book in answers.items()}
        if entry.roots == roots:
            return True
        if not unchanged(entry.inputs, answers):
            return False
        entry.roots = roots
        return True

    def _opened(self, entry: Entry) -> bool:
        """Whether the entry is unmodified; data that decides what is applied is never trusted unchecked."""
        if entry.manifests is not None:
            return True
        if entry.seal != self._seal(entry.key, entry.inputs, entry.stored):
            self.counters.forged += 1
            return False
        body = zlib.decompress(entry.stored) if entry.stored[:1] == _COMPRESSED else entry.stored
        entry.manifests = finished(parse_manifests(body))
        return True

    def _seal(self, key: str, inputs: Inputs, stored: bytes) -> bytes:
        digest = blake2b(key.encode(), key=self._secret[:64], digest_size=32)
        for question, answer in sorted(inputs.items()):
            digest.update("\0".join((*question, answer, "")).encode("utf-8", "replace"))
        digest.update(stored)
        return digest.digest()

    def _drop(self, entry: Entry) -> None:
        variants = self._entries[entry.key]
        variants.remove(entry)
        self._bytes -= len(entry.stored)
        if not variants:
            del self._entries[entry.key]

    def _shrink(self) -> None:
        while self._bytes > self._capacity and len(self._entries) > 1:
            _, variants = self._entries.popitem(last=False)
            self._bytes -= sum(len(entry.stored) for entry in variants)


def _compressed(body: bytes) -> Pieces[bytes]:
    packing = zlib.compressobj(1)
    parts = []
    for at in range(0, len(body), _PIECE):
        parts.append(packing.compress(body[at : at + _PIECE]))
        yield
    return b"".join((*parts, packing.flush()))


def _digest(body: bytes) -> Pieces[str]:
    digest = blake2b(digest_size=20)
    for at in range(0, len(body), _PIECE):
        digest.update(body[at : at + _PIECE])
        yield
    return digest.hexdigest()
