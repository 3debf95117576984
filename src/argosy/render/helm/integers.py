"""Integers that parameters set stay integers in templates, as with `helm --set`.

The library takes values as JSON, where Go reads every number as a float: `20240101` would print as
`2.0240101e+07` and equal no integer. Therefore we add a template, which Helm runs before the chart's because it
is nested deepest: it sets the integers, in the values of subcharts too. Its output is dropped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.render.helm.strvals import SetInt

INTEGERS: Final = "argosy-integers.txt"
_DEPTH: Final = 24
"""Directory levels: deeper than any chart's own templates."""
_GLOBAL: Final = "argosy.integers.global"


def write_integers(values: JsonObject, chart: Path) -> None:
    """Adds the template to the chart in this directory, if the values have such integers."""
    lines = list(_in_map(".Values", {name: value for name, value in values.items() if name != "global"}))
    shared = values.get("global")
    everywhere = list(_in_map("$global", shared)) if isinstance(shared, dict) else []
    if everywhere:
        lines.append(f'{{{{- template "{_GLOBAL}" . -}}}}')
    if not lines:
        return
    directory = chart.joinpath("templates", *["d"] * _DEPTH)
    directory.mkdir(parents=True)
    (directory / INTEGERS).write_text(_definition(everywhere) + "".join(lines))


def _definition(lines: list[str]) -> str:
    """Each subchart has its own copy of the global values."""
    if not lines:
        return ""
    return (
        f'{{{{- define "{_GLOBAL}" -}}}}{{{{- $global := get .Values "global" | default dict -}}}}'
        + "".join(lines)
        + f'{{{{- range .Subcharts -}}}}{{{{- template "{_GLOBAL}" . -}}}}{{{{- end -}}}}{{{{- end -}}}}'
    )


def _in_map(place: str, values: JsonObject) -> Iterator[str]:
    """Statements for a map; `place` is its path in template syntax."""
    for name, value in values.items():
        here = f"(get {place} {_text(name)} | default dict)"
        if isinstance(value, SetInt):
            yield f"{{{{- $_ := set {place} {_text(name)} (int64 {_text(str(int(value)))}) -}}}}"
        elif isinstance(value, dict):
            yield from _in_map(here, value)
        elif isinstance(value, list) and _holds(value):
            yield f"{{{{- $_ := set {place} {_text(name)} {_list(f'(get {place} {_text(name)})', value)} -}}}}"
            yield from _in_list(f"(get {place} {_text(name)})", value)


def _in_list(place: str, items: list[JsonValue]) -> Iterator[str]:
    for index, item in enumerate(items):
        here = f"(index {place} {index})"
        if isinstance(item, dict):
            yield from _in_map(here, item)
        elif isinstance(item, list):
            yield from _in_list(here, item)


def _list(place: str, items: list[JsonValue]) -> str:
    """The same list, with integers as integers."""
    parts = []
    for index, item in enumerate(items):
        if isinstance(item, SetInt):
            parts.append(f"(int64 {_text(str(int(item)))})")
        elif isinstance(item, list) and _holds(item):
            parts.append(_list(f"(index {place} {index})", item))
        else:
            parts.append(f"(index {place} {index})")
    return f"(list {' '.join(parts)})"


def _holds(value: JsonValue) -> bool:
    if isinstance(value, dict):
        return any(map(_holds, value.values()))
    return any(map(_holds, value)) if isinstance(value, list) else isinstance(value, SetInt)


def _text(text: str) -> str:
    """A string literal in template syntax, which is Go's."""
    return json.dumps(text, ensure_ascii=False)
