"""Limits how many bytes of requests all connections together may buffer, whoever sends them."""

from __future__ import annotations

from typing import Final

STRANGER_BODY: Final = 65_536
"""Bytes of one body that count for nothing."""
STRANGER_MESSAGE: Final = 4 * 1024 * 1024
"""Of a gRPC message of someone who has not signed in."""
HELD: Final = 256 * 1024 * 1024


class Intake:
    def __init__(self, most: int = HELD) -> None:
        self.held, self._most = 0, most

    def take(self, size: int) -> bool:
        """Whether there is room for so many bytes more."""
        if self.held + size > self._most:
            return False
        self.held += size
        return True

    def give(self, size: int) -> None:
        self.held -= size
