"""The latest audit records of this process, for a page that shows who did what; the audit log has all of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from argosy.machinery.objects import JsonObject

MOST_LINES: Final = 2000
Changed = Callable[[JsonObject | None, JsonObject | None], None]


class Activity:
    def __init__(self) -> None:
        self._lines: deque[JsonObject] = deque(maxlen=MOST_LINES)
        self._handlers: list[Changed] = []

    def add(self, line: JsonObject) -> None:
        self._lines.append(line)
        for handler in list(self._handlers):
            handler(None, line)

    def newest_first(self) -> list[JsonObject]:
        return list(reversed(self._lines))

    def on_change(self, handler: Changed, *, replay: bool = False) -> Callable[[], None]:
        """Subscribes like a cache's listener, to later lines alone; returns a function that unsubscribes."""
        self._handlers.append(handler)
        return lambda: self._handlers.remove(handler)
