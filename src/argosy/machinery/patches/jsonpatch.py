"""JSON patch (RFC 6902), applied without mutating the document: unchanged parts are shared with the result.

Two quirks are upstream's (spec 10.1): `replace` of a missing map key adds it, and any operation that fails returns
one generic message. Limits: 10,000 operations; `copy` may add 3 MiB in total.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import orjson

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.status import StatusError

OPERATION_LIMIT = 10_000
COPY_LIMIT = 3 * 1024 * 1024
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)


class _Impossible(Exception):
    """The operation cannot be applied to this document."""


def apply_json_patch(document: JsonValue, operations: JsonValue) -> JsonValue:
    """The patched document. Raises StatusError: 400 if it is not a list, 413 for too many operations, 422 otherwise."""
    if not isinstance(operations, list):
        raise StatusError(400, "BadRequest", "error decoding patch: a JSON patch is a list of operations")
    if len(operations) > OPERATION_LIMIT:
        raise StatusError(
            413,
            "RequestEntityTooLarge",
            f"The allowed maximum operations in a JSON patch is {OPERATION_LIMIT}, got {len(operations)}",
        )
    copied = 0
    try:
        for operation in operations:
            if isinstance(operation, dict) and operation.get("op") == "copy":
                copied += _size(_get(document, _pointer(operation.get("from"))))
                if copied > COPY_LIMIT:
                    raise _Impossible
            document = _apply_one(document, operation)
    except (_Impossible, RecursionError):
        raise rejected() from None
    return document


def rejected() -> StatusError:
    """Upstream's response to a patch that cannot be applied: no details, not even the reason."""
    return StatusError(422, "Invalid", "the server rejected our request due to an error in our request", generic=True)


def _apply_one(document: JsonValue, operation: JsonValue) -> JsonValue:
    if not isinstance(operation, dict) or not isinstance(operation.get("op"), str):
        raise _Impossible
    apply = _OPERATIONS.get(operation["op"])
    if apply is None:
        raise _Impossible
    return apply(document, _pointer(operation.get("path")), operation)


def _pointer(text: JsonValue) -> tuple[str, ...]:
    if text == "":
        return ()
    if not isinstance(text, str) or not text.startswith("/"):
        raise _Impossible
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/"))


def _get(document: JsonValue, path: tuple[str, ...]) -> JsonValue:
    for part in path:
        document = _child(document, part)
    return document


def _child(parent: JsonValue, part: str) -> JsonValue:
    if isinstance(parent, dict):
        if part not in parent:
            raise _Impossible
        return parent[part]
    if isinstance(parent, list):
        return parent[_index(part, len(parent) - 1)]
    raise _Impossible


def _index(part: str, last: int) -> int:
    if not _INDEX.fullmatch(part) or int(part) > last:
        raise _Impossible
    return int(part)


Edit = Callable[[Any, str], JsonValue]
"""(a private copy of the parent, the last part of the path) -> the changed parent."""


def _edit(document: JsonValue, path: tuple[str, ...], edit: Edit) -> JsonValue:
    """Copies only the containers along the path."""
    if not isinstance(document, dict | list):
        raise _Impossible
    if len(path) == 1:
        return edit(document.copy(), path[0])
    changed = _edit(_child(document, path[0]), path[1:], edit)
    copy: Any = document.copy()
    copy[path[0] if isinstance(copy, dict) else int(path[0])] = changed
    return copy


def _add(document: JsonValue, path: tuple[str, ...], operation: JsonObject) -> JsonValue:
    if "value" not in operation:
        raise _Impossible
    return _put(document, path, operation["value"])


def _put(document: JsonValue, path: tuple[str, ...], value: JsonValue) -> JsonValue:
    def edit(parent: Any, part: str) -> JsonValue:
        if isinstance(parent, dict):
            parent[part] = value
        else:
            parent.insert(len(parent) if part == "-" else _index(part, len(parent)), value)
        return parent

    return _edit(document, path, edit) if path else value


def _replace(document: JsonValue, path: tuple[str, ...], operation: JsonObject) -> JsonValue:
    if "value" not in operation:
        raise _Impossible

    def edit(parent: Any, part: str) -> JsonValue:
        if isinstance(parent, dict):
            parent[part] = operation["value"]
        else:
            parent[_index(part, len(parent) - 1)] = operation["value"]
        return parent

    return _edit(document, path, edit) if path else operation["value"]


