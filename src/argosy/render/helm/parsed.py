"""What a chart's texts say, remembered by their content: most of them are the same in the next rendering.

Definitions, dashboards and rules make up most of a large chart and hardly ever depend on values, and reading YAML is
most of what a rendering costs. What is remembered depends on nothing but the text, so it is the same for whoever asks.
"""

from __future__ import annotations

import hashlib
from typing import Final

import orjson

from argosy.machinery.objects import JsonValue

BYTES_LIMIT: Final = 32 * 1024 * 1024
"""Of all that is remembered, as JSON: some ten of the largest charts."""


class ParsedTexts:
    """The documents of texts; those that were used longest ago are forgotten first."""

    def __init__(self, limit: int = BYTES_LIMIT) -> None:
        self._limit = limit
        self._size = 0
        self._documents: dict[bytes, bytes] = {}

    def get(self, text: str) -> list[JsonValue] | None:
        """A copy of one's own, or None."""
        digest = _digest(text)
        kept = self._documents.pop(digest, None)
        if kept is None:
            return None
        self._documents[digest] = kept  # the newest again
        found: list[JsonValue] = orjson.loads(kept)
        return found

    def put(self, text: str, documents: list[JsonValue]) -> None:
        """Remembers them, unless JSON would not give back the same, as of NaN and the largest numbers."""
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
