"""YAML as Kubernetes' own tools read it, within limits that make a hostile document an error and never an outage.

Kubernetes reads YAML 1.1 by way of JSON: `yes`, `on` and `y` are booleans, `0o17` and `017` are numbers, `12:30`
and dates stay text, keys become text. PyYAML's C parser makes the nodes; resolving and building them is ours, because
PyYAML's differs in all of these points. Limits: spec/security.md rule 2.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from typing import Any, Final

import re2
import yaml

from argosy.machinery.objects import JsonValue

ALIAS_LIMIT: Final = 100
NODE_LIMIT: Final = 1_000_000
DEPTH_LIMIT: Final = 200
PARSERS_DEPTH: Final = "exceeded maximum nesting depth"
"""What newer parsers say of flow brackets that they look ahead at, before the nodes within are composed and counted."""
DIGIT_LIMIT: Final = 400
CHARACTERS_PER_NODE: Final = 64
"""A long text counts as more than one node, so that few aliases of a huge one are a bomb too."""

PLAIN: Final = "plain"
TEXT: Final = "tag:yaml.org,2002:str"
SEQUENCE: Final = "tag:yaml.org,2002:seq"
MAPPING: Final = "tag:yaml.org,2002:map"

_INTEGER = re2.compile(r"^[-+]?(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|[0-9]+)$")
_FLOAT = re2.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")

_WORDS: Final[dict[str, JsonValue]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}


class YamlError(ValueError):
    """The text is not YAML, or breaks a limit; names the line."""


def load_all(
    data: bytes | str, *, nodes: int = NODE_LIMIT, repeated: Callable[[str], None] | None = None
) -> Iterator[JsonValue]:
    """Each document as a JSON value, `None` for an empty one. Raises YamlError after the documents before the fault.

    A key that appears twice in a mapping is a fault; with `repeated` the last one counts, and it is told instead.
    """
    loader = _open(data, nodes)
    scalars = b"*" in data if isinstance(data, bytes) else "*" in data
    try:
        while True:
            try:
                if not loader.check_node():
                    return
                node = loader.get_node()
            except yaml.YAMLError as error:
                raise YamlError(_explain(error)) from None
            loader.reset_resolver()
            yield _Builder(scalars=scalars, limit=nodes, repeated=repeated).build(node, 0)
    finally:
        loader.dispose()


def load(data: bytes | str, *, nodes: int = NODE_LIMIT) -> JsonValue:
    """The first document, or None. Raises YamlError."""
    return next(load_all(data, nodes=nodes), None)


def load_documents(data: bytes | str) -> list[JsonValue]:
    """All documents that are not empty. Raises YamlError."""
    return [document for document in load_all(data) if document is not None]


def _open(data: bytes | str, limit: int) -> Any:
    try:
        return _Nodes(data, limit)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise YamlError(_explain(error)) from None


class _Nodes(yaml.CSafeLoader):
    """PyYAML's parser with the resolver cut down to "plain or quoted", and a depth limit before the C stack's."""

    def __init__(self, stream: bytes | str, limit: int) -> None:
        super().__init__(stream)
        self._limit = limit
        self._depth = 0
        self._composed = 0

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        if kind is yaml.ScalarNode:
            return PLAIN if implicit[0] else TEXT
        return SEQUENCE if kind is yaml.SequenceNode else MAPPING

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        self._depth += 1
        self._composed += current_index is not None  # None for keys, which are not counted when building either
        mark = getattr(current_node, "start_mark", None)
        if self._composed > self._limit:  # before they fill the memory; aliases are counted when they are expanded
            raise yaml.MarkedYAMLError(problem=f"more than {self._limit} nodes", problem_mark=mark)
        if self._depth > DEPTH_LIMIT:
            raise yaml.MarkedYAMLError(problem=f"nested deeper than {DEPTH_LIMIT} levels", problem_mark=mark)

    def ascend_resolver(self) -> None:
        self._depth -= 1

    def reset_resolver(self) -> None:
        self._depth = 0
        self._composed = 0


class _Builder:
    """One document's nodes into JSON values, counting what aliases would expand to."""

    def __init__(self, *, scalars: bool, limit: int, repeated: Callable[[str], None] | None = None) -> None:
        """`scalars`: the text has aliases at all, so that scalars are worth remembering."""
        self._done: dict[int, tuple[JsonValue, int]] = {}
        self._open: set[int] = set()
        self._aliases = 0
        self._nodes = 0
        self._scalars = scalars
        self._limit = limit
        self._repeated = repeated

    def build(self, node: Any, depth: int) -> JsonValue:
        if isinstance(node, yaml.ScalarNode):
            return self._text(node)
        self._count(node, 1)
        if (known := self._done.get(id(node))) is not None:
            return self._alias(node, known)
        if id(node) in self._open:
            raise _fault(node, "an anchor contains itself")
        if depth > DEPTH_LIMIT:
            raise _fault(node, f"nested deeper than {DEPTH_LIMIT} levels")
        self._open.add(id(node))
        before = self._nodes
        value = self._sequence(node, depth) if isinstance(node, yaml.SequenceNode) else self._mapping(node, depth)
        self._open.discard(id(node))
        self._done[id(node)] = (value, self._nodes - before)
        return value

    def _text(self, node: Any) -> JsonValue:
        if self._scalars and (known := self._done.get(id(node))) is not None:
            return self._alias(node, known)
        weight = 1 + len(node.value) // CHARACTERS_PER_NODE
        self._count(node, weight)
        value = _scalar(node)
        if self._scalars:
            self._done[id(node)] = (value, weight)
        return value

    def _count(self, node: Any, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > self._limit:
            raise _fault(node, f"more than {self._limit} nodes when aliases are expanded")

    def _alias(self, node: Any, known: tuple[JsonValue, int]) -> JsonValue:
        self._aliases += 1
        if self._aliases > ALIAS_LIMIT:
            raise _fault(node, f"more than {ALIAS_LIMIT} aliases")
        self._count(node, known[1])
        return known[0]

    def _sequence(self, node: Any, depth: int) -> list[JsonValue]:
        if node.tag not in (SEQUENCE, "!"):
            raise _fault(node, f"unknown tag {node.tag!r}")
        return [self.build(item, depth + 1) for item in node.value]

    def _mapping(self, node: Any, depth: int) -> dict[str, JsonValue]:
        if node.tag not in (MAPPING, "!"):
            raise _fault(node, f"unknown tag {node.tag!r}")
        merged: dict[str, JsonValue] = {}
        own: dict[str, JsonValue] = {}
        for key_node, value_node in node.value:
            if key_node.tag == PLAIN and key_node.value == "<<":
                merged = {**self._merge(value_node, depth), **merged}
                continue
            key = _key(key_node)
            if key in own:
                fault = _fault(key_node, f"key {key!r} appears twice in one mapping")
                if self._repeated is None:
                    raise fault
                self._repeated(str(fault))
            own[key] = self.build(value_node, depth + 1)
        return {**merged, **own} if merged else own

    def _merge(self, node: Any, depth: int) -> dict[str, JsonValue]:
        """A merge key's mapping or mappings; of several the earlier wins (yaml.org/type/merge)."""
        value = self.build(node, depth + 1)
        parts = value if isinstance(value, list) else [value]
        result: dict[str, JsonValue] = {}
        for part in parts:
            if not isinstance(part, dict):
                raise _fault(node, "a merge key needs a mapping or a list of mappings")
            result = {**part, **result}
        return result


def _key(node: Any) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise _fault(node, "a key must be a scalar")
    value = _scalar(node)
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _scalar(node: Any) -> JsonValue:
    if node.tag == TEXT or node.tag == "!":
        return node.value
    if node.tag == PLAIN:
        try:
            return _plain(node.value)
        except ValueError as error:
            raise _fault(node, str(error)) from None
    return _tagged(node)


@functools.lru_cache(maxsize=16384)
def _plain(text: str) -> JsonValue:
    """The value of an unquoted scalar, as gopkg.in/yaml.v2 resolves it."""
    if text in _WORDS:
        value = _WORDS[text]
        if isinstance(value, float):
            raise ValueError(f"{text} has no JSON form")
        return value
    if text[0] not in "+-.0123456789":
        return text
    return _number(text)


def _number(text: str) -> JsonValue:
    digits = text.replace("_", "")
    if _INTEGER.match(digits):
        return _integer(digits, text)
    if not _FLOAT.match(digits):
        return text
    if len(digits) > DIGIT_LIMIT:
        raise ValueError(f"a number has more than {DIGIT_LIMIT} digits")
    value = float(digits)
    if math.isinf(value):
        raise ValueError(f"{text} is out of range")
    return _as_go_prints(value)


def _as_go_prints(value: float) -> JsonValue:
    """`1e3` goes through Go's JSON, which prints 1000, and comes back as an integer."""
    return int(value) if value.is_integer() and abs(value) < 2**63 else value


def _integer(digits: str, text: str) -> JsonValue:
    if len(digits) > DIGIT_LIMIT:
        raise ValueError(f"a number has more than {DIGIT_LIMIT} digits")
    sign, body = (-1, digits[1:]) if digits[0] == "-" else (1, digits.removeprefix("+"))
    if len(body) > 1 and body[0] == "0" and body[1].isdigit():
        if any(digit in "89" for digit in body):
            return _as_go_prints(float(digits))  # not octal after all: Go falls through to its float rule
        value = int(body, 8)
    else:
        value = int(body, 0)
    value *= sign
    return value if -(2**63) <= value < 2**64 else float(value)


def _tagged(node: Any) -> JsonValue:
    name = node.tag.removeprefix("tag:yaml.org,2002:")
    value = _plain(node.value) if node.value else None
    if name == "null":
        return None
    if name == "int" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if name == "float" and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if name == "bool" and isinstance(value, bool):
        return value
    if name in ("timestamp", "binary"):
        return node.value
    raise _fault(node, f"{node.value!r} does not fit the tag {node.tag!r}")


def _fault(node: Any, problem: str) -> YamlError:
    return YamlError(f"yaml: line {node.start_mark.line + 1}: {problem}")


def _explain(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    if problem == PARSERS_DEPTH:
        problem = f"nested deeper than {DEPTH_LIMIT} levels"
    return f"yaml: line {mark.line + 1}: {problem}" if mark else f"yaml: {problem}"


def dump(value: JsonValue) -> str:
    """One document in block style, keys in their order; text that a reader would take for something else is quoted."""
    text = yaml.dump(
        value, Dumper=_Writer, default_flow_style=False, sort_keys=False, allow_unicode=True, width=1 << 30
    )
    return str(text)


class _Writer(yaml.CSafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _write_text(writer: Any, text: str) -> Any:
    style = "|" if "\n" in text else None if _is_plainly_text(text) else '"'
    return writer.represent_scalar(TEXT, text, style=style)


def _is_plainly_text(text: str) -> bool:
    try:
        return bool(_plain(text) == text)
    except ValueError:
        return False


_Writer.add_representer(str, _write_text)
