"""The ports of this room: facts about built-in types, and where changes are written.

The cli connects `KnownTypes` to the embedded server's facts; any source of Kubernetes' own types works.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from argosy.machinery.objects import JsonObject
from argosy.machinery.schema import Node
from argosy.runtime.sharding import Shards


class Replicas(Protocol):
    """The replicas that share the work, and which of them we are (`runtime.leases.Membership`)."""

    @property
    def identity(self) -> str: ...

    @property
    def shards(self) -> Shards: ...

    @property
    def is_valid(self) -> bool:
        """Whether we may write at the moment."""
        ...


class Schema(NamedTuple):
    """`revision` changes with the schema."""

    node: Node
    revision: str = ""


class Schemas(Protocol):
    """Schemas for server-side apply's merge, for the kinds of one cluster, including custom ones."""

    def schema(self, group: str, version: str, kind: str) -> Schema | None:
        """None if unknown."""
        ...


class KnownTypes(Protocol):
    """Facts of Kubernetes' own types (spec 4.2): patch keys, defaults, canonical spelling."""

    def node(self, group: str, version: str, kind: str) -> Node | None:
        """None for a kind that is not Kubernetes' own."""
        ...

    def defaulted(self, obj: JsonObject) -> JsonObject:
        """With the defaults that an API server fills in. The given object is not changed."""
        ...

    def canonical(self, obj: JsonObject) -> JsonObject:
        """As the typed Go struct prints it: quantities canonical, empty optional fields dropped.

        Unchanged for an object with unknown fields or of an unknown kind.
        """
        ...
