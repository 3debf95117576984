"""int, float, string, type, JSON and Base64."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from goduration.go import Duration
from gotime import Location, Month, Weekday

from argosy.expr.exprlang.access import whole
from argosy.expr.exprlang.encoding import decoded, encoded
from argosy.expr.exprlang.errors import Fault
from argosy.expr.exprlang.frame import Frame
from argosy.expr.exprlang.operators import is_number, text
from argosy.expr.exprlang.values import Function, Struct, nature_of, printed, type_name

_WHOLE: Final = re.compile(r"[+-]?\d+", re.ASCII)
_DECIMAL: Final = re.compile(
    r"[+-]?(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:e[+-]?\d(?:_?\d)*)?", re.IGNORECASE | re.ASCII
)
_HEX: Final = re.compile(
    r"[+-]?0x_?(?:[\da-f](?:_?[\da-f])*\.?(?:[\da-f](?:_?[\da-f])*)?|\.[\da-f](?:_?[\da-f])*)p[+-]?\d(?:_?\d)*",
    re.IGNORECASE | re.ASCII,
)
_SPECIAL: Final = {
    "nan": math.nan,
    **{
        f"{sign}{word}": value
        for word in ("inf", "infinity")
        for sign, value in (("", math.inf), ("+", math.inf), ("-", -math.inf))
    },
}
_HALF: Final = 2**63
_LONGEST_NUMBER: Final = 4096


def parse_float(value: str) -> float | None:
    """As Go's ParseFloat: hexadecimal, `inf` and `nan`, underscores between digits; None when it fails."""
    special = _SPECIAL.get(value.lower())
    if special is not None:
        return special
    if len(value) > _LONGEST_NUMBER:
        return None
    plain = value.replace("_", "")
    if _DECIMAL.fullmatch(value):
        found = float(plain)
    elif _HEX.fullmatch(value):
        try:
            found = float.fromhex(plain)
        except OverflowError:
            return None
    else:
        return None
    return found if math.isfinite(found) else None


def parse_int(value: str) -> int | None:
    """As Go's Atoi: decimal, 64 bits."""
    if not _WHOLE.fullmatch(value) or len(value) > _LONGEST_NUMBER:
        return None
    found = int(value)
    return found if -_HALF <= found < _HALF else None


def _int(frame: Frame, value: object) -> int:
    if isinstance(value, str):
        found = parse_int(value)
        if found is None:
            raise Fault(f"invalid operation: int({value})")
        return found
    if isinstance(value, Duration):
        return value.nanoseconds
    if isinstance(value, Month | Weekday):
        return int(value)
    return int(whole(value))


def _float(frame: Frame, value: Any) -> float:
    if isinstance(value, str):
        found = parse_float(value)
        if found is None:
            raise Fault(f"invalid operation: float({value})")
        return found
    if not is_number(value):
        raise Fault(f"invalid operation: float({type_name(value)})")
    return float(value)


_KINDS: Final = {
    "bool": "bool", "int": "int", "int64": "int", "float64": "float", "string": "string", "func": "func",
}  # fmt: skip


def _type(frame: Frame, value: object) -> str:
    if value is None:
        return "nil"
    if isinstance(value, Location):
        return "unknown"
    if isinstance(value, Function):
        return "func"
    if isinstance(value, list | bytes):
        return "array"
    if isinstance(value, dict):
        return "map"
    if isinstance(value, Struct):
        return value.type_name
    return _KINDS.get(nature_of(value).name, nature_of(value).name)


def _weighed(frame: Frame, value: object) -> None:
    """Spends for each part of the value: encoding visits all of it."""
    if isinstance(value, str):
        frame.text(len(value))
    elif isinstance(value, dict):
        frame.spend(len(value) + 1)
        for item in value.values():
            _weighed(frame, item)
    elif isinstance(value, list):
        frame.spend(len(value) + 1)
        for item in value:
            _weighed(frame, item)


def _string(frame: Frame, value: object) -> str:
    _weighed(frame, value)
    return printed(value)


def _to_json(frame: Frame, value: object) -> str:
    _weighed(frame, value)
    return encoded(value, "  ")


def _from_json(frame: Frame, value: object) -> Any:
    frame.text(len(text(value)) * 4)
    frame.grow(text(value).count(","))
    return decoded(text(value))


def _to_base64(frame: Frame, value: object) -> str:
    frame.text(len(text(value)))
    return base64.b64encode(text(value).encode("utf-8", "replace")).decode()


def _from_base64(frame: Frame, value: object) -> str:
    frame.text(len(text(value)))
    try:
        return base64.b64decode(text(value).replace("\n", "").replace("\r", ""), validate=True).decode(
            "utf-8", "replace"
        )
    except (binascii.Error, ValueError):
        raise Fault("illegal base64 data") from None


FUNCTIONS: Final[Mapping[str, Callable[..., object]]] = {
    "int": _int,
    "float": _float,
    "type": _type,
    "string": _string,
    "toJSON": _to_json,
    "fromJSON": _from_json,
    "toBase64": _to_base64,
    "fromBase64": _from_base64,
}
