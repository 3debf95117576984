"""YAML text into nodes: PyYAML's C parser, with limits checked before memory or stack is exhausted.

When composing, the C parser gets only one thing wrong for us: an anchor that is defined twice, which YAML allows (the
last definition before an alias counts). Such a stream is composed again here, from the parser's events.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import yaml

PLAIN: Final = "plain"
TEXT: Final = "tag:yaml.org,2002:str"
SEQUENCE: Final = "tag:yaml.org,2002:seq"
MAPPING: Final = "tag:yaml.org,2002:map"
DEPTH_LIMIT: Final = 200
_REDEFINED: Final = "second occurrence"


def compose(data: bytes | str, limit: int) -> Iterator[Any]:
    """The root node of each document. Raises yaml.YAMLError, UnicodeDecodeError."""
    loader = _Nodes(data, limit)
    count = 0
    try:
        while loader.check_node():
            node = loader.get_node()
            loader.reset_resolver()
            yield node
            count += 1
        return
    except yaml.composer.ComposerError as error:
        if error.problem != _REDEFINED:
            raise
    finally:
        loader.dispose()
    for index, node in enumerate(_FromEvents(data, limit).documents()):
        if index >= count:
            yield node


class _Nodes(yaml.CSafeLoader):
    """PyYAML's parser with a resolver that only knows "plain or quoted", and a depth limit below the C stack's."""

    def __init__(self, stream: bytes | str, limit: int) -> None:
        super().__init__(stream)
        self._limit = limit
        self._depth = 0
        self._composed = 0

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        if kind is yaml.ScalarNode:  # like `_resolve`, which is too slow to call for every node
            return PLAIN if implicit[0] else TEXT
        return SEQUENCE if kind is yaml.SequenceNode else MAPPING

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        self._depth += 1
        if current_index is not None:  # it is used for keys, which are not counted when building either
            self._composed += 1
        if self._composed > self._limit or self._depth > DEPTH_LIMIT:
            _check(getattr(current_node, "start_mark", None), self._composed, self._limit, self._depth)

    def ascend_resolver(self) -> None:
        self._depth -= 1

    def reset_resolver(self) -> None:
        self._depth = 0
        self._composed = 0


def _resolve(kind: Any, implicit: Any) -> str:
    if kind is yaml.ScalarNode:
        return PLAIN if implicit[0] else TEXT
    return SEQUENCE if kind is yaml.SequenceNode else MAPPING


def _check(mark: Any, composed: int, limit: int, depth: int) -> None:
    if composed > limit:  # before they fill the memory; aliases are counted when they are expanded
        raise yaml.MarkedYAMLError(problem=f"more than {limit} nodes", problem_mark=mark)
    if depth > DEPTH_LIMIT:
        raise yaml.MarkedYAMLError(problem=f"nested deeper than {DEPTH_LIMIT} levels", problem_mark=mark)


class _FromEvents:
    """Nodes from events; an anchor refers to its last definition."""

    def __init__(self, data: bytes | str, limit: int) -> None:
        self._events: Iterator[Any] = yaml.parse(data, Loader=yaml.CSafeLoader)
        self._limit = limit
        self._composed = 0
        self._anchors: dict[str, Any] = {}

    def documents(self) -> Iterator[Any]:
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors, self._composed = {}, 0
                yield self._node(next(self._events), 0)

    def _node(self, event: Any, depth: int) -> Any:
        self._composed += 1
        start: Any = event.start_mark
        end: Any = event.end_mark
        _check(start, self._composed, self._limit, depth)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise yaml.MarkedYAMLError(problem="found undefined alias", problem_mark=start)
            return self._anchors[event.anchor]
        if isinstance(event, yaml.ScalarEvent):
            tag = event.tag if event.tag not in (None, "!") else _resolve(yaml.ScalarNode, event.implicit)
            return self._named(event, yaml.ScalarNode(tag, event.value, start, end))
        is_list = isinstance(event, yaml.SequenceStartEvent)
        kind = yaml.SequenceNode if is_list else yaml.MappingNode
        tag = event.tag if event.tag not in (None, "!") else _resolve(kind, None)
        node = self._named(event, kind(tag, [], start, end, flow_style=event.flow_style))
        ends = yaml.SequenceEndEvent if is_list else yaml.MappingEndEvent
        while not isinstance(inner := next(self._events), ends):
            first = self._node(inner, depth + 1)
            node.value.append(first if is_list else (first, self._node(next(self._events), depth + 1)))
        return node

    def _named(self, event: Any, node: Any) -> Any:
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node
