"""The port to the disk: takes batches of changes and returns what is stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from argosy.cluster.store.entry import Change
from argosy.machinery.objects import Key


@dataclass(frozen=True, slots=True)
class Row:
    """A live object as the journal stores it."""

    group: str
    plural: str
    key: Key
    rev: int
    created_rev: int
    encoded: bytes


@dataclass(frozen=True, slots=True)
class LogRow:
    """One change as the journal stores it; `encoded` is the new state, or the last one of a deletion."""

    group: str
    plural: str
    key: Key
    rev: int
    created_rev: int
    deleted: bool
    encoded: bytes


@dataclass(slots=True)
class Loaded:
    revision: int = 0
    compacted: int = 0
    live: Iterable[Row] = field(default_factory=list)
    log: Iterable[LogRow] = field(default_factory=list)
    """In order of revisions, all later than `compacted`."""


class Journal(Protocol):
    durable: bool
    """False: nothing is kept, writes need not wait."""
    slow: bool
    """True: a commit waits for the disk, so it belongs in a worker thread."""

    def load(self) -> Loaded: ...

    def commit(self, changes: Sequence[Change]) -> None:
        """Returns when the changes survive a crash of the process. Raises OSError when the disk refuses."""
        ...

    def compact(self, floor: int) -> None: ...

    def close(self) -> None: ...


class NoJournal:
    durable = False
    slow = False

    def load(self) -> Loaded:
        return Loaded()

    def commit(self, changes: Sequence[Change]) -> None:
        return

    def compact(self, floor: int) -> None:
        return

    def close(self) -> None:
        return
