"""Which keys a change wakes: the inverse of the notes that snapshots record.

A note says what a look read: one object, a namespace of a kind, all of a kind, one value of an index, or whether a
kind is served. A change is translated into the notes that it affects; every key that has one of them is woken.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final, NamedTuple

from argosy.machinery.objects import JsonObject, Key, Resource, key_of


class Work(NamedTuple):
    """One key of one controller."""

    controller: str
    key: Key


class Note(NamedTuple):
    """`scope` is object (value: its key), namespace, all, index (`name`, value), or served."""

    resource: Resource
    scope: str
    name: str = ""
    value: object = ""


def object_note(resource: Resource, key: Key) -> Note:
    return Note(resource, "object", "", key)


def namespace_note(resource: Resource, namespace: str) -> Note:
    return Note(resource, "namespace" if namespace else "all", "", namespace)


def index_note(resource: Resource, index: str, value: str) -> Note:
    return Note(resource, "index", index, value)


def served_note(resource: Resource) -> Note:
    return Note(resource, "served")


class _Readers:
    """The readers of a note; `note` is the instance shared by all of them."""

    __slots__ = ("note", "works")

    def __init__(self, note: Note) -> None:
        self.note = note
        self.works: tuple[Work, ...] | dict[Work, None] = ()

    def add(self, work: Work) -> None:
        if isinstance(self.works, dict):
            self.works[work] = None
        else:
            works = (*self.works, work)
            self.works = works if len(works) <= _FEW else dict.fromkeys(works)

    def remove(self, work: Work) -> None:
        if isinstance(self.works, dict):
            del self.works[work]
        else:
            self.works = tuple(one for one in self.works if one != work)


class Subscriptions:
    """Notes by work and works by note; both in insertion order, so that every run wakes in the same order.

    Ten thousand objects have half a million notes: a small collection is a tuple, a quarter of a set's size, and a
    note shared by several works is one object.
    """

    def __init__(self, wake: Callable[[Work], None]) -> None:
        self._wake = wake
        self._notes: dict[Work, tuple[Note, ...] | frozenset[Note]] = {}
        self._readers: dict[Note, _Readers] = {}

    def replace(self, work: Work, notes: Collection[Note]) -> None:
        """The last look of `work` read exactly this, each note once; mostly the same in the same order."""
        before = self._notes.get(work, ())
        now = tuple(notes) if len(notes) <= _FEW else frozenset(notes)
        if now == before:
            return
        for note in before:
            if note not in now:
                self._let_go(note, work)
        # In the order of the reads, which is the same in every run, unlike a set's.
        held = [self._hold(note, work, is_new=note not in before) for note in notes]
        if held:
            self._notes[work] = tuple(held) if len(held) <= _FEW else frozenset(held)
        else:
            self._notes.pop(work, None)

    def _hold(self, note: Note, work: Work, *, is_new: bool) -> Note:
        readers = self._readers.get(note)
        if readers is None:
            readers = self._readers[note] = _Readers(note)
        if is_new:
            readers.add(work)
        return readers.note

    def _let_go(self, note: Note, work: Work) -> None:
        readers = self._readers[note]
        readers.remove(work)
        if not readers.works:
            del self._readers[note]

    def changed(
        self,
        resource: Resource,
        indexes: Mapping[str, Callable[[JsonObject], Iterable[str]]],
        edges: Collection[str],
        old: JsonObject | None,
        new: JsonObject | None,
    ) -> None:
        """Wakes all readers of what this change affects, by its old and its new state.

        `edges`: names of indexes whose values matter only when the object enters or leaves them.
        """
        notes: dict[Note, None] = {}
        for obj in (old, new):
            if obj is None:
                continue
            key = key_of(obj)
            for note in (
                object_note(resource, key),
                namespace_note(resource, key.namespace),
                namespace_note(resource, ""),
            ):
                notes[note] = None
        for name, values in indexes.items():
            before, after = (dict.fromkeys(values_of(values, obj)) if obj is not None else {} for obj in (old, new))
            for value in before | after:
                if name not in edges or (value in before) != (value in after):
                    notes[index_note(resource, name, value)] = None
        self.notify(notes)

    def notify(self, notes: Iterable[Note]) -> None:
        for note in notes:
            if (readers := self._readers.get(note)) is not None:
                for work in tuple(readers.works):
                    self._wake(work)


_FEW: Final = 16
"""Up to this many a linear search costs no more than hashing."""


def values_of(values: Callable[[JsonObject], Iterable[str]], obj: JsonObject) -> tuple[str, ...]:
    """Malformed objects are in no index, as in the caches."""
    try:
        return tuple(values(obj))
    except (TypeError, KeyError, AttributeError, ValueError):
        return ()
