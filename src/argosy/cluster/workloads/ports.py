"""What the simulated controllers need of the server: its objects, its commits, and the way every client writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple, Protocol

from argosy.cluster.workloads.decision import Write
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.status import StatusError


class Commit(NamedTuple):
    """One change of one object: `old` is None for a creation, `new` for a deletion."""

    resource: Resource
    old: JsonObject | None
    new: JsonObject | None


Settled = Callable[[StatusError | None], None]
"""The end of a deferred write: refused with an error, or stored."""
Commits = Callable[[Sequence[Commit]], None]
Outcome = Literal["stored", "gone", "deferred"]


class Deferred(Exception):
    """The write waits for an admission webhook; `Server.submit` calls back when it is through."""


class Held(Protocol):
    """A stored object that is decoded when it is looked at: holding many of them costs little."""

    @property
    def obj(self) -> JsonObject: ...


class Server(Protocol):
    def hold(self, resource: Resource, obj: JsonObject) -> Held:
        """What gives `obj` back, and is lighter if it can be."""
        ...

    def list(self, resource: Resource) -> Iterable[JsonObject]:
        """Every live object of the kind; shared, never to be changed."""
        ...

    def subscribe(self, commits: Commits) -> Callable[[], None]:
        """Batches in order of revisions; returns how to stop."""
        ...

    def flaw(self, resource: Resource, obj: JsonObject) -> str:
        """Why a stored object is not of its kind, by its schema and its rules; empty when it is."""
        ...

    def submit(self, write: Write, settled: Settled) -> JsonObject | None:
        """Through decoding, admission, ownership and generation like any client's request.

        The object as stored, or None when it is gone. Raises StatusError; raises Deferred when the write goes on in
        the background, then calls `settled` at its end.
        """
        ...
