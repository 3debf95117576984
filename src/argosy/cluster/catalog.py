"""All kinds currently served, by group, version and plural: built-ins in discovery order, then custom ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from argosy.cluster.kind import Kind
from argosy.machinery.objects import Resource

_VERSION = re.compile(r"v([1-9][0-9]*)(?:(alpha|beta)([1-9][0-9]*))?")


def version_order(version: str) -> tuple[int, int, int, str]:
    """Sorts versions by preference: GA before beta before alpha, higher first, then others by name (spec 4)."""
    match = _VERSION.fullmatch(version)
    if match is None:
        return (3, 0, 0, version)
    major, stage, minor = match.groups()
    return ({None: 0, "beta": 1, "alpha": 2}[stage], -int(major), -int(minor or 0), version)


class Catalog:
    """Implements `kind.Kinds`."""

    def __init__(self, builtin: Iterable[Kind] = ()) -> None:
        self._builtin = tuple(builtin)
        self._custom: dict[str, tuple[Kind, ...]] = {}
        """By CustomResourceDefinition name."""
        self._by_place: dict[tuple[str, str, str], Kind] = {}
        self._by_kind: dict[tuple[str, str, str], Kind] = {}
        self._by_storage: dict[tuple[str, str], Kind] = {}
        self._sharing: dict[tuple[str, str], tuple[Kind, ...]] = {}
        self._all: tuple[Kind, ...] = ()
        self._listeners: list[Callable[[], None]] = []
        self._revision = 0
        self._rebuild()

    @property
    def revision(self) -> int:
        return self._revision

    def find(self, group: str, version: str, plural: str) -> Kind | None:
        return self._by_place.get((group, version, plural))

    def of(self, resource: Resource) -> Kind | None:
        return self._by_place.get((resource.group, resource.version, resource.plural))

    def by_kind(self, group: str, version: str, kind: str) -> Kind | None:
        """By kind name; an empty version means the preferred one."""
        return self._by_kind.get((group, version, kind))

    def all(self) -> Sequence[Kind]:
        return self._all

    def stored(self) -> list[Kind]:
        """One kind for each storage location, the preferred version, in discovery order."""
        return list(self._by_storage.values())

    def stored_at(self, group: str, plural: str) -> Kind | None:
        """The kind through which the objects of one storage location are handled."""
        return self._by_storage.get((group, plural))

    def is_builtin(self, group: str, plural: str) -> bool:
        """Whether these names belong to one of the server's built-in kinds, or to the location where one is stored."""
        return any((group, plural) in (kind.storage, _named(kind)) for kind in self._builtin)

    def versions_of(self, kind: Kind) -> tuple[Kind, ...]:
        """All kinds that show the same stored objects, including itself, in discovery order."""
        return self._sharing.get(kind.storage, ())

    def set_custom(self, definition: str, kinds: Sequence[Kind]) -> None:
        """From now on serves exactly `kinds` for this definition; an empty list withdraws it."""
        if not kinds and definition not in self._custom:
            return
        if kinds:
            self._custom[definition] = tuple(kinds)
        else:
            del self._custom[definition]
        self._rebuild()

    def on_change(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    def _rebuild(self) -> None:
        custom = [kind for kinds in self._custom.values() for kind in kinds]
        custom.sort(key=lambda kind: (kind.resource.group, version_order(kind.resource.version), kind.resource.plural))
        self._all = (*self._builtin, *custom)
        self._by_place = {
            (kind.resource.group, kind.resource.version, kind.resource.plural): kind for kind in reversed(self._all)
        }
        self._by_kind, self._by_storage = {}, {}
        sharing: dict[tuple[str, str], list[Kind]] = {}
        for kind in self._all:
            resource = kind.resource
            if "list" in kind.verbs:
                self._by_storage.setdefault(kind.storage, kind)
                sharing.setdefault(kind.storage, []).append(kind)
            self._by_kind.setdefault((resource.group, resource.version, resource.kind), kind)
            self._by_kind.setdefault((resource.group, "", resource.kind), kind)
        self._sharing = {place: tuple(kinds) for place, kinds in sharing.items()}
        self._revision += 1
        for listener in self._listeners:
            listener()


def _named(kind: Kind) -> tuple[str, str]:
    return kind.resource.group, kind.resource.plural
