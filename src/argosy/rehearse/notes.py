"""Notes taken during a rehearsal: assumptions, and messages that would have been sent. Duplicates are dropped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Kind = Literal["assumed", "sent"]


@dataclass(frozen=True, slots=True)
class Note:
    at: datetime
    kind: Kind
    text: str


@dataclass(slots=True)
class Notes:
    now: Callable[[], datetime]
    found: list[Note] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)

    def add(self, kind: Kind, text: str) -> None:
        if text not in self._known:
            self._known.add(text)
            self.found.append(Note(self.now(), kind, text))
