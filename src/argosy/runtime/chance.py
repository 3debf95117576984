"""The port for randomness. Nothing else in Argosy draws a random number or generates an identifier."""

from __future__ import annotations

import hashlib
import random  # noqa: TID251 this module is the door
import secrets
import uuid
from typing import Protocol

SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""No vowels and no digits that look like letters, so that no generated name spells a word."""


class Rng(Protocol):
    """`SystemRng` draws from the operating system; `SeededRng(seed)` gives the same run for the same seed."""

    def uuid(self) -> str: ...

    def uniform(self, low: float, high: float) -> float: ...

    def suffix(self, length: int) -> str:
        """Characters of `bcdfghjklmnpqrstvwxz2456789`, as in generated names."""
        ...

    def token_bytes(self, length: int) -> bytes:
        """Never for keys that leave a rehearsal."""
        ...

    def fork(self, name: str) -> Rng:
        """An independent stream for one purpose, so that draws elsewhere do not shift it."""
        ...


class SystemRng:
    """The operating system's randomness; fit for keys."""

    def uuid(self) -> str:
        return str(uuid.uuid4())  # noqa: TID251 this module is the door

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * (secrets.randbits(53) / (1 << 53))

    def suffix(self, length: int) -> str:
        return "".join(secrets.choice(SUFFIX_ALPHABET) for _ in range(length))

    def token_bytes(self, length: int) -> bytes:
        return secrets.token_bytes(length)

    def fork(self, name: str) -> SystemRng:
        return self


class SeededRng:
    """The same draws for the same seed, on every machine. Two forks of one name give the same stream."""

    def __init__(self, seed: int | str) -> None:
        self._seed = str(seed)
        digest = hashlib.sha256(self._seed.encode()).digest()
        self._random = random.Random(int.from_bytes(digest, "big"))  # noqa: S311 simulation, never keys

    def uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)

    def suffix(self, length: int) -> str:
        return "".join(self._random.choice(SUFFIX_ALPHABET) for _ in range(length))

    def token_bytes(self, length: int) -> bytes:
        return self._random.randbytes(length)

    def fork(self, name: str) -> SeededRng:
        return SeededRng(f"{self._seed}/{name}")
