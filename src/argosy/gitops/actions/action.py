"""An action: what a user is offered, the input of a run, and its result (spec 10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from argosy.machinery.objects import JsonObject


class ActionError(Exception):
    """Why an action cannot be run, as the API answers it."""


class UnknownAction(ActionError):
    """No action has that name for such an object."""


class Parameter(NamedTuple):
    name: str
    default: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """One action as it is offered for one object now."""

    name: str
    disabled: bool = False
    icon: str = ""
    title: str = ""
    parameters: tuple[Parameter, ...] = ()

    def as_json(self) -> JsonObject:
        """Upstream's `ResourceAction`."""
        out: JsonObject = {"name": self.name}
        if self.disabled:
            out["disabled"] = True
        if self.icon:
            out["iconClass"] = self.icon
        if self.title:
            out["displayName"] = self.title
        if self.parameters:
            out["params"] = [
                {"name": name, "default": default} if default else {"name": name} for name, default in self.parameters
            ]
        return out


class Impact(NamedTuple):
    """One write of an action: `patch` of the object itself, or `create` of another."""

    operation: str
    resource: JsonObject


@dataclass(slots=True)
class Run:
    """One run: `obj` is a copy that may be changed; further objects to create go into `created`."""

    obj: JsonObject
    parameters: Mapping[str, str]
    now: datetime
    suffix: str
    created: list[JsonObject] = field(default_factory=list)

    def timestamp(self) -> str:
        """UTC to the second, as in annotations."""
        return self.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class ActionSet:
    """The actions of one kind: which are offered for an object, and what each does."""

    offered: Callable[[JsonObject], list[Action]]
    runs: Mapping[str, Callable[[Run], None]]


KindActions = Mapping[tuple[str, str], ActionSet]


def under(obj: JsonObject, *path: str) -> JsonObject:
    """The object at the path of a copy that may be changed; created if it is missing or null."""
    found: Any = obj
    for step in path:
        if not isinstance(found.get(step), dict):
            found[step] = {}
        found = found[step]
    assert isinstance(found, dict)
    return found


def part(obj: JsonObject, *path: str) -> JsonObject:
    """The object at the path, read-only; empty if it is missing."""
    found: Any = obj
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def whole_number(run: Run, name: str, hint: str = "") -> int:
    """A parameter as a count; any other value is refused by an error that names it."""
    text = run.parameters.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise ActionError(f"invalid number: {text}{hint}")
    return int(text)


def annotate(key: str, value: str) -> Callable[[Run], None]:
    def run(given: Run) -> None:
        under(given.obj, "metadata", "annotations")[key] = value

    return run


def annotate_now(key: str) -> Callable[[Run], None]:
    def run(given: Run) -> None:
        under(given.obj, "metadata", "annotations")[key] = given.timestamp()

    return run


def assign(*path: str, value: object) -> Callable[[Run], None]:
    def run(given: Run) -> None:
        under(given.obj, *path[:-1])[path[-1]] = value

    return run


def drop_annotations(obj: JsonObject, *keys: str) -> None:
    """An empty map of annotations is removed with its last entry."""
    found = part(obj, "metadata", "annotations")
    for key in keys:
        found.pop(key, None)
    if not found:
        under(obj, "metadata").pop("annotations", None)
