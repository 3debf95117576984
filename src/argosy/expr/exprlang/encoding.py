"""JSON as Go's encoding/json reads and writes it: sorted keys, `<` escaped, every number read as a float."""

from __future__ import annotations

import base64
import json
import math
from typing import Any, Final, NoReturn

from goduration.go import Duration
from gotime import RFC3339_NANO, Time

from .errors import Fault
from .values import Function, Struct, float_text, ordered, printed, type_name

_ESCAPES: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_TABLE: Final = str.maketrans(_ESCAPES)


def encoded(value: object, indent: str = "", margin: str = "") -> str:
    """With `indent`, one line for each item. Raises Fault for values that JSON does not have."""
    if isinstance(value, dict):
        keys = {_key(key): value[key] for key in ordered(value)}
        items = [
            f"{_text(key)}:{' ' * bool(indent)}" + encoded(keys[key], indent, margin + indent) for key in sorted(keys)
        ]
        return _listed("{", items, "}", indent, margin)
    if isinstance(value, list):
        return _listed("[", [encoded(item, indent, margin + indent) for item in value], "]", indent, margin)
    if isinstance(value, Struct):
        return encoded(value.encoded(), indent, margin)
    return _scalar(value)


def _listed(opening: str, items: list[str], closing: str, indent: str, margin: str) -> str:
    if not items:
        return opening + closing
    if not indent:
        return opening + ",".join(items) + closing
    inner = f"\n{margin}{indent}"
    return f"{opening}{inner}{f',{inner}'.join(items)}\n{margin}{closing}"


def _key(key: object) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, int) and not isinstance(key, bool):
        return str(int(key))
    raise Fault(f"json: unsupported type: map[{type_name(key)}]interface {{}}")


def _scalar(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return number(value)
    if isinstance(value, bytes):
        return _text(base64.b64encode(value).decode())
    if isinstance(value, Time):
        return _text(value.format(RFC3339_NANO))
    if isinstance(value, Duration):
        return str(value.nanoseconds)
    if isinstance(value, Function):
        raise Fault("json: unsupported type: func(...interface {}) (interface {}, error)")
    return "{}"


def number(value: float) -> str:
    """Go's form of a float64: an exponent below 1e-6 and from 1e21 on. Raises Fault."""
    if not math.isfinite(value):
        raise Fault(f"json: unsupported value: {printed(value)}")
    return float_text(value, low=-6, high=21).replace("e-0", "e-")


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).translate(_TABLE)


def decoded(text: str) -> Any:
    """Raises Fault."""
    try:
        return json.loads(text, parse_int=_float, parse_float=_float, parse_constant=_refused)
    except json.JSONDecodeError as error:
        raise Fault(_complaint(text, error)) from None
    except RecursionError:
        raise Fault("exceeded max depth") from None


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise Fault(f"json: cannot unmarshal number {text} into Go value of type float64")
    return value


def _refused(text: str) -> NoReturn:
    raise Fault(f"invalid character '{text.lstrip('-')[0]}' looking for beginning of value")


def _complaint(text: str, error: json.JSONDecodeError) -> str:
    at = error.pos
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    if at >= len(text) or "Unterminated" in error.msg:
        return "unexpected end of JSON input"
    if error.msg == "Extra data":
        return f"invalid character '{text[at]}' after top-level value"
    return f"invalid character '{text[at]}' looking for beginning of value"


def numbered(value: Any) -> Any:
    """JSON as Go reads it into `any`: every number a float64, whose text is `3` but `1e+07` (upstream has it so)."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return float(value)
    if isinstance(value, dict):
        return {key: numbered(item) for key, item in value.items()}
    return [numbered(item) for item in value] if isinstance(value, list) else value
