"""Sets scalars of a JSON file and creates missing parents; all other text stays the same.

Source: spec/kargo-steps.md 9.2 (json-update). A number is an index, unless a `:` before it makes it a key.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from argosy.machinery.text import yaml_tree
from argosy.machinery.text.yaml_tree import SIZE_LIMIT, EditFault, Mapping, Node
from argosy.promotion.editing.keys import KeyFault, Part, split

INDEX_LIMIT: Final = 10_000


class _Unfit(ValueError):
    """A name was given where an index is needed."""


def update(text: str, updates: Iterable[tuple[str, Any]]) -> str:
    """Raises EditFault."""
    if len(text) > SIZE_LIMIT:
        raise EditFault(f"the file is larger than {SIZE_LIMIT} bytes")
    for key, value in updates:
        if isinstance(value, dict | list) or value is None:
            raise EditFault(f"value for key {key} is not a scalar type")
        try:
            parts = split(key)
        except KeyFault as error:
            raise EditFault(f"error splitting key {key}: {error}") from None
        try:
            text = _set(_checked(text), parts, value)
        except _Unfit as error:
            raise EditFault(f'error setting key "{key}" in JSON file: {error}') from None
    return text


def _checked(text: str) -> str:
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EditFault(f"error parsing JSON: {error}") from None
    return text


def _set(text: str, parts: Sequence[Part], value: Any) -> str:
    node = yaml_tree.parse(text)
    for depth, part in enumerate(parts):
        child = _child(node, part)
        if child is None:
            return _added(text, node, parts[depth:], value, whole=depth == 0)
        node = child
    assert node is not None
    return text[: node.start] + _spelled(value) + text[node.end :]


def _child(node: Node | None, part: Part) -> Node | None:
    if isinstance(node, Mapping):
        entry = node.find(part.text)
        return entry[1] if entry else None
    if isinstance(node, yaml_tree.Sequence) and _is_number(part):
        return node.items[int(part.text)] if int(part.text) < len(node.items) else None
    return None


def _added(text: str, node: Node | None, parts: Sequence[Part], value: Any, *, whole: bool) -> str:
    first, rest = parts[0], parts[1:]
    if isinstance(node, Mapping):
        inside = f"{json.dumps(first.text, ensure_ascii=False)}:{_built(rest, value)}"
        comma = "," if node.entries else ""
    elif isinstance(node, yaml_tree.Sequence):
        missing = ["null"] * (_place(first, len(node.items)) - len(node.items))
        inside, comma = ",".join([*missing, _built(rest, value)]), "," if node.items else ""
    elif node is None:
        return _built(parts, value)
    else:
        return text[: node.start] + _built(parts, value) + text[node.end :]
    # As upstream: an addition to the outermost object removes any text after its end.
    tail = text[node.end :] if not whole else ""
    return text[: node.end - 1] + comma + inside + text[node.end - 1] + tail


def _built(parts: Sequence[Part], value: Any) -> str:
    if not parts:
        return _spelled(value)
    first, rest = parts[0], parts[1:]
    if _is_index(first):
        return "[" + ",".join([*["null"] * _bounded(first), _built(rest, value)]) + "]"
    return "{" + json.dumps(first.text, ensure_ascii=False) + ":" + _built(rest, value) + "}"


def _place(part: Part, count: int) -> int:
    """The index in a list with `count` items; -1 appends."""
    if part.text == "-1" and not part.literal:
        return count
    if not _is_index(part):
        raise _Unfit(f"cannot set array element for non-numeric key '{part.text}'")
    return _bounded(part)


def _is_number(part: Part) -> bool:
    return part.text.isascii() and part.text.isdecimal()


def _is_index(part: Part) -> bool:
    return not part.literal and _is_number(part)


def _bounded(part: Part) -> int:
    if int(part.text) > INDEX_LIMIT:
        raise EditFault(f"index {part.text} is larger than {INDEX_LIMIT}")
    return int(part.text)


def _spelled(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)
