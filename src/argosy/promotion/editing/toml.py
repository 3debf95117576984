"""Replaces scalars of a TOML file; all other text stays the same.

Source: spec/kargo-steps.md 9.2 (toml-update): existing scalars only, numbers become floats, text is single-quoted
if possible.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array, InlineTable, Item, Table

from argosy.machinery.text.yaml_tree import SIZE_LIMIT, EditFault
from argosy.promotion.editing.keys import KeyFault, split

NOT_FOUND: Final = "key path not found"


def update(text: str, updates: Iterable[tuple[str, Any]]) -> str:
    """Raises EditFault."""
    if len(text) > SIZE_LIMIT:
        raise EditFault(f"the file is larger than {SIZE_LIMIT} bytes")
    try:
        document = tomlkit.parse(text)
    except (TOMLKitError, RecursionError) as error:
        raise EditFault(f"error parsing input: {error}") from None
    for key, value in updates:
        _set(document, key, value)
    return tomlkit.dumps(document)


def _set(document: Any, key: str, value: Any) -> None:
    try:
        *parents, last = split(key)
        node: Any = document
        for part in parents:
            node = _child(node, part)
        old = _child(node, last)
    except KeyFault as error:
        raise EditFault(f"error finding key {key}: {error}") from None
    if isinstance(old, Table | InlineTable | AoT | Array) or not isinstance(old, Item | bool):
        kind = {"AoT": "Array"}.get(type(old).__name__, type(old).__name__)
        raise EditFault(f"error finding key {key}: key path addresses {kind} instead of a scalar node")
    place = int(last.text) if isinstance(node, list) else last.text
    node[place] = _value(key, value)


def _child(node: Any, part: Any) -> Any:
    if isinstance(node, dict):
        if part.text in node:
            return node[part.text]
    elif isinstance(node, list) and part.text.isascii() and part.text.isdecimal() and int(part.text) < len(node):
        return node[int(part.text)]
    raise KeyFault(NOT_FOUND)


def spelled(value: Any) -> str:
    """Formats a value. Raises EditFault."""
    return _value("", value).as_string()


def _value(key: str, value: Any) -> Item:
    if isinstance(value, bool):
        return tomlkit.item(value)
    if isinstance(value, int | float):
        return tomlkit.value(_decimal(float(value)))
    if isinstance(value, str):
        literal = "'" not in value and all(char.isprintable() or char == "\t" for char in value)
        return tomlkit.string(value, literal=literal)
    raise EditFault(f"error formatting value for key {key}: value is not a TOML scalar type")


def _decimal(value: float) -> str:
    """Never with an exponent, always with a decimal point."""
    text = format(Decimal(repr(value)), "f")
    return text if "." in text else f"{text}.0"
