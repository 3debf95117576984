"""Deduplicates equal strings of cached objects: reasons, kinds, owners' names, a CA's certificate in many objects.

Parsing JSON creates a new string for every value, so ten thousand objects say "True" in ten thousand places. Recent
strings are kept in two generations, of which the older one is dropped entirely, so that a string which occurs again
and again stays, and one that does not costs nothing for long.
"""

from __future__ import annotations

from typing import Any, Final

from argosy.machinery.objects import JsonObject

LONGEST: Final = 8_192
"""Characters: longer strings rarely occur twice."""
GENERATION: Final = 1_000_000
"""Approximate characters of a generation; each string also counts for its overhead."""
_OVERHEAD: Final = 150
MOST_VALUES: Final = 5_000
"""Maximum size of one object: larger ones are rare, and would block the event loop."""


class SharedTexts:
    def __init__(self) -> None:
        self._young: dict[str, str] = {}
        self._old: dict[str, str] = {}
        self._left = GENERATION

    def share(self, obj: JsonObject) -> None:
        """Replaces equal strings by one shared string; for readers of `obj` nothing changes."""
        waiting: list[Any] = [obj]
        left = MOST_VALUES
        while waiting and left > 0:
            inside = waiting.pop()
            left -= len(inside)
            for place, value in inside.items() if type(inside) is dict else enumerate(inside):
                kind = type(value)
                if kind is str:
                    one = self._young.get(value) or self._one(value)
                    if one is not value:
                        inside[place] = one
                elif kind is dict or kind is list:
                    waiting.append(value)

    def _one(self, text: str) -> str:
        if len(text) > LONGEST:
            return text
        if self._left <= 0:
            self._old, self._young, self._left = self._young, {}, GENERATION
        one = self._young[text] = self._old.get(text, text)
        self._left -= len(text) + _OVERHEAD
        return one
