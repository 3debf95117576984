"""trim, split, replace and so on. Positions in strings are counted in bytes, as in Go; lengths in characters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from argosy.expr.exprlang.access import whole
from argosy.expr.exprlang.errors import Fault
from argosy.expr.exprlang.frame import Frame
from argosy.expr.exprlang.operators import conversion, text
from argosy.expr.exprlang.values import Typed, strings, type_name

_LONGEST_REPEAT: Final = 1_000_000


def _trim(frame: Frame, value: object, characters: object = None) -> str:
    return text(value).strip() if characters is None else text(value).strip(text(characters))


def _trim_prefix(frame: Frame, value: object, prefix: object = " ") -> str:
    return text(value).removeprefix(text(prefix))


def _trim_suffix(frame: Frame, value: object, suffix: object = " ") -> str:
    return text(value).removesuffix(text(suffix)) if suffix else text(value)


def _upper(frame: Frame, value: object) -> str:
    """Letter by letter: one without a single capital stays."""
    return "".join(char.upper() if len(char.upper()) == 1 else char for char in text(value))


def _lower(frame: Frame, value: object) -> str:
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in text(value))


def _pieces(frame: Frame, value: object, separator: object, count: object, keep: bool) -> Typed:
    whole_text, mark = text(value), text(separator)
    most = -1 if count is None else whole(count)
    frame.text(len(whole_text))
    if most == 0:
        return strings([])
    if not mark:
        letters = list(whole_text)
        cut = letters if most < 0 or most >= len(letters) else [*letters[: most - 1], "".join(letters[most - 1 :])]
        frame.grow(len(cut))
        return strings(cut)
    parts = whole_text.split(mark, most - 1 if most > 0 else -1)
    frame.grow(len(parts))
    return strings([*(part + mark for part in parts[:-1]), parts[-1]] if keep else parts)


def _split(frame: Frame, value: object, separator: object, count: object = None) -> Typed:
    return _pieces(frame, value, separator, count, keep=False)


def _split_after(frame: Frame, value: object, separator: object, count: object = None) -> Typed:
    return _pieces(frame, value, separator, count, keep=True)


def _replace(frame: Frame, value: object, old: object, new: object, count: object = -1) -> str:
    whole_text, mark, fresh = text(value), text(old), text(new)
    times = whole_text.count(mark) if mark else len(whole_text) + 1
    frame.text(len(whole_text) + times * len(fresh))
    return whole_text.replace(mark, fresh, whole(count))


def _repeat(frame: Frame, value: object, count: object) -> str:
    times = whole(count)
    if times < 0:
        raise Fault(f"invalid argument for repeat (expected positive integer, got {times})")
    if times > _LONGEST_REPEAT:
        raise Fault("memory budget exceeded")
    frame.grow(len(text(value)) * times)
    frame.text(len(text(value)) * times)
    return text(value) * times


def _join(frame: Frame, items: Any, glue: object = "") -> str:
    if not isinstance(items, list):
        raise Fault(f"invalid argument for join (type {type_name(items)})")
    frame.spend(len(items))
    parts = []
    for item in items:
        if not isinstance(item, str):
            raise conversion(item, "string")
        parts.append(item)
    frame.text(sum(map(len, parts)) + len(text(glue)) * len(parts))
    return text(glue).join(parts)


def _place(find: Callable[[bytes, bytes], int]) -> Callable[[Frame, object, object], int]:
    def found(frame: Frame, value: object, part: object) -> int:
        frame.text(len(text(value)))
        return find(text(value).encode("utf-8", "replace"), text(part).encode("utf-8", "replace"))

    return found


FUNCTIONS: Final[Mapping[str, Callable[..., object]]] = {
    "trim": _trim,
    "trimPrefix": _trim_prefix,
    "trimSuffix": _trim_suffix,
    "upper": _upper,
    "lower": _lower,
    "split": _split,
    "splitAfter": _split_after,
    "replace": _replace,
    "repeat": _repeat,
    "join": _join,
    "indexOf": _place(bytes.find),
    "lastIndexOf": _place(bytes.rfind),
    "hasPrefix": lambda frame, value, prefix: text(value).startswith(text(prefix)),
    "hasSuffix": lambda frame, value, suffix: text(value).endswith(text(suffix)),
}
