"""YAML as Kubernetes' own tools read it, within limits that turn a hostile document into an error, never an outage.

Kubernetes reads YAML 1.1 by way of JSON: `yes`, `on` and `y` are booleans, `0o17` and `017` are numbers, `12:30`
and dates stay text, keys become text. Kustomize's reading is another dialect (yaml_scalars.py). PyYAML's C parser makes
the nodes (yaml_nodes.py); resolving and building them is ours, because PyYAML's differs in all of these points.
Limits: spec/security.md rule 2.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from typing import Any, Final

import yaml

from argosy.machinery.objects import JsonValue
from argosy.machinery.text.yaml_nodes import DEPTH_LIMIT, MAPPING, PLAIN, SEQUENCE, TEXT, compose
from argosy.machinery.text.yaml_scalars import KUBERNETES, KUSTOMIZE, Dialect, kubernetes_scalar

__all__ = [
    "DEPTH_LIMIT",
    "KUBERNETES",
    "KUSTOMIZE",
    "Blank",
    "Dialect",
    "YamlError",
    "dump",
    "load",
    "load_all",
    "load_documents",
]

Blank = tuple[dict[str, JsonValue], str]
"""A mapping and a key of it that has no text for its value."""
ALIAS_LIMIT: Final = 100
NODE_LIMIT: Final = 1_000_000
PARSERS_DEPTH: Final = "exceeded maximum nesting depth"
"""The error of newer parsers for flow brackets found by lookahead, before the nodes within are composed and counted."""
CHARACTERS_PER_NODE: Final = 64
"""A long string counts as more than one node, so that a few aliases of a huge one exceed the limit too."""
_MERGE: Final = "tag:yaml.org,2002:merge"


class YamlError(ValueError):
    """The text is not YAML, or exceeds a limit; the message names the line."""


def load_all(
    data: bytes | str,
    *,
    nodes: int = NODE_LIMIT,
    repeated: Callable[[str], None] | None = None,
    dialect: Dialect = KUBERNETES,
    blanks: list[Blank] | None = None,
) -> Iterator[JsonValue]:
    """Each document as a JSON value, `None` for an empty one. Raises YamlError after the documents before the error.

    A duplicate key in a mapping is an error; with `repeated` the last one counts, and the duplicate is reported there.
    `blanks` collects the mappings' keys without any text behind them, which some tools treat unlike `null`.
    """
    scalars = b"*" in data if isinstance(data, bytes) else "*" in data
    composed = compose(_ended(data) if dialect.ends_lines else data, nodes)
    while True:
        try:
            node = next(composed, None)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise YamlError(_explain(error, data)) from None
        if node is None:
            return
        yield _Builder(scalars=scalars, limit=nodes, repeated=repeated, dialect=dialect, blanks=blanks).build(node, 0)


def load(
    data: bytes | str,
    *,
    nodes: int = NODE_LIMIT,
    dialect: Dialect = KUBERNETES,
    blanks: list[Blank] | None = None,
) -> JsonValue:
    """The first document, or None. Raises YamlError."""
    return next(load_all(data, nodes=nodes, dialect=dialect, blanks=blanks), None)


def load_documents(data: bytes | str) -> list[JsonValue]:
    """All documents that are not empty. Raises YamlError."""
    return [document for document in load_all(data) if document is not None]


def _ended(data: bytes | str) -> bytes | str:
    """With a final newline, as line readers see it: a block scalar that ends the text has one of its own."""
    if isinstance(data, bytes):
        return data if data.endswith(b"\n") or data[:2] in (b"\xff\xfe", b"\xfe\xff") else data + b"\n"
    return data if data.endswith("\n") else data + "\n"


class _Builder:
    """Converts one document's nodes into JSON values, counting what aliases would expand to."""

    def __init__(
        self,
        *,
        scalars: bool,
        limit: int,
        repeated: Callable[[str], None] | None = None,
        dialect: Dialect = KUBERNETES,
        blanks: list[Blank] | None = None,
    ) -> None:
        """`scalars`: the text has aliases, so that caching scalars is worth it."""
        self._done: dict[int, tuple[JsonValue, int]] = {}
        self._open: set[int] = set()
        self._aliases = 0
        self._nodes = 0
        self._scalars = scalars
        self._limit = limit
        self._repeated = repeated
        self._dialect = dialect
        self._blanks = blanks

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
        value = _scalar(node, self._dialect)
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
        blank: list[str] = []
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE or (key_node.tag == PLAIN and key_node.value == "<<"):
                merged = {**self._merge(value_node, depth), **merged}
                continue
            key = self._key(key_node)
            if key in own:
                fault = _fault(key_node, f"key {key!r} appears twice in one mapping")
                if self._repeated is None:
                    raise fault
                self._repeated(str(fault))
            value = self.build(value_node, depth + 1)
            if value is None and value_node.tag == PLAIN and not value_node.value:
                blank.append(key)
                value = self._dialect.empty_in_flow if node.flow_style else None
            own[key] = value
        made = {**merged, **own} if merged else own
        if self._blanks is not None and blank:
            self._blanks.extend((made, key) for key in blank)
        return made

    def _key(self, node: Any) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise _fault(node, "a key must be a scalar")
        value = _scalar(node, self._dialect)
        if isinstance(value, str):
            return value
        if self._dialect.keys_are_text:
            raise _fault(node, f"key {node.value!r} is not text: quote it")
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value)

    def _merge(self, node: Any, depth: int) -> dict[str, JsonValue]:
        """A merge key's mapping or mappings; the earlier one wins (yaml.org/type/merge)."""
        value = self.build(node, depth + 1)
        parts = value if isinstance(value, list) else [value]
        result: dict[str, JsonValue] = {}
        for part in parts:
            if not isinstance(part, dict):
                raise _fault(node, "a merge key needs a mapping or a list of mappings")
            result = {**part, **result}
        return result


