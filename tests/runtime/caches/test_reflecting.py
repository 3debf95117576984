"""What a cache does next, as a table."""

from __future__ import annotations

import pytest

from argosy.machinery.status import StatusError
from argosy.runtime.caches.reflecting import (
    Aged,
    Failed,
    Happening,
    Listing,
    PageCame,
    State,
    Waited,
    Waiting,
    WatchEnded,
    Watching,
    step,
)

GONE = StatusError(410, "Expired", "too old")
BUSY = StatusError(429, "TooManyRequests", "later", retry_after=7)
DENIED = StatusError(403, "Forbidden", "no")
BROKEN = ConnectionResetError("broken")


@pytest.mark.parametrize(
    ("state", "happening", "then"),
    [
        (Listing(), PageCame("9", "more"), Listing("more")),
        (Listing("more"), PageCame("9"), Watching("9")),
        (Listing("more"), Failed(GONE), Waiting(1, Listing(failures=1))),
        (Listing(failures=2), Failed(DENIED), Waiting(3, Listing(failures=3))),
        (Listing(), Failed(BUSY), Waiting(1, Listing(failures=1), 7.0)),
        (Watching("9"), WatchEnded("12", True), Watching("12")),
        (Watching("9"), Aged(), Listing()),
        (Watching("9"), WatchEnded("9", False), Waiting(1, Watching("9", 1))),
        (Watching("9"), Failed(BROKEN, "12", True), Waiting(1, Watching("12", 1))),
        (Watching("9", 4), Failed(BROKEN, "9", False), Waiting(5, Watching("9", 5))),
        (Watching("9"), Failed(GONE, "9", False), Waiting(1, Listing(failures=1))),
        (Waiting(3, Watching("9", 3)), Waited(), Watching("9", 3)),
    ],
)
def test_each_happening_leads_to_one_state(state: State, happening: Happening, then: State) -> None:
    assert step(state, happening) == then


def test_what_cannot_happen_is_refused_aloud() -> None:
    with pytest.raises(AssertionError, match="cannot happen"):
        step(Listing(), Waited())
