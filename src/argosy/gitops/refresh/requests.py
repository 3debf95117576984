"""What asked for another look at an Application, as numbers that only rise: what was heard is told from what is news.

Nothing is taken back when a look fails: what asked for it stays requested until a look ends well.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from argosy.gitops.refresh.level import Level


class RefreshRequests(NamedTuple):
    """`number` is that of the last event; the others are the numbers of the last event of each sort."""

    number: int = 0
    recent: int = 0
    """Something that was seen may be another now."""
    overdue: int = 0
    """The poll's time has come."""
    recount: int = 0
    """Orphans of its namespace came or went."""
    unblocked: int = 0
    """What refused the last sync has changed since."""

    def with_recent(self) -> RefreshRequests:
        return self._replace(number=self.number + 1, recent=self.number + 1)

    def with_overdue(self) -> RefreshRequests:
        return self._replace(number=self.number + 1, overdue=self.number + 1)

    def with_recount(self) -> RefreshRequests:
        return self._replace(number=self.number + 1, recount=self.number + 1)

    def with_unblocked(self) -> RefreshRequests:
        return self.with_recent()._replace(unblocked=self.number + 1)

    def level_since(self, number: int) -> Level:
        return Level.RECENT if self.recent > number else Level.NOTHING


NONE: Final = RefreshRequests()
