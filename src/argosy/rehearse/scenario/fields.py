"""Reads the fields of a scenario and reports missing, wrong and unknown ones by their path. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from argosy.machinery import duration, timestamps
from argosy.machinery.duration import DurationError
from argosy.machinery.objects import JsonObject


class ScenarioError(ValueError):
    """The text names the field, its value, and what would be right."""


class Fields:
    """A mapping that is read field by field; `end` reports the fields that nobody read."""

    def __init__(self, path: str, found: Mapping[str, Any]) -> None:
        self.path, self._found = path, dict(found)
        self._known: list[str] = []

    def read(self, name: str, shape: Callable[[str, Any], Any], missing: Any) -> Any:
        self._known.append(name)
        return shape(self._at(name), self._found.pop(name)) if name in self._found else missing

    def need(self, name: str, shape: Callable[[str, Any], Any]) -> Any:
        self._known.append(name)
        if name not in self._found:
            raise ScenarioError(f"{self._at(name)}: is required")
        return shape(self._at(name), self._found.pop(name))

    def many(self, name: str) -> list[Fields]:
        listed = self.read(name, list_of, ())
        return [
            Fields(f"{self._at(name)}[{index}]", mapping_of(f"{self._at(name)}[{index}]", entry))
            for index, entry in enumerate(listed)
        ]

    def whole(self) -> JsonObject:
        return self._found

    def end(self) -> None:
        for name in self._found:
            raise ScenarioError(f"{self._at(name)}: is not a field here; there are: {', '.join(self._known)}")

    def _at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


def text_of(path: str, found: Any) -> str:
    if not isinstance(found, str) or not found:
        raise ScenarioError(f"{path}: {found!r} is not text: put it in quotes")
    return found


def flag_of(path: str, found: Any) -> bool:
    if not isinstance(found, bool):
        raise ScenarioError(f"{path}: {found!r} is neither true nor false")
    return found


def whole_of(path: str, found: Any) -> int:
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise ScenarioError(f"{path}: {found!r} is not a number from 1 on")
    return found


def list_of(path: str, found: Any) -> Sequence[Any]:
    if not isinstance(found, list):
        raise ScenarioError(f"{path}: {found!r} is not a list")
    return found


def placed(path: str, found: Any) -> list[tuple[str, Any]]:
    return [(f"{path}[{index}]", entry) for index, entry in enumerate(list_of(path, found))]


def mapping_of(path: str, found: Any) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise ScenarioError(f"{path}: {found!r} is not a mapping of fields")
    return found


def span_at(path: str, found: Any) -> timedelta:
    text = f"{found}s" if isinstance(found, int) and not isinstance(found, bool) else str(found)
    days, unit, rest = text.partition("d")
    try:
        if unit and not rest and days.isdecimal():
            return timedelta(days=int(days))
        return duration.parse(text)
    except (DurationError, OverflowError):
        raise ScenarioError(f"{path}: {found!r} is not a duration: give one such as 90s, 1h30m or 7d") from None


def span_of(text: str) -> timedelta:
    """Parses a duration in the scenario's format. Raises ScenarioError."""
    return span_at("the duration", text)


def moment_of(path: str, found: Any) -> datetime:
    try:
        moment = timestamps.parse(str(found))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ScenarioError(f"{path}: {found!r} is not a time: give one such as 2026-03-01T09:00:00Z")
    return moment


def moment_text(path: str, found: Any) -> str:
    return timestamps.seconds(moment_of(path, found))


def choice_of(known: Sequence[str]) -> Callable[[str, Any], str]:
    def read(path: str, found: Any) -> str:
        if found not in known:
            raise ScenarioError(f"{path}: {found!r} is not known: give one of {', '.join(known)}")
        return str(found)

    return read
