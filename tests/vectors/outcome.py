"""What one recorded vector came to, for whichever family."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    family: str
    name: str
    passed: bool
    detail: str = ""
