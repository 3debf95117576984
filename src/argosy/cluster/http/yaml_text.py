"""YAML bodies as JSON values: YAML 1.1 words as upstream reads them, within the limits of spec/security.md rule 2.

Dates stay text and keys become text, as on the way through JSON upstream. Equal keys: the last wins and is reported.
"""

from __future__ import annotations

from typing import Any

import yaml

from argosy.cluster.http.json_text import MAX_DEPTH, MAX_DIGITS, BodyError, Parsed, parse_json
from argosy.machinery.objects import JsonValue

MAX_ALIASES = 100
MAX_NODES = 1_000_000

_TAG = "tag:yaml.org,2002:"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the C loader when it was built
    """SafeLoader that leaves dates alone."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != f"{_TAG}timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse_yaml(text: bytes) -> Parsed:
    """One document; JSON is YAML and takes the quick way. Raises BodyError."""
    if text.lstrip()[:1] == b"{":
        try:
            return parse_json(text)
        except BodyError:
            pass  # flow style with bare words: YAML only
    if text.count(b"*") > MAX_ALIASES and text.count(b"&") > 0:
        _check_aliases(text)
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        builder = _Builder(loader)
        value = builder.build(node, "", 1) if node is not None else None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BodyError(f"yaml: {_explained(error)}") from None
    finally:
        loader.dispose()
    return Parsed(value, tuple(builder.duplicates))


def _explained(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "the document cannot be read"
    return f"line {mark.line + 1}: {problem}" if mark else str(problem)


def _check_aliases(text: bytes) -> None:
    try:
        count = sum(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=_Loader))
    except yaml.YAMLError as error:
        raise BodyError(f"yaml: {_explained(error)}") from None
    if count > MAX_ALIASES:
        raise BodyError(f"yaml: more than {MAX_ALIASES} aliases")


class _Builder:
    """Nodes to values. Counts what aliases multiply, so that a bomb is refused before it is built."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader
        self._count = 0
        self.duplicates: list[str] = []

    def build(self, node: yaml.Node, path: str, depth: int) -> JsonValue:
        self._count += 1
        if self._count > MAX_NODES:
            raise BodyError(f"yaml: more than {MAX_NODES} nodes once aliases are opened")
        if depth > MAX_DEPTH:
            raise BodyError(f"yaml: nested deeper than {MAX_DEPTH}")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: str, depth: int) -> dict[str, JsonValue]:
        self._loader.flatten_mapping(node)
        found: dict[str, JsonValue] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise BodyError("yaml: a key is not a scalar")
            key = _key(key_node, self._scalar(key_node))
            spelled = f"{path}.{key}" if path else key
            if key in found:
                self.duplicates.append(spelled)
            found[key] = self.build(value_node, spelled, depth + 1)
        return found

    def _scalar(self, node: yaml.Node) -> JsonValue:
        tag = node.tag.removeprefix(_TAG)
        if tag in ("str", "timestamp", "value"):
            return node.value
        if tag in ("int", "float") and len(node.value) > MAX_DIGITS:
            raise BodyError(f"yaml: a number has more than {MAX_DIGITS} digits")
        if tag in ("null", "bool", "int", "float"):
            return self._loader.construct_object(node)
        raise BodyError(f"yaml: tag {tag[:64]!r} is not supported")


def _key(node: yaml.ScalarNode, value: JsonValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(node.value)
