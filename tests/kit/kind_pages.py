"""The tables of docs/kinds: one row for each field, as the definitions have it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from argosy.machinery.objects import JsonObject

PAGES = Path(__file__).parents[2] / "docs/kinds"
HEAD = "| Field | Type | | Meaning |\n|---|---|---|---|\n"
ROW = re.compile(r"^\| `([^`]+)` \| ([^|]*) \| ([^|]*) \| (.*) \|$", re.MULTILINE)


@dataclass(frozen=True, slots=True, order=True)
class Row:
    name: str
    type: str
    note: str
    """Required, or the default."""


def rows_of(definition: JsonObject) -> list[Row]:
    """Of the version that is stored, down to the second level."""
    version = next(one for one in definition["spec"]["versions"] if one["storage"])
    found: list[Row] = []
    for name, schema in version["schema"]["openAPIV3Schema"]["properties"].items():
        if name in ("apiVersion", "kind", "metadata"):
            continue
        below, required = schema.get("properties") or {}, schema.get("required") or ()
        found += [_row(f"{name}.{key}", part, key in required) for key, part in below.items()]
        if not below:
            found.append(_row(name, schema, False))
    return sorted(found)


def _row(name: str, schema: JsonObject, required: bool) -> Row:
    kind = schema.get("type") or "any"
    if kind == "array":
        kind = f"list of {(schema.get('items') or {}).get('type') or 'any'}"
    if "default" in schema:
        return Row(name, kind, f"default `{schema['default']}`")
    return Row(name, kind, "required" if required else "")


def table(rows: Iterable[Row], meanings: Mapping[str, str]) -> str:
    return HEAD + "".join(f"| `{row.name}` | {row.type} | {row.note} | {meanings[row.name]} |\n" for row in rows)


def written(page: str) -> dict[Row, str]:
    """The rows of a page with their meanings."""
    return {Row(name, kind, note): meaning for name, kind, note, meaning in ROW.findall(page)}


def example(page: str) -> str:
    found = re.search(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert found is not None, "a page begins with an example"
    return found[1]


def renewed(page: str, rows: Iterable[Row]) -> str:
    """The page with the definition's fields, types and defaults; meanings stay, new fields have none yet."""
    meanings = {row.name: meaning for row, meaning in written(page).items()}
    wanted = list(rows)
    text = page
    for head in ("## Fields\n\n", "## Status\n\n"):
        part = [row for row in wanted if row.name.startswith("status") == (head == "## Status\n\n")]
        before, found, after = text.partition(head)
        if found:
            rest = after.partition("\n## ")
            text = before + head + table(part, {row.name: meanings.get(row.name, "") for row in part})
            text += "".join(rest[1:])
    return text
