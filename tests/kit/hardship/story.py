"""What users do with a room, and the state that must follow. See `kit.hardship` for an example."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from argosy.cluster.store.table import Table
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from tests.kit.hardship.process import Part, Process
from tests.kit.hardship.witness import Committed
from tests.kit.world import World

Step = Callable[[], None] | Callable[[], bool]
"""Something done; or, where it gives a bool, a goal that is waited for."""


class Story:
    """One is made for each run, in a world of its own."""

    name: str
    replicas = True
    """Whether several replicas may share its work."""
    every = 1
    """One of so many seeds is run in the suite: for stories that drive real programs. Odd, no multiple of three."""
    patience = timedelta(hours=6)
    """After the last fault, until the outcome must be there."""
    quiet = timedelta(seconds=200)
    """For which nothing may be written after that: longer than what the room does from time to time."""

    @classmethod
    def definitions(cls) -> Sequence[JsonObject]:
        """The definitions that are served when the world begins."""
        return ()

    def __init__(self, world: World) -> None:
        self.world = world

    def prepare(self) -> None:
        """What is there before the room starts."""

    def start(self, process: Process) -> Part:
        raise NotImplementedError

    def steps(self) -> Iterable[Step]:
        raise NotImplementedError

    def outcome(self) -> object:
        """What a person sees at the end; the same in every run, so without versions, times and counts of attempts."""
        raise NotImplementedError

    def wrong(self, write: Committed) -> Iterable[str]:
        """What is wrong with this write, asked right after it was stored."""
        return ()

    def wrong_at_the_end(self) -> Iterable[str]:
        """Errors that a single write does not show, such as an effect that happened twice."""
        return ()

    def close(self) -> None:
        """Frees what was opened outside of the world."""

    # -- what users do and see, straight on the server and without faults --------------------------------------------

    def create(self, resource: Resource, obj: JsonObject) -> None:
        self.world.run(self.world.client.create(resource, obj))

    def patch(self, resource: Resource, name: str, patch: JsonObject, namespace: str = "default") -> None:
        self.world.run(self.world.client.patch(resource, name, namespace, patch, PatchType.MERGE))

    def delete(self, resource: Resource, name: str, namespace: str = "default") -> None:
        try:
            self.world.run(self.world.client.delete(resource, name, namespace))
        except StatusError as error:
            if not error.is_not_found:
                raise

    def get(self, resource: Resource, name: str, namespace: str = "default") -> JsonObject | None:
        """As the server has it now: no cache, which may be late."""
        table = self._table(resource)
        entry = table and table.entries.get(Key(namespace if resource.namespaced else "", name))
        return entry.obj if entry else None

    def list(self, resource: Resource, namespace: str = "") -> list[JsonObject]:
        table = self._table(resource)
        return [entry.obj for entry in table.scan(namespace)] if table else []

    def _table(self, resource: Resource) -> Table | None:
        kind = self.world.cluster.catalog.find(resource.group, resource.version, resource.plural)
        return self.world.cluster.store.table(*kind.storage) if kind is not None else None
