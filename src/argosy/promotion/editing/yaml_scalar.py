"""Replaces scalars of a YAML file: the line keeps its beginning, all other lines keep every byte.

Source: spec/kargo-steps.md 9.2 (yaml-update). As upstream, the rest of the line after a block's scalar is removed,
including a comment. Unlike upstream, flow collections, block scalars, anchors, further documents and values that need
quotes are handled correctly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from argosy.machinery.text.yaml_tree import EditFault, Mapping, Node, Scalar, Sequence, lines_of, parse
from argosy.promotion.editing.keys import KeyFault, Part, index, split

NOT_FOUND: Final = "key path not found"
NOT_SCALAR: Final = "key path does not address a scalar node"
_NUMBER: Final = re.compile(
    r"[+-]?(?:\d+(?:_\d+)*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?0[xX][0-9a-fA-F]+(?:\.[0-9a-fA-F]*)?(?:[pP][+-]?\d+)?"
    r"|[+-]?0o[0-7]+|[+-]?0b[01]+|[+-]?\.?(?i:inf|infinity|nan)"
)
_WORDS: Final = frozenset({"t", "T", "f", "F", "~", ""}) | {
    spelled for word in ("true", "false", "null") for spelled in (word, word.capitalize(), word.upper())
}


def update(text: str, updates: Iterable[tuple[str, Any]]) -> str:
    """`text` with scalars replaced, one (key, value) after another. Raises EditFault."""
    current = lines_of(text)
    for key, value in updates:
        try:
            parts = split(key)
        except KeyFault as error:
            raise EditFault(f"error splitting key {key}: {error}") from None
        current = _updated(current, key, parts, value)
    return current


def _updated(text: str, key: str, parts: list[Part], value: Any) -> str:
    try:
        root = parse(text)
    except EditFault as error:
        raise EditFault(f"error unmarshaling input: {error}") from None
    try:
        node = _found(root, parts)
    except (KeyFault, EditFault) as error:
        raise EditFault(f"error finding key {key}: {error}") from None
    return replaced(text, node, value)


def _found(root: Node | None, parts: list[Part]) -> Scalar:
    node = root
    for part in parts:
        if isinstance(node, Mapping):
            entry = node.find(part.text)
            node = entry[1] if entry else None
        elif isinstance(node, Sequence):
            at = index(part)
            node = node.items[at] if 0 <= at < len(node.items) else None
        else:
            node = None
        if node is None:
            raise EditFault(NOT_FOUND)
    if not isinstance(node, Scalar):
        raise EditFault(NOT_SCALAR)
    return node


def replaced(text: str, node: Scalar, value: Any) -> str:
    spelled = scalar(value, flow=node.flow, quoted=node.flow and node.style == '"')
    if node.start == node.end and text[node.start - 1 : node.start] not in ("", " ", "\n"):
        spelled = " " + spelled  # an empty value directly after its colon
    if node.flow:
        return text[: node.start] + spelled + text[node.end :]
    if node.style in ("|", ">"):
        return text[: node.start] + spelled + "\n" + text[node.end :]
    line_end = text.find("\n", node.end)
    return text[: node.start] + spelled + text[line_end if line_end >= 0 else len(text) :]


def scalar(value: Any, *, flow: bool = False, quoted: bool = False) -> str:
    """Formats a value as YAML. Text that would parse as something else, or break the line, is quoted."""
    if isinstance(value, str):
        plain = not quoted and not _reads_as_other(value) and _is_plain(value, flow=flow)
        return value if plain else json.dumps(value, ensure_ascii=False)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return json.dumps(value)


def _reads_as_other(text: str) -> bool:
    return text in _WORDS or _NUMBER.fullmatch(text) is not None


def _is_plain(text: str, *, flow: bool) -> bool:
    """Whether it parses back to the same value in its place."""
    if text != text.strip() or not text.isprintable() or (flow and any(char in "?:,[]{}#" for char in text)):
        return False  # parsers disagree about plain scalars within braces
    probe = f"{{k: {text}, z: 1}}\n" if flow else f"k: {text}\n"
    try:
        root = parse(probe)
    except EditFault:
        return False
    entry = root.find("k") if isinstance(root, Mapping) and len(root.entries) == (2 if flow else 1) else None
    return entry is not None and isinstance(entry[1], Scalar) and (entry[1].text, entry[1].style) == (text, "")
