"""An endpoint's declaration: path, parameters, body, answer, required right, handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from argosy.cluster.http.exchange import Chunks
from argosy.server.calls import Call, Needs


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter. `repeated`: it may occur several times."""

    name: str
    text: str
    kind: type[str | int] = str
    repeated: bool = False


@dataclass(slots=True, kw_only=True)
class ApiRequest:
    """One parsed request: `path` and `query` by name, `body` according to its type."""

    call: Call
    path: Mapping[str, str]
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: Any = None

    def one(self, name: str, default: str = "") -> str:
        found = self.query.get(name)
        return found[-1] if found else default

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(self.query.get(name, ()))

    def number(self, name: str, default: int) -> int:
        """The body; the router has checked its type."""
        return int(self.one(name) or default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """`path` such as `/applications/{namespace}/{name}`; `answers` is a TypedDict, None for an event stream."""

    method: str
    path: str
    summary: str
    needs: Needs
    answers: Any = None
    answer: Callable[[ApiRequest], Awaitable[Any]] | None = None
    stream: Callable[[ApiRequest], Awaitable[Chunks]] | None = None
    parameters: tuple[Parameter, ...] = ()
    takes: Any = None
    """A TypedDict: the body."""
