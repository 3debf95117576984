"""Reading members, elements and slices, and `in`. expr-lang: vm/runtime/runtime.go (Fetch, Slice, In)."""

from __future__ import annotations

import math
from typing import Any, Final

from .errors import Fault
from .frame import Frame
from .members import method
from .operators import equal
from .values import AnyMap, Function, Struct, printed, type_name

_LOWEST: Final = -(2**63)
ABSENT: Final = object()


def fetch(base: object, key: object) -> object:
    """`base.key` or `base[key]`: nil for a key that a map does not have. Raises Fault."""
    if type(base) is dict and type(key) is str:
        return base.get(key)
    found = look_up(base, key)
    if found is not ABSENT:
        return found
    if isinstance(base, list | str | bytes):
        length = len(base.encode()) if isinstance(base, str) else len(base)
        index = whole(key)
        index = index + length if index < 0 else index
        raise Fault(f"index out of range: {index} (array length is {length})")
    if isinstance(base, dict):
        return None
    raise Fault(f"cannot fetch {printed(key)} from {type_name(base)}")


def look_up(base: object, key: object) -> object:
    """Like fetch, but ABSENT where there is nothing."""
    if isinstance(key, str):
        if isinstance(base, Struct):
            return base.members.get(key, ABSENT)
        found = method(base, key)
        if found is not None:
            return found
    if isinstance(base, dict):
        return base.get(_map_key(base, key), ABSENT)
    if isinstance(base, list | str | bytes):
        items = base.encode("utf-8", "replace") if isinstance(base, str) else base
        index = whole(key)
        return items[index] if -len(items) <= index < len(items) else ABSENT
    return ABSENT


def _map_key(base: dict[Any, Any], key: object) -> Any:
    if isinstance(base, AnyMap):
        return hashable(key, f"reflect.Value.MapIndex: {type_name(key)} is not a key of a map")
    if key is None:
        return ""
    if not isinstance(key, str):
        raise Fault(f"reflect.Value.MapIndex: value of type {type_name(key)} is not assignable to type string")
    return key


def hashable(key: object, complaint: str) -> Any:
    """The key, if a map can have it. Raises Fault."""
    if isinstance(key, list | dict | Function):
        raise Fault(complaint)
    return key


def whole(value: object) -> int:
    """As Go's ToInt: floats are truncated."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Fault(f"invalid operation: int({type_name(value)})")
    if isinstance(value, float):
        return int(value) if math.isfinite(value) and abs(value) < -_LOWEST else _LOWEST
    return value


def sliced(base: object, low: object, high: object) -> object:
    """Bounds beyond the ends are clamped; negative ones count from the end. Strings are sliced by bytes."""
    if not isinstance(base, list | str | bytes):
        raise Fault(f"cannot slice {printed(low)}")
    is_text = isinstance(base, str) and not base.isascii()
    items: Any = base.encode() if is_text and isinstance(base, str) else base
    length = len(items)
    start = 0 if low is None else whole(low)
    end = length if high is None else whole(high)
    start = max(0, start + length if start < 0 else start)
    end = min(length, max(0, end + length if end < 0 else end))
    part = items[min(start, end) : end]
    return part.decode("utf-8", "replace") if is_text else part


def contains(frame: Frame, container: object, item: object) -> bool:
    """`item in container`."""
    if container is None:
        return False
    if isinstance(container, list):
        frame.spend(len(container) >> 2)
        return any(equal(frame, one, item) for one in container)
    if isinstance(container, dict):
        return _map_key(container, item) in container
    if isinstance(container, Struct):
        if not isinstance(item, str):
            raise Fault(f"cannot use {type_name(item)} as field name of {container.type_name}")
        return item in container.members
    raise Fault(f'operator "in" not defined on {type_name(container)}')
