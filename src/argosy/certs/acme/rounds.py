"""Questions that are asked again after a while: a round's number is part of the question, so that it is asked anew.

Kept in the memory of a key. After a restart the first round begins at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

AGAIN: Final = timedelta(milliseconds=1)
"""A decision that only remembers is looked at again after this."""


@dataclass(frozen=True, slots=True)
class Round:
    """`due`: when the next round begins; None while this one's answer is awaited, or was not judged yet."""

    number: int = 0
    due: datetime | None = None

    def later(self, now: datetime, after: timedelta) -> tuple[Round, datetime]:
        """What to remember, and when to wake, for another round `after` this one's answer."""
        if self.due is None:
            due = now + max(after, AGAIN)
            return Round(self.number, due), due
        if now >= self.due:
            return Round(self.number + 1), now + AGAIN
        return self, self.due


FIRST: Final = Round()


def backoff(number: int, first: timedelta, longest: timedelta) -> timedelta:
    """The wait after round `number`, doubling."""
    wait: timedelta = first * 2 ** min(number, 20)
    return min(wait, longest)
