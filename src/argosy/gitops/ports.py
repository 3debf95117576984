"""The doors this room needs: what is known of built-in types, and where changes go.

The cli wires `KnownTypes` to the embedded server's facts; any source of Kubernetes' own types will do.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from argosy.machinery.objects import JsonObject
from argosy.machinery.schema import Node
from argosy.runtime.sharding import Shards


class Replicas(Protocol):
    """Who shares the work, and which of them we are (`runtime.leases.Membership`)."""

    @property
    def identity(self) -> str: ...

    @property
    def shards(self) -> Shards: ...

    @property
    def is_valid(self) -> bool:
        """Whether we may write at all at this moment."""
        ...


class Schema(NamedTuple):
    """`revision` is another one when the schema is."""

    node: Node
    revision: str = ""


class Schemas(Protocol):
    """What server-side apply merges the kinds of one cluster by, custom ones included."""

    def schema(self, group: str, version: str, kind: str) -> Schema | None:
        """None where that is not known."""
        ...


class KnownTypes(Protocol):
    """Facts of Kubernetes' own types (spec 4.2): patch keys, defaults, canonical spelling."""

    def node(self, group: str, version: str, kind: str) -> Node | None:
        """None for a kind that is not Kubernetes' own."""
        ...

    def defaulted(self, obj: JsonObject) -> JsonObject:
        """With the defaults an API server fills in. The given object is not changed."""
        ...

    def canonical(self, obj: JsonObject) -> JsonObject:
        """As the typed struct spells it: quantities canonical, empty optional fields dropped.

        Unchanged for an object with unknown fields or of an unknown kind.
        """
        ...
