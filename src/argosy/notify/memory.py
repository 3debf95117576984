"""What the room remembers of an object between looks; all of it can be made again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from argosy.machinery.controller import Hidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """`ready`: contents by state key and number of the try, rendered when the try became due.

    A content stays the same while it is being delivered, whatever becomes of the object meanwhile.
    """

    ready: Mapping[tuple[str, int], Hidden] = field(default_factory=dict)
    evaluated: Mapping[tuple[str, bool], int] = field(default_factory=dict)
    """How often each trigger held and did not, in the last evaluation; for metrics."""
    unknown: frozenset[str] = frozenset()
    """What is wrong with subscriptions, by trigger or annotation; what has been told of is not told again."""
