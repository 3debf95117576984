"""References in a chart's values schema must point into the schema itself (spec/security.md rules 1 and 3).

A validator would follow others, and its errors would reveal what is there, or whether anything is.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urldefrag

from argosy.machinery.text.yaml import YamlError, load
from argosy.render.files import ToolError

_REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")
_NAMES: Final = ("$id", "id")
_KNOWN: Final = ("http://json-schema.org/draft-", "https://json-schema.org/draft-", "https://json-schema.org/draft/")
"""The standard's own schemas, which every validator has."""
DEPTH_LIMIT: Final = 200


def check_schema(path: str, data: bytes) -> None:
    """Raises ToolError naming the reference that leaves the schema."""
    try:
        schema = load(data)
    except YamlError:
        return  # Helm itself reports what is wrong with it
    own = _names(schema)
    for where, reference in _references(schema, "", 0):
        base, _ = urldefrag(reference)
        if base and base not in own and not base.startswith(_KNOWN):
            raise ToolError(f"{path}: {where}: the reference {reference!r} leaves the schema; only '#/...' is followed")


def _names(schema: Any) -> set[str]:
    """The ids of the schema and its parts."""
    found, waiting = set[str](), [schema]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            found |= {urldefrag(value[name])[0] for name in _NAMES if _is_web(value.get(name))}
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return found - {""}


def _is_web(name: Any) -> bool:
    return isinstance(name, str) and name.startswith(("http://", "https://", "urn:"))


def _references(value: Any, where: str, depth: int) -> list[tuple[str, str]]:
    if depth > DEPTH_LIMIT:
        raise ToolError(f"the values schema is nested deeper than {DEPTH_LIMIT}")
    found: list[tuple[str, str]] = []
    if isinstance(value, dict):
        for name, item in value.items():
            if name in _REFERENCES and isinstance(item, str):
                found.append((f"{where}.{name}".lstrip("."), item))
            found += _references(item, f"{where}.{name}", depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += _references(item, f"{where}[{index}]", depth + 1)
    return found
