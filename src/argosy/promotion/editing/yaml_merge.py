"""Merges YAML documents: maps are merged, lists and scalars replaced, null removes.

Source: spec/kargo-steps.md 9.2 (yaml-merge). Only differing parts of the lower document's text are edited, so its
comments, order and style stay; new parts keep their own text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from argosy.machinery.text.yaml_tree import Alias, EditFault, Mapping, Node, Scalar, Sequence, lines_of, parse

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True, order=True)
class _Edit:
    start: int
    end: int
    text: str


def merged(files: Iterable[str]) -> str:
    """Later files win. Raises EditFault."""
    texts = [lines_of(text) for text in files]
    if not texts:
        return ""
    for number, text in enumerate(texts):
        _checked(_parsed(text, number))
    result = texts[0]
    for number, text in enumerate(texts[1:], start=1):
        result = _laid_over(result, text, number)
    return result


def _parsed(text: str, number: int) -> Node | None:
    try:
        return parse(text)
    except EditFault as error:
        raise EditFault(f"error parsing file {number + 1}: {error}") from None


def _checked(root: Node | None) -> None:
    """Keys must be scalars with a text; a document that is not a map can only be merged with an empty one."""
    if root is None:
        return
    if not isinstance(root, Mapping):
        raise EditFault("the document is not a map")
    left: list[Node] = [root]
    while left:
        node = left.pop()
        if isinstance(node, Mapping):
            for key, value in node.entries:
                if not isinstance(key, Scalar) or (not key.text and not key.style):
                    raise EditFault("a key is empty or is not a scalar")
                left.append(value)
        elif isinstance(node, Sequence):
            left += node.items


def _laid_over(below: str, above: str, number: int) -> str:
    under, over = _parsed(below, 0), _parsed(above, number)
    if not isinstance(over, Mapping):
        return below
    if not isinstance(under, Mapping):
        return above
    edits: list[_Edit] = []
    _merge(under, over, below, above, edits)
    for edit in sorted(edits, reverse=True):
        below = below[: edit.start] + edit.text + below[edit.end :]
    return below


def _merge(under: Mapping, over: Mapping, below: str, above: str, edits: list[_Edit]) -> None:
    for key, value in over.entries:
        assert isinstance(key, Scalar)
        entry = under.find(key.text)
        if _is_null(value):
            if entry:
                edits.append(_removal(under, entry, below))
        elif entry is None:
            edits.append(_addition(under, key, value, below, above))
        elif isinstance(entry[1], Mapping) and isinstance(value, Mapping):
            _merge(entry[1], value, below, above, edits)
        else:
            _replace(key.text, entry[1], value, below, above, edits)


def _replace(name: str, old: Node, new: Node, below: str, above: str, edits: list[_Edit]) -> None:
    if isinstance(old, Mapping) != isinstance(new, Mapping) and not _is_null(old) and not isinstance(old, Alias):
        raise EditFault(f"{name}: a map and another kind of value cannot be merged")
    if isinstance(old, Scalar) and isinstance(new, Scalar) and old.text == new.text:
        return  # the text is the same: keep its quotes
    column = _line_column(below, old)
    lead = "" if old.flow else _lead(below, old, new)
    text = lead + _value_text(new, above, column, flow=old.flow)
    end = _value_end(below, old)
    if isinstance(old, Scalar) and isinstance(new, Scalar) and not (old.flow or new.flow):
        end += len(_comment(below, end))  # a comment on the old value may be wrong for the new one
        text += _comment(above, _value_end(above, new))
    edits.append(_Edit(old.properties, end, text))


def _lead(below: str, old: Node, new: Node) -> str:
    """The text between the colon and the value: a block starts on its own line."""
    block = isinstance(new, Mapping | Sequence) and not _is_flow(new)
    fresh_line = below[: old.properties].rpartition("\n")[2].strip() == ""
    if block and not fresh_line:
        return "\n" + " " * _line_column(below, old)
    return " " if below[old.properties - 1 : old.properties] == ":" else ""


def _line_column(text: str, node: Node) -> int:
    """The indentation for a block that replaces the value of this node."""
    line = text[text.rfind("\n", 0, node.properties) + 1 :]
    return len(line) - len(line.lstrip(" ")) + (0 if line.lstrip(" ").startswith("- ") else 2)


def _removal(under: Mapping, entry: tuple[Node, Node], below: str) -> _Edit:
    key, value = entry
    if under.braces:
        at = under.entries.index(entry)
        if at + 1 < len(under.entries):
            return _Edit(key.properties, under.entries[at + 1][0].properties, "")
        start = under.entries[at - 1][1].end if at else key.properties
        return _Edit(start, value.end, "")
    line = below.rfind("\n", 0, key.properties) + 1
    if len(under.entries) == 1:
        return _Edit(key.properties, _value_end(below, value), "{}")
    if below[line : key.properties].strip():  # first key of a list item: the next key moves up to its place
        following = under.entries[under.entries.index(entry) + 1][0]
        return _Edit(key.properties, following.properties, "")
    return _Edit(line, _entry_end(below, value), "")


def _addition(under: Mapping, key: Scalar, value: Node, below: str, above: str) -> _Edit:
    name = above[key.properties : key.end]
    if under.braces:
        lead = ", " if under.entries else ""
        return _Edit(under.end - 1, under.end - 1, f"{lead}{name}: {_value_text(value, above, 0, flow=True)}")
    last = under.entries[-1][1]
    end = _entry_end(below, last)
    lead = "" if end == 0 or below[end - 1] == "\n" else "\n"
    indent = " " * under.column
    text = _reindented(above[key.properties : _entry_end(above, value)], key.column, under.column)
    return _Edit(end, end, f"{lead}{indent}{text.rstrip(chr(10))}\n")


def _value_text(node: Node, text: str, column: int, *, flow: bool) -> str:
    found = text[node.properties : node.end].rstrip("\n ")
    if flow and isinstance(node, Mapping | Sequence) and not _is_flow(node):
        return _as_flow(node, text)
    return found if flow else _reindented(found, node.column, column)


def _as_flow(node: Node, text: str) -> str:
    if isinstance(node, Mapping):
        inside = (f"{text[key.properties : key.end]}: {_as_flow(value, text)}" for key, value in node.entries)
        return "{" + ", ".join(inside) + "}"
    if isinstance(node, Sequence):
        return "[" + ", ".join(_as_flow(item, text) for item in node.items) + "]"
    return text[node.properties : node.end].rstrip("\n ")


def _reindented(text: str, old: int, new: int) -> str:
    first, *rest = text.split("\n")
    shifted = [" " * max(0, len(line) - len(line.lstrip(" ")) + new - old) + line.lstrip(" ") for line in rest]
    return "\n".join([first, *(line if line.strip() else "" for line in shifted)])


def _comment(text: str, end: int) -> str:
    """The comment after a value on its line, with the preceding blanks."""
    line = text[end:].partition("\n")[0]
    return line.rstrip() if line.lstrip(" \t").startswith("#") else ""


def _value_end(text: str, node: Node) -> int:
    """Without trailing line break and blanks, which belong to a block's node."""
    end = node.end
    while end > node.start and text[end - 1] in "\n ":
        end -= 1
    return end


def _entry_end(text: str, value: Node) -> int:
    """The start of the line after the value and its trailing comment."""
    if value.flow:
        return value.end
    end = text.find("\n", _value_end(text, value))
    return len(text) if end < 0 else end + 1


def _is_flow(node: Node) -> bool:
    return bool(getattr(node, "braces", False) or getattr(node, "brackets", False))


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and not node.style and node.text in _NULLS
