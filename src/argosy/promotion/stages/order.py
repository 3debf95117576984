"""The order in which a Stage considers its Promotions, and which one is next.

Running ones first, then other unfinished ones by name (names hold a ULID, so that is the order of creation), then
finished ones, newest first. Source: spec/kargo.md 5.2.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from argosy.apis.kargo import Promotion

TERMINAL: Final = frozenset({"Succeeded", "Failed", "Errored", "Aborted"})


def is_terminal(promotion: Promotion) -> bool:
    return promotion.status.phase in TERMINAL


def ordered(promotions: Iterable[Promotion]) -> list[Promotion]:
    by_name = sorted(promotions, key=lambda one: one.metadata.name)
    running = [one for one in by_name if one.status.phase == "Running"]
    waiting = [one for one in by_name if one.status.phase != "Running" and not is_terminal(one)]
    return [*running, *waiting, *(one for one in reversed(by_name) if is_terminal(one))]
