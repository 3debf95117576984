"""What the room remembers of an object between looks; all of it can be recomputed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from argosy.machinery.controller import Hidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """`ready`: contents by state key and attempt number, rendered when the attempt became due.

    A content stays the same during its delivery, even if the object changes.
    """

    ready: Mapping[tuple[str, int], Hidden] = field(default_factory=dict)
    evaluated: Mapping[tuple[str, bool], int] = field(default_factory=dict)
    """How often each trigger was true and false in the last evaluation; for metrics."""
    unknown: frozenset[str] = frozenset()
    """Errors in subscriptions, by trigger or annotation, so that each is reported once."""