def _remove(document: JsonValue, path: tuple[str, ...], _: JsonObject) -> JsonValue:
    def edit(parent: Any, part: str) -> JsonValue:
        _child(parent, part)
        del parent[part if isinstance(parent, dict) else int(part)]
        return parent

    if not path:
        raise _Impossible
    return _edit(document, path, edit)


def _move(document: JsonValue, path: tuple[str, ...], operation: JsonObject) -> JsonValue:
    source = _pointer(operation.get("from"))
    if path[: len(source)] == source and path != source:
        raise _Impossible
    value = _get(document, source)
    return _put(_remove(document, source, operation), path, value)


def _copy(document: JsonValue, path: tuple[str, ...], operation: JsonObject) -> JsonValue:
    return _put(document, path, _get(document, _pointer(operation.get("from"))))


def _test(document: JsonValue, path: tuple[str, ...], operation: JsonObject) -> JsonValue:
    try:
        found = _get(document, path)
    except _Impossible:
        if operation.get("value") is not None:
            raise
        return document  # upstream: a missing path equals null
    if not equal(found, operation.get("value")):
        raise _Impossible
    return document


def equal(left: JsonValue, right: JsonValue) -> bool:
    """Equal as JSON: true is not 1, but 1.0 is 1."""
    if left is right:
        return True
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(item, right[key]) for key, item in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and _equal_items(left, right)
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


_LONG = 64
"""Number of items from which on a list is first compared in its entirety."""


def _equal_items(left: list[JsonValue], right: list[JsonValue]) -> bool:
    """For lists of equal length. Python's own equality is looser, and fast at finding inequality."""
    if len(left) >= _LONG:
        if left != right:
            return False
        if _same_text(left, right):
            return True
    return all(map(equal, left, right))


def _same_text(left: JsonValue, right: JsonValue) -> bool:
    """True only for equal values; they may be written differently."""
    try:
        return orjson.dumps(left, option=orjson.OPT_SORT_KEYS) == orjson.dumps(right, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return False


def _size(value: JsonValue) -> int:
    """A lower bound of the value's JSON length."""
    if isinstance(value, dict):
        return 2 + sum(len(key) + 4 + _size(item) for key, item in value.items())
    if isinstance(value, list):
        return 2 + sum(1 + _size(item) for item in value)
    return len(value) + 2 if isinstance(value, str) else 1


_OPERATIONS: dict[str, Callable[[JsonValue, tuple[str, ...], JsonObject], JsonValue]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}


def create_json_patch(before: JsonValue, after: JsonValue) -> list[JsonObject]:
    """Operations that turn one document into the other: maps by key, lists item by item from the front."""
    operations: list[JsonObject] = []
    _compare(before, after, "", operations)
    return operations


def _compare(before: JsonValue, after: JsonValue, path: str, out: list[JsonObject]) -> None:
    if equal(before, after):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        _compare_maps(before, after, path, out)
    elif isinstance(before, list) and isinstance(after, list):
        _compare_lists(before, after, path, out)
    else:
        out.append({"op": "replace", "path": path, "value": after})


def _compare_maps(before: JsonObject, after: JsonObject, path: str, out: list[JsonObject]) -> None:
    for key, value in before.items():
        below = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
        if key in after:
            _compare(value, after[key], below, out)
        else:
            out.append({"op": "remove", "path": below})
    for key, value in after.items():
        if key not in before:
            out.append({"op": "add", "path": f"{path}/{key.replace('~', '~0').replace('/', '~1')}", "value": value})


def _compare_lists(before: list[JsonValue], after: list[JsonValue], path: str, out: list[JsonObject]) -> None:
    shared = min(len(before), len(after))
    for index in range(shared):
        _compare(before[index], after[index], f"{path}/{index}", out)
    out.extend({"op": "remove", "path": f"{path}/{index}"} for index in range(len(before) - 1, shared - 1, -1))
    out.extend({"op": "add", "path": f"{path}/-", "value": value} for value in after[shared:])
