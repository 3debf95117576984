"""What a controller is: a declaration around two pure functions, `look` and `decide`.

`look(snapshot, key)` gathers what there is to see and returns None when there is nothing to do; `decide(seen, now)`
says what to write, when to wake and what to remember. An engine (`runtime.engine`, or the embedded cluster's own)
carries the decision out. Nothing here awaits, reads a clock or holds a client.
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
    """A Kubernetes Event about an object. The recorder folds repetitions; `message` must hold no secret value."""

    about: JsonObject
    reason: str
    message: str
    type: Literal["Normal", "Warning"] = "Normal"
    annotations: Mapping[str, str] = field(default_factory=dict)
    action: str = ""
    component: str = ""
    """Who tells it; the controller's reporter when empty."""
    host: str = ""
    field_path: str = ""
    """Of the part of `about` that is meant."""


@dataclass(frozen=True, slots=True)
class Apart:
    """Chains of steps that do not depend on one another: each is carried out up to its first refusal, whatever
    becomes of the others. When all were tried, a refusal of any of them ends the decision."""

    chains: tuple[tuple[Write | Event, ...], ...]


Step = Write | Event | Apart


class _Keep(Enum):
    KEEP = "keep"


KEEP: Final = _Keep.KEEP
"""The memory of a key stays as it is."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Steps in order, up to the first that is refused; `memory` counts only when every step succeeded.

    `wake_at`: look again then, though nothing changed. It must lie in the future, unless there are steps. Without it a
    memory that is another than before brings the next look at once, as everything does that a look has read.
    """

    steps: tuple[Step, ...] = ()
    wake_at: datetime | None = None
    memory: Any = KEEP
    background: bool | None = None
    """Whether `wake_at` keeps no rehearsal alive; None: as the controller says."""
    is_settled: bool = False
    """What is remembered brings no other look: nothing of this key is left to be done but for changes and `wake_at`."""


NOTHING: Final = Decision()


@dataclass(frozen=True, slots=True)
class Refusal:
    """The write of this key that was refused the last time, for decisions that tell users of it.

    A conflict is no refusal: it says that the view was stale, and is followed by another look.
    """

    write: Write
    code: int
    """The HTTP status; 0 when no answer came."""
    reason: str
    message: str
    count: int
    """How often in a row."""
    at: datetime


class _Pending(Enum):
    PENDING = "pending"


PENDING: Final = _Pending.PENDING
"""No answer yet; it wakes the key."""
Pending = _Pending


@dataclass(frozen=True, slots=True)
class Failed:
    """A question that had no answer: a time-out, or an error that its port does not know. Never raw foreign text."""

    reason: str
    at: datetime
    retry_at: datetime
    """It is asked again then, for as long as somebody wants the answer."""
    count: int = 1


class Question(Generic[A_co]):
    """What needs the outside world. Subclasses are frozen dataclasses: a question is identified by its fields.

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
    """A named index of one kind: `values` gives the values under which an object, as JSON, is found.

    Who reads a value is woken by every change of an object under it; with `edges` only when an object comes under it or
    leaves it, whatever else of it changes: for objects that many read and of which each reads a few facts.
    """

    name: str
    kind: type[T] | Resource
    values: Callable[[JsonObject], Iterable[str]]
    edges: bool = False


class Snapshot(Protocol):
    """All that `look` may see: caches, the key's own writes that they do not show yet, answers, memory.

    What is read is noted: the key is woken by whatever changes of it, objects that were absent included. Views and
    objects are shared and never mutated. Lists are sorted by namespace and name.
    """

    @property
    def memory(self) -> Any:
        """What the last decision of this key left whose steps all succeeded; None at first."""
        ...

    @property
    def refusal(self) -> Refusal | None: ...

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """All of the last turn: several where its steps lay `Apart`."""
        ...

    def get(self, kind: type[T], key: Key) -> T | None: ...

    def list(self, kind: type[T], namespace: str = "", selector: str = "") -> tuple[T, ...]:
        """An empty namespace means all of them; `selector` is the text form of a label selector."""
        ...

    def owned(self, kind: type[T], owner_uid: str) -> tuple[T, ...]:
        """Those that name this uid in their owner references."""
        ...

    def indexed(self, index: Index[T], value: str) -> tuple[T, ...]: ...

    def owned_objects(self, resource: Resource, owner_uid: str) -> tuple[JsonObject, ...]:
        """As `owned`, for a kind that has no view."""
        ...

    def indexed_objects(self, index: Index[Any], value: str) -> tuple[JsonObject, ...]:
        """As `indexed`, for a kind that has no view."""
        ...

    def object(self, resource: Resource, key: Key) -> JsonObject | None:
        """As `get`, for a kind that has no view."""
        ...

    def objects(self, resource: Resource, namespace: str = "", selector: str = "") -> tuple[JsonObject, ...]: ...

    def serves(self, kind: Kind) -> bool:
        """Whether the API server serves the kind; of a kind that it does not serve nothing is there to read."""
        ...

    def ask(self, question: Question[A]) -> A | Failed | Pending: ...


def own_key(obj: JsonObject) -> tuple[Key, ...]:
    return (key_of(obj),)


@dataclass(frozen=True, kw_only=True)
class Controller(Generic[Seen]):
    """A controller as its room declares it; see the module's docstring.

    `kind` is the view class or resource whose keys are worked on, `owns` what it makes. `background`: its wake times,
    such as polls and resyncs, keep no rehearsal alive. `workers` bounds how many keys write at once.
    A kind is cached whole, for the whole cluster, once a look reads it, unless it is named in one of these:
    `by_namespace`: each namespace when it is read; `metadata_only`: looks see no more than metadata of it.
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
    manager: str = ""
    """Field manager of its writes; its name when empty."""
    reporter: str = ""
    """Component that its Events name; its name when empty."""
    keys: Callable[[JsonObject], Iterable[Key]] = own_key
    """Under which keys an object is worked on: its own, or one that it shares with others, as members of a group."""
    forget: Callable[[Key], None] | None = None
    """Told of each key whose object is gone, or another replica's: of what its answers left nothing is needed."""
    measure: Callable[[Key, Any], None] | None = None
    """For metrics alone: told of each memory that a key came to, and None when its object is gone."""
    timed: Callable[[Key, float, bool], None] | None = None
    """For metrics alone: told of each look, of its seconds, and whether it failed."""
    told: Callable[[Event], None] | None = None
    """For metrics alone: of each Event."""
