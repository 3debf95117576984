"""What the simulated controllers need of the server: its objects, its commits, and the write path of every client."""

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
"""The result of a deferred write: an error if it was refused, else stored."""
Commits = Callable[[Sequence[Commit]], None]
Outcome = Literal["stored", "gone", "deferred"]


class Deferred(Exception):
    """The write waits for an admission webhook; `Server.submit` calls back when it is done."""


class Held(Protocol):
    """A stored object that is decoded on access: keeping many of them costs little."""

    @property
    def obj(self) -> JsonObject: ...


class Server(Protocol):
    def hold(self, resource: Resource, obj: JsonObject) -> Held:
        """A reference to `obj`, lighter than the object if possible."""
        ...

    def list(self, resource: Resource) -> Iterable[JsonObject]:
        """Every live object of the kind; shared, so they must not be changed."""
        ...

    def subscribe(self, commits: Commits) -> Callable[[], None]:
        """Batches in order of revisions. Returns a function that unsubscribes."""
        ...

    def flaw(self, resource: Resource, obj: JsonObject) -> str:
        """Why a stored object is invalid by its kind's schema and rules; empty when it is valid."""
        ...

    def type_warnings(self, policy: JsonObject) -> Sequence[JsonObject]:
        """What a ValidatingAdmissionPolicy's expressions get wrong, as in its `status.typeChecking`."""
        ...

    def submit(self, write: Write, settled: Settled) -> JsonObject | None:
        """Submits a write through decoding, admission, ownership and generation, like any client's request.

        Returns the stored object, or None when it is deleted. Raises StatusError; raises Deferred when the write goes
        on in the background, and then calls `settled` with the result.
        """
        ...
