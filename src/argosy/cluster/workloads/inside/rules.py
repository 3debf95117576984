"""The rules about the inside of a container, and how users write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from argosy.machinery.objects import JsonObject, JsonValue

PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    run: str
    """The command with its arguments, or a pattern."""
    prints: str = ""
    complains: str = ""
    """On standard error."""
    exit_code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An HTTP response."""

    path: str = "*"
    method: str = "*"
    port: int = 0
    """0 means every port that the container declares."""
    status: int = 200
    body: str = ""
    content_type: str = PLAIN
    review: Mapping[str, JsonValue] | None = None
    """The response of an AdmissionReview: `allowed`, `message`, `warnings`."""


class InsideError(ValueError):
    """What would be right, without the field's path."""


def read_commands(value: JsonValue) -> tuple[Command, ...]:
    """Raises InsideError."""
    return tuple(_command(item, index) for index, item in enumerate(_list(value)))


def read_manifests(value: JsonValue) -> tuple[JsonObject, ...]:
    """Objects with apiVersion, kind and a name. Raises InsideError."""
    found = []
    for index, item in enumerate(_list(value)):
        metadata = item.get("metadata") if isinstance(item, dict) else None
        named = isinstance(metadata, dict) and isinstance(metadata.get("name"), str)
        if not named or not all(isinstance(item.get(part), str) for part in ("apiVersion", "kind")):
            raise InsideError(f"[{index}]: {item!r} is not an object; write apiVersion, kind and metadata.name")
        found.append(item)
    return tuple(found)


def _command(item: JsonValue, index: int) -> Command:
    table = _table(item, f"[{index}]", ("run", "prints", "complains", "exitCode"))
    code = table.get("exitCode", 0)
    if not isinstance(table.get("run"), str):
        raise InsideError(f"[{index}].run: {table.get('run')!r} is not a command; write it with its arguments, or *")
    if type(code) is not int or not 0 <= code <= 255:
        raise InsideError(f"[{index}].exitCode: {code!r} is not a whole number from 0 to 255")
    return Command(
        run=table["run"],
        prints=_text(table, "prints", index),
        complains=_text(table, "complains", index),
        exit_code=code,
    )


def read_pages(value: JsonValue) -> tuple[Page, ...]:
    """Raises InsideError."""
    return tuple(_page(item, index) for index, item in enumerate(_list(value)))


def _page(item: JsonValue, index: int) -> Page:
    known = ("path", "method", "port", "status", "body", "contentType", "review")
    table = _table(item, f"[{index}]", known)
    status, port, review = table.get("status", 200), table.get("port", 0), table.get("review")
    if type(status) is not int or not 100 <= status <= 599:
        raise InsideError(f"[{index}].status: {status!r} is not an HTTP status from 100 to 599")
    if type(port) is not int or not 0 <= port <= 65535:
        raise InsideError(f"[{index}].port: {port!r} is not a port from 1 to 65535")
    if review is not None:
        _table(review, f"[{index}].review", ("allowed", "message", "warnings", "patch"))
    return Page(
        path=_text(table, "path", index) or "*",
        method=(_text(table, "method", index) or "*").upper(),
        port=port,
        status=status,
        body=_text(table, "body", index),
        content_type=_text(table, "contentType", index) or PLAIN,
        review=review,
    )


def read_files(value: JsonValue) -> dict[str, str]:
    """Raises InsideError."""
    if not isinstance(value, dict):
        raise InsideError(f": {value!r} is not a mapping; write path: content")
    for path, content in value.items():
        if not str(path).startswith("/") or not isinstance(content, str):
            raise InsideError(f"[{path}]: write an absolute path and a text")
    return {str(path): content for path, content in value.items()}


def _list(value: JsonValue) -> list[JsonValue]:
    if not isinstance(value, list):
        raise InsideError(f": {value!r} is not a list")
    return value


def _table(value: JsonValue, where: str, known: tuple[str, ...]) -> JsonObject:
    if not isinstance(value, dict):
        raise InsideError(f"{where}: {value!r} is not a mapping; its fields are {', '.join(known)}")
    for name in value:
        if name not in known:
            raise InsideError(f"{where}: unknown field {name!r}; there are {', '.join(known)}")
    return value


def _text(table: JsonObject, name: str, index: int) -> str:
    value = table.get(name, "")
    if not isinstance(value, str):
        raise InsideError(f"[{index}].{name}: {value!r} is not a text")
    return value
