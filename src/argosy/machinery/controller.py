"""What a controller is: a declaration around two pure functions, `look` and `decide`.

`look(snapshot, key)` gathers the state and returns None when there is nothing to do; `decide(seen, now)`
returns what to write, when to wake and what to remember. An engine (`runtime.engine`, or the embedded cluster's own)
carries out the decision. Nothing here awaits, reads a clock or has a client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Final, Generic, Literal, Protocol, TypeVar

from argosy.machinery.objects import JsonObject, Key, Kind, Resource, key_of
from argosy.machinery.requests import Write

T = TypeVar("T")
A = TypeVar("A")
A_co = TypeVar("A_co", covariant=True)
Seen = TypeVar("Seen")


@dataclass(frozen=True, slots=True)
class Event:
    """A Kubernetes Event about an object. The recorder aggregates repetitions; `message` must have no secret values."""

    about: JsonObject
    reason: str
    message: str
    type: Literal["Normal", "Warning"] = "Normal"
    annotations: Mapping[str, str] = field(default_factory=dict)
    action: str = ""
    component: str = ""
    """The source of the event; the controller's reporter when empty."""
    host: str = ""
    field_path: str = ""
    """The fieldPath of the part of `about` that is meant."""


@dataclass(frozen=True, slots=True)
class Apart:
    """Chains of independent steps: each is carried out up to its first refusal, whatever happens to others. When all
    were tried, a refusal of any of them ends the decision."""

    chains: tuple[tuple[Write | Event, ...], ...]


Step = Write | Event | Apart


class _Keep(Enum):
    KEEP = "keep"


KEEP: Final = _Keep.KEEP
"""The memory of a key stays unchanged."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Steps in order, up to the first that is refused; `memory` is stored only when every step succeeded.

    `wake_at`: look again then, even if nothing changed. It must be in the future, unless there are steps. Without it a
    changed memory triggers the next look at once, like any change to what a look has read.
    """

    steps: tuple[Step, ...] = ()
    wake_at: datetime | None = None
    memory: Any = KEEP
    background: bool | None = None
    """Whether `wake_at` keeps no rehearsal alive; None means the controller's setting."""
    is_settled: bool = False
    """The new memory triggers no look: nothing is left to do for this key until a change or `wake_at`."""


NOTHING: Final = Decision()


@dataclass(frozen=True, slots=True)
class Refusal:
    """The last refused write of this key, for decisions that report it to users.

    A conflict is not a refusal: it means that the view was stale, and is followed by another look.
    """

    write: Write
    code: int
    """The HTTP status; 0 when there was no response."""
    reason: str
    message: str
    count: int
    """The number of consecutive refusals."""
    at: datetime


class _Pending(Enum):
    PENDING = "pending"


PENDING: Final = _Pending.PENDING
"""No answer yet; the answer wakes the key."""
Pending = _Pending


@dataclass(frozen=True, slots=True)
class Failed:
    """A question without an answer: a timeout, or an error that its port does not expect. Never raw foreign text."""

    reason: str
    at: datetime
    retry_at: datetime
    """When it is asked again, as long as the answer is still wanted."""
    count: int = 1


class Question(Generic[A_co]):
    """A question to something outside the process. Subclasses are frozen dataclasses, identified by their fields.

    Equal questions share one answer, which is kept for as long as the last look of some key asked for it.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Hidden:
    """A secret value within a question: compared, never printed."""

    value: str | bytes = field(repr=False)

    def __str__(self) -> str:
        return "***"


@dataclass(frozen=True, slots=True, eq=False)
class Index(Generic[T]):
    """A named index of one kind: `values` returns the values under which an object, as JSON, is found.

    A reader of a value is woken by every change of an object under it; with `edges` only when an object enters or
    leaves it, whatever else changes: for objects that many keys read and of which each reads a few facts.
    """

    name: str
    kind: type[T] | Resource
    values: Callable[[JsonObject], Iterable[str]]
    edges: bool = False


class Snapshot(Protocol):
    """Everything `look` may see: caches, the key's own writes that they do not show yet, answers, memory.

    Reads are recorded: the key is woken by any change to what it read, including objects that were absent. Views and
    objects are shared and never mutated. Lists are sorted by namespace and name.
    """

    @property
    def memory(self) -> Any:
        """The memory of this key's last decision whose steps all succeeded; None at first."""
        ...

    @property
    def refusal(self) -> Refusal | None: ...

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """All refusals of the last turn: several if its steps were `Apart`."""
        ...

    def get(self, kind: type[T], key: Key) -> T | None: ...

    def list(self, kind: type[T], namespace: str = "", selector: str = "") -> tuple[T, ...]:
        """An empty namespace means all of them; `selector` is the text form of a label selector."""
        ...

    def owned(self, kind: type[T], owner_uid: str) -> tuple[T, ...]:
        """The objects that have this uid in their owner references."""
        ...

    def indexed(self, index: Index[T], value: str) -> tuple[T, ...]: ...

    def owned_objects(self, resource: Resource, owner_uid: str) -> tuple[JsonObject, ...]:
        """Like `owned`, for a kind without a view."""
        ...

    def indexed_objects(self, index: Index[Any], value: str) -> tuple[JsonObject, ...]:
        """Like `indexed`, for a kind without a view."""
        ...

    def object(self, resource: Resource, key: Key) -> JsonObject | None:
        """Like `get`, for a kind without a view."""
        ...

    def objects(self, resource: Resource, namespace: str = "", selector: str = "") -> tuple[JsonObject, ...]: ...

    def serves(self, kind: Kind) -> bool:
        """Whether the API server serves the kind; reading a kind that is not served finds nothing."""
        ...

    def ask(self, question: Question[A]) -> A | Failed | Pending: ...


def own_key(obj: JsonObject) -> tuple[Key, ...]:
    return (key_of(obj),)


@dataclass(frozen=True, kw_only=True)
class Controller(Generic[Seen]):
    """A controller as its package declares it; see the module's docstring.

    `kind` is the view class or resource whose keys are processed, `owns` the kinds it creates. `background`: its wake
    times, such as polls and resyncs, keep no rehearsal alive. `workers` bounds how many keys write at once.
    A kind is cached completely, for the whole cluster, once a look reads it, unless it is listed in one of these:
    `by_namespace`: each namespace when it is read; `metadata_only`: looks see only its metadata.
    """

    name: str
    kind: Kind
    look: Callable[[Snapshot, Key], Seen | None]
    decide: Callable[[Seen, datetime], Decision]
    owns: tuple[Kind, ...] = ()
    by_namespace: tuple[Kind, ...] = ()
    metadata_only: tuple[Kind, ...] = ()
    background: bool = False
    workers: int = 4
    finishes_first: bool = False
    """A key whose turn wrote comes before those that wait for their first turn: for keys with deadlines of their own,
    which many that change at once would else have at the same moment."""
    manager: str = ""
    """Field manager of its writes; its name when empty."""
    reporter: str = ""
    """Component named in its Events; its name when empty."""
    keys: Callable[[JsonObject], Iterable[Key]] = own_key
    """The keys for an object: its own, or one that it shares with others, such as members of a group."""
    forget: Callable[[Key], None] | None = None
    """Called with each key whose object was deleted, or moved to another replica: its answers are no longer needed."""
    measure: Callable[[Key, Any], None] | None = None
    """For metrics only: called with each new memory of a key, and None when its object is deleted."""
    timed: Callable[[Key, float, bool], None] | None = None
    """For metrics only: called for each look, with its seconds, and whether it failed."""
    on_event: Callable[[Event], None] | None = None
    """For metrics only: called for each Event."""
