"""The door to chance. Nothing else in Argosy draws a random number or makes up an identifier."""

from __future__ import annotations

from typing import Protocol


class Rng(Protocol):
    """`SystemRng` draws from the operating system; `SeededRng(seed)` gives the same run for the same seed."""

    def uuid(self) -> str: ...

    def uniform(self, low: float, high: float) -> float: ...

    def suffix(self, length: int) -> str:
        """Characters of `bcdfghjklmnpqrstvwxz2456789`, as in generated names."""
        ...

    def token_bytes(self, length: int) -> bytes:
        """Never for keys in a rehearsal that leave it."""
        ...

    def fork(self, name: str) -> Rng:
        """An independent stream for one purpose, so that draws elsewhere do not shift it."""
        ...
