"""Caches parsed chart output by its content: most of it is the same in the next rendering.

Definitions, dashboards and rules make up most of a large chart and hardly ever depend on values, and reading YAML is
most of what a rendering costs. The cached value depends only on the text, so it is the same for every caller.
"""

from __future__ import annotations

import hashlib
from typing import Final

import orjson

from argosy.machinery.objects import JsonValue

BYTES_LIMIT: Final = 32 * 1024 * 1024
"""Maximum size of the cache, as JSON: some ten of the largest charts."""


class ParsedTexts:
    """The documents of texts; the least recently used are dropped first."""

    def __init__(self, limit: int = BYTES_LIMIT) -> None:
        self._limit = limit
        self._size = 0
        self._documents: dict[bytes, bytes] = {}

    def get(self, text: str) -> list[JsonValue] | None:
        """A private copy, or None."""
        digest = _digest(text)
        kept = self._documents.pop(digest, None)
        if kept is None:
            return None
        self._documents[digest] = kept  # now the most recently used
        found: list[JsonValue] = orjson.loads(kept)
        return found

    def put(self, text: str, documents: list[JsonValue]) -> None:
        """Caches them, unless JSON does not round-trip, as for NaN and the largest numbers."""
        try:
            kept = orjson.dumps(documents)
        except TypeError:
            return
        if len(kept) > self._limit or orjson.loads(kept) != documents:
            return
        digest = _digest(text)
        self._size += len(kept) - len(self._documents.pop(digest, b""))
        self._documents[digest] = kept
        while self._size > self._limit:
            self._size -= len(self._documents.pop(next(iter(self._documents))))


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).digest()
