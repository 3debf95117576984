"""Equal texts of cached objects are one: reasons, kinds, names of owners, a CA's certificate beside each of its own.

JSON is read with a new text for every value, so that ten thousand objects say "True" in ten thousand places. What was
met lately is looked up: two generations, of which the older goes as a whole, so that a text which comes again and again
stays, and one that never does costs nothing for long.
"""

from __future__ import annotations

from typing import Any, Final

from argosy.machinery.objects import JsonObject

LONGEST: Final = 8_192
"""Characters: longer ones are rarely met twice."""
GENERATION: Final = 1_000_000
"""Characters of a generation, about; each text counts for what it takes beside them, too."""
_BESIDE: Final = 150
MOST_VALUES: Final = 5_000
"""Of one object: what is larger is rare, and would hold the loop."""


class SharedTexts:
    def __init__(self) -> None:
        self._young: dict[str, str] = {}
        self._old: dict[str, str] = {}
        self._left = GENERATION

    def share(self, obj: JsonObject) -> None:
        """Puts the one text in place of each equal one; to whoever reads `obj` nothing changes."""
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
        self._left -= len(text) + _BESIDE
        return one
