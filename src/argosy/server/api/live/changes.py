"""The difference between two states of a page's content, in the stream's format. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from argosy.machinery.objects import JsonObject
from argosy.machinery.patches.mergepatch import create_merge_patch

Changed = Callable[[JsonObject | None, JsonObject | None], None]


class Changing(Protocol):
    """A cache, or anything else that reports changes."""

    def on_change(self, handler: Changed, *, replay: bool = True) -> Callable[[], None]:
        """`replay`: existing objects are reported, too, by what knows them. A page that is being made reads them."""
        ...


def patched(before: JsonObject, after: JsonObject) -> JsonObject:
    """A JSON merge patch; for the list `rows`, the changed ones and the order."""
    if "rows" not in before or "rows" not in after:
        return create_merge_patch(before, after)
    old = {_key(row): row for row in before["rows"]}
    changed = [row for row in after["rows"] if old.get(_key(row)) != row]
    order = [_key(row) for row in after["rows"]]
    patch = create_merge_patch(_without_rows(before), _without_rows(after))
    if changed:
        patch["changed"] = changed
    if order != list(old):
        patch["order"] = order
    return patch


def _key(row: JsonObject) -> str:
    return f"{row['namespace']}/{row['name']}"


def _without_rows(page: JsonObject) -> dict[str, Any]:
    return {name: value for name, value in page.items() if name != "rows"}
