"""Questions that are repeated after a wait: the number of the round is part of the question, so it is asked again.

Kept in the memory of a key. After a restart the first round starts at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

AGAIN: Final = timedelta(milliseconds=1)
"""When a decision that only updates the memory runs again."""


@dataclass(frozen=True, slots=True)
class Round:
    """`due`: when the next round starts; None while this one's answer is awaited or not yet evaluated."""

    number: int = 0
    due: datetime | None = None

    def later(self, now: datetime, after: timedelta) -> tuple[Round, datetime]:
        """The memory and the wake time for another round `after` this one's answer."""
        if self.due is None:
            due = now + max(after, AGAIN)
            return Round(self.number, due), due
        if now >= self.due:
            return Round(self.number + 1), now + AGAIN
        return self, self.due


FIRST: Final = Round()


def backoff(number: int, first: timedelta, longest: timedelta) -> timedelta:
    """The wait after round `number`; it doubles with each round."""
    wait: timedelta = first * 2 ** min(number, 20)
    return min(wait, longest)