def _scalar(node: Any, dialect: Dialect) -> JsonValue:
    if node.tag == TEXT or node.tag == "!":
        return node.value
    if node.tag == PLAIN:
        try:
            return dialect.scalar(node.value)
        except ValueError as error:
            raise _fault(node, str(error)) from None
    return _tagged(node, dialect)


def _tagged(node: Any, dialect: Dialect) -> JsonValue:
    name = node.tag.removeprefix("tag:yaml.org,2002:")
    value = dialect.scalar(node.value) if node.value else None
    if name == "null":
        return None
    if name == "int" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if name == "float" and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if name == "bool" and isinstance(value, bool):
        return value
    if name == "timestamp":
        return value if isinstance(value, str) else node.value
    if name == "binary":
        return _decoded(node)
    raise _fault(node, f"{node.value!r} does not fit the tag {node.tag!r}")


def _decoded(node: Any) -> str:
    try:
        return base64.b64decode("".join(node.value.split()), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise _fault(node, "!!binary should be base64 of UTF-8 text") from None


def _fault(node: Any, problem: str) -> YamlError:
    return YamlError(f"yaml: line {node.start_mark.line + 1}: {problem}")


def _explain(error: Exception, data: bytes | str) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    if problem == PARSERS_DEPTH:
        problem = f"nested deeper than {DEPTH_LIMIT} levels"
    if not mark:
        return f"yaml: {problem}"
    # A token that is missing at the end is reported on the last line, not on one after it.
    last = len(data.splitlines()) or 1
    return f"yaml: line {min(mark.line + 1, last)}: {problem}"


def dump(value: JsonValue) -> str:
    """One document in block style, keys in order; strings that a reader would take for another type are quoted."""
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
        return bool(kubernetes_scalar(text) == text)
    except ValueError:
        return False


_Writer.add_representer(str, _write_text)
