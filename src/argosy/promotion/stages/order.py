"""The order in which a Stage looks at its Promotions, and which one is next.

Running ones first, then other unfinished ones by name (names hold a ULID, so that is the order of creation), then
finished ones, newest first. Source: spec/kargo.md 5.2.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from argosy.machinery.objects import JsonObject

TERMINAL: Final = frozenset({"Succeeded", "Failed", "Errored", "Aborted"})


def phase_of(promotion: JsonObject) -> str:
    return str((promotion.get("status") or {}).get("phase") or "")


def is_terminal(promotion: JsonObject) -> bool:
    return phase_of(promotion) in TERMINAL


def ordered(promotions: Iterable[JsonObject]) -> list[JsonObject]:
    by_name = sorted(promotions, key=lambda one: str(one["metadata"]["name"]))
    running = [one for one in by_name if phase_of(one) == "Running"]
    waiting = [one for one in by_name if phase_of(one) != "Running" and not is_terminal(one)]
    return [*running, *waiting, *(one for one in reversed(by_name) if is_terminal(one))]
