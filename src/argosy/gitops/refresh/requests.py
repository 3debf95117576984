"""Requests for another look at an Application, as increasing numbers: handled ones are distinguished from new ones.

A failed look takes nothing back: its requests stay until a look succeeds.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from argosy.gitops.refresh.level import Level


class RefreshRequests(NamedTuple):
    """`number` is that of the last event; the others are the numbers of the last event of each kind."""

    number: int = 0
    recent: int = 0
    """A fact that was read may have changed."""
    overdue: int = 0
    """The next poll is due."""
    recount: int = 0
    """Orphans of its namespace changed."""
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
