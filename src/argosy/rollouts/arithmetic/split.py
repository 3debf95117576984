"""The closest split of pods for a weight, where only pods split the traffic. Section 5.3."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple


class Split(NamedTuple):
    canary: int
    stable: int


def closest_split(replicas: int, weight: int, largest: int, surge: int) -> Split:
    """The split whose share is nearest to the weight; the earlier candidate wins a tie."""
    if replicas == 0:
        return Split(0, 0)
    candidates = _candidates(replicas, weight, largest, surge)
    if not candidates:
        return Split(0, replicas)
    canary, total = min(candidates, key=lambda pair: abs(pair[0] * largest / pair[1] - weight))
    return Split(canary, total - canary)


def _candidates(replicas: int, weight: int, largest: int, surge: int) -> list[tuple[int, int]]:
    """(canary, total). A weight strictly between gets at least one pod of each kind, if there is room for two."""
    up, down = -(-replicas * weight // largest), replicas * weight // largest
    may_be_none = weight in (0, largest) or (replicas == 1 and surge == 0)
    found = []
    if up < replicas or may_be_none:
        found.append((up, replicas))
    if (down != 0 or may_be_none) and not _is_tied(weight, largest, replicas):
        found.append((down, replicas))
    if surge > 0:
        found.append((up, replicas + 1))
        if (down != 0 or may_be_none) and not _is_tied(weight, largest, replicas + 1):
            found.append((down, replicas + 1))
    return found


def _is_tied(weight: int, largest: int, total: int) -> bool:
    """Whether rounding up and down are equally far: then it rounds up."""
    return Fraction(total * weight, largest) % 1 == Fraction(1, 2)
