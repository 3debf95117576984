"""Platform constraints: `os/arch` or `os/arch/variant`, compared for equality.

Source: spec/kargo.md 4.2. An image without an index never satisfies one, as upstream has it.
"""

from __future__ import annotations

from dataclasses import dataclass

from argosy.promotion.warehouses.versions import SelectionError


@dataclass(frozen=True, slots=True)
class Platform:
    os: str
    arch: str
    variant: str = ""


def parse(text: str) -> Platform | None:
    """None for no constraint. Raises SelectionError."""
    if not text:
        return None
    parts = text.split("/")
    if len(parts) not in (2, 3) or not all(parts):
        raise SelectionError(f'error parsing platform constraint "{text}"')
    return Platform(*parts)


def matches(wanted: Platform | None, found: Platform) -> bool:
    return wanted is None or wanted == found
