"""Lists that cannot be merged with others' changes: they are replaced by the list in Git.

Items are merged by a key, such as the port of a Service. If the key was changed by hand, the merged list has the
changed item next to the wanted one, which the server refuses if both have one name (argo-cd#4864). Pure.
"""

from __future__ import annotations

import re
from typing import Final

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.status import StatusError

_ITEM: Final = re.compile(r"([A-Za-z][\w.]*)\[\d+\]")
"""The field of a list, up to the first index: `spec.ports[1].name`."""


def refused_lists(error: StatusError, target: JsonObject) -> JsonObject:
    """A merge patch of the lists of `target` whose items were refused; empty if there are none."""
    patch: JsonObject = {}
    for cause in error.causes if error.code == 422 else ():
        found = _ITEM.match(cause.field)
        path = found[1].split(".") if found is not None else []
        value = _at(target, path)
        if isinstance(value, list) and path[0] != "metadata":
            place = patch
            for name in path[:-1]:
                place = place.setdefault(name, {})
            place[path[-1]] = value
    return patch


def _at(target: JsonObject, path: list[str]) -> JsonValue:
    value: JsonValue = target
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
