"""Keeps a script that always exceeds its limits from using up everyone's turns: after some failures it is paused."""

from __future__ import annotations

from typing import Final

ROW: Final = 3
REST_SECONDS: Final = 60.0
RESTING: Final = f"script met its limits {ROW} times in a row, and rests for {REST_SECONDS:g} seconds"
REMEMBERED: Final = 1024


class Breaker:
    """By script. Times are seconds of one monotonic clock; after a pause a single failure causes the next."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[int, float]] = {}

    def refuses(self, script: str, at: float) -> bool:
        count, last = self._rows.get(script, (0, 0.0))
        return count >= ROW and at < last + REST_SECONDS

    def is_suspect(self, script: str) -> bool:
        """Its calls should be tried one at a time."""
        return script in self._rows

    def learn(self, script: str, at: float, *, is_breach: bool) -> None:
        if not is_breach:
            self._rows.pop(script, None)
            return
        if len(self._rows) >= REMEMBERED and script not in self._rows:
            self._rows.pop(next(iter(self._rows)))
        self._rows[script] = (self._rows.get(script, (0, 0.0))[0] + 1, at)
