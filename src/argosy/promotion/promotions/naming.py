"""Names of Promotions: Stage, a ULID (so that names sort by creation), the start of the Freight's name.

Source: spec/kargo.md 6.1. The time and the random bits of a ULID are arguments.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

PREFIX_LIMIT: Final = 218
FREIGHT_DIGITS: Final = 7
ULID_BITS: Final = 80
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"


def ulid(moment: datetime, bits: int) -> str:
    """26 characters in lower case: 48 bits of milliseconds, then 80 random bits."""
    value = (int(moment.timestamp() * 1000) << ULID_BITS) | (bits & ((1 << ULID_BITS) - 1))
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))


def promotion_name(stage: str, freight: str, ulid_text: str) -> str:
    return f"{stage[:PREFIX_LIMIT].rstrip('.- ')}.{ulid_text}.{freight[:FREIGHT_DIGITS]}".lower()


def generated_branch(promotion: str) -> str:
    """The branch that `git-push` creates if it has to generate one."""
    return f"kargo/promotion/{promotion}"
