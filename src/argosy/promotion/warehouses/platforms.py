"""Platform constraints: `os/arch` or `os/arch/variant`, compared for equality.

Source: spec/kargo.md 4.2. An image without an index never satisfies one, as upstream.
"""

from __future__ import annotations

from dataclasses import dataclass

from argosy.promotion.warehouses.versions import SelectionError


@dataclass(frozen=True, slots=True)
class Platform:
    os: str
    arch: str
    variant: str = ""


def parse(text: str, *, by_tag: bool = True) -> Platform | None:
    """None if there is no constraint. Raises SelectionError. `by_tag`: for a selector that chooses among tags."""
    if not text:
        return None
    parts = text.split("/")
    if len(parts) not in (2, 3) or not all(parts):
        among_tags = "error building tag based selector: " if by_tag else ""
        raise SelectionError(f'{among_tags}error building base selector: error parsing platform constraint "{text}"')
    return Platform(*parts)


def matches(wanted: Platform | None, found: Platform) -> bool:
    return wanted is None or wanted == found
