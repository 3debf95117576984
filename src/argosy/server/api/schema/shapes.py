"""Types as JSON schemas, and validation of JSON: TypedDicts define the API's objects in their JSON form.

An invalid value is refused with the path of the field and what would be right.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints, is_typeddict

Schema = dict[str, Any]
_PLAIN: Final[Mapping[Any, str]] = {str: "string", int: "integer", float: "number", bool: "boolean"}


class Unfit(ValueError):
    """A value of the wrong type; the text names the field."""


def schema_of(hint: Any, refer: Callable[[type], str]) -> Schema:
    """`refer` registers a named object type and returns its reference."""
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if hint is Any:
        return {}
    if is_typeddict(hint):
        return {"$ref": refer(hint)}
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (NotRequired, Required):
        return schema_of(arguments[0], refer)
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin is list:
        return {"type": "array", "items": schema_of(arguments[0], refer)}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema_of(arguments[1], refer)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [schema_of(part, refer) for part in arguments if part is not type(None)] + [{"type": "null"}]}
    raise TypeError(f"{hint} has no JSON schema")


def object_schema(found: type, refer: Callable[[type], str]) -> Schema:
    """Of a TypedDict."""
    hints = get_type_hints(found, include_extras=True)
    made: Schema = {
        "type": "object",
        "properties": {name: schema_of(hint, refer) for name, hint in hints.items()},
        "required": _required(hints),
    }
    if found.__doc__:
        made["description"] = found.__doc__
    return made


def _required(hints: Mapping[str, Any]) -> list[str]:
    """From the type hints: string annotations hide `NotRequired` from the type itself."""
    return sorted(name for name, hint in hints.items() if get_origin(hint) is not NotRequired)


def fit(value: Any, hint: Any, path: str) -> Any:
    """The value, if it has the type. Raises Unfit."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (NotRequired, Required):
        return fit(value, arguments[0], path)
    if is_typeddict(hint):
        return _fit_object(value, hint, path)
    if origin is list:
        items = _of(value, list, path, "a list")
        return [fit(item, arguments[0], f"{path}[{at}]") for at, item in enumerate(items)]
    if origin is dict:
        found = _of(value, dict, path, "an object")
        return {key: fit(item, arguments[1], f"{path}.{key}") for key, item in found.items()}
    if origin is Literal:
        if value not in arguments:
            raise Unfit(f"{path}: {_shown(value)} is none of {', '.join(map(str, arguments))}")
        return value
    if origin in (Union, types.UnionType):
        return None if value is None else fit(value, next(p for p in arguments if p is not type(None)), path)
    return value if hint is Any else _fit_plain(value, hint, path)


def _fit_plain(value: Any, hint: Any, path: str) -> Any:
    if type(value) is int and hint is float:
        return float(value)
    if type(value) is not hint:
        article = "an" if hint is int else "a"
        raise Unfit(f"{path}: {_shown(value)} is not {article} {_PLAIN[hint]}")
    return value


def _fit_object(value: Any, hint: Any, path: str) -> Any:
    found = _of(value, dict, path, "an object")
    hints = get_type_hints(hint, include_extras=True)
    if unknown := sorted(set(found) - set(hints)):
        raise Unfit(f"{path}.{unknown[0]}: there is no such field; there are {', '.join(sorted(hints))}")
    if missing := [name for name in _required(hints) if name not in found]:
        raise Unfit(f"{path}.{missing[0]}: is missing")
    return {name: fit(item, hints[name], f"{path}.{name}") for name, item in found.items()}


def _of(value: Any, kind: type, path: str, wanted: str) -> Any:
    if not isinstance(value, kind):
        raise Unfit(f"{path}: {_shown(value)} is not {wanted}")
    return value


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
