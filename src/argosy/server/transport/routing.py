"""Routes the schema's paths: finds the method for a verb and a path, and the parameters in the path."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from urllib.parse import unquote_to_bytes

from argosy.server.schema.facts import Method, methods

REST = "=**"


@dataclass(slots=True)
class _Node:
    literal: dict[str, _Node] = field(default_factory=dict)
    any: _Node | None = None
    rest: _Node | None = None
    """Matches the rest of the path."""
    found: dict[str, tuple[Method, tuple[str, ...]]] = field(default_factory=dict)
    """By verb: the method, and the names of the path's parameters in order."""


class BadPath(ValueError):
    """An invalid escape."""


@cache
def router() -> _Node:
    root = _Node()
    for method in methods().values():
        for verb, path in method.http:
            node, names = root, []
            for segment in path.strip("/").split("/"):
                if not segment.startswith("{"):
                    node = node.literal.setdefault(segment, _Node())
                    continue
                name = segment[1:-1]
                names.append(name.removesuffix(REST))
                if name.endswith(REST):
                    node.rest = node.rest or _Node()
                    node = node.rest
                else:
                    node.any = node.any or _Node()
                    node = node.any
            node.found[verb] = (method, tuple(names))
    return root


RAW = tuple(
    f"/api/v1/{name}/" for name in ("clusters", "repositories", "repocreds", "write-repositories", "write-repocreds")
)
"""Below these, a value may contain an escaped slash; elsewhere it is a separator like any other."""


def route(verb: str, path: str) -> tuple[Method, dict[str, str]] | None:
    """None if no path matches; the first literal wins over a parameter. Raises BadPath."""
    raw = path.startswith(RAW)
    segments = (path if raw else unescaped(path)).strip("/").split("/")
    if (found := _walk(router(), segments, 0, verb, [])) is None:
        return None
    (method, names), values = found
    return method, {name: unescaped(value) if raw else value for name, value in zip(names, values, strict=True)}


def _walk(
    node: _Node, segments: list[str], at: int, verb: str, values: list[str]
) -> tuple[tuple[Method, tuple[str, ...]], list[str]] | None:
    if at == len(segments):
        entry = node.found.get(verb)
        if entry is None and node.rest is not None and (entry := node.rest.found.get(verb)) is not None:
            values = [*values, ""]
        return (entry, values) if entry is not None else None
    segment = segments[at]
    if (literal := node.literal.get(segment)) is not None and (found := _walk(literal, segments, at + 1, verb, values)):
        return found
    if segment and node.any is not None and (found := _walk(node.any, segments, at + 1, verb, [*values, segment])):
        return found
    if node.rest is not None:
        entry = node.rest.found.get(verb)
        return (entry, [*values, "/".join(segments[at:])]) if entry is not None else None
    return None


def unescaped(text: str) -> str:
    """Raises BadPath for invalid escapes, or invalid UTF-8."""
    if "%" not in text:
        return text
    for piece in text.split("%")[1:]:
        if len(piece) < 2 or not all(sign in "0123456789abcdefABCDEF" for sign in piece[:2]):
            raise BadPath(f'invalid URL escape "%{piece[:2]}"')
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise BadPath("the path is not UTF-8") from None
