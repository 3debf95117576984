"""The order of a build's output: unchanged, or by kind as older versions print it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from argosy.render.files import ToolError
from argosy.render.kustomize.ids import FIRST, LAST, ranks_of
from argosy.render.kustomize.model import Kustomization
from argosy.render.kustomize.resource import Resource


def in_order(resources: Iterable[Resource], kustomization: Kustomization, reorder: str) -> Sequence[Resource]:
    """By `sortOptions` of the kustomization, else by the command line: `legacy`, the default, sorts by kind."""
    options = kustomization.mapping("sortOptions")
    order = options.get("order") or "" if kustomization.has("sortOptions") else reorder or "legacy"
    legacy = options.get("legacySortOptions")
    if order in ("fifo", "none"):
        if legacy is not None:
            raise ToolError(
                f"{kustomization.where}: the field 'sortOptions.legacySortOptions' is set but the selected sort order"
                f" is {order!r}, not 'legacy'"
            )
        return list(resources)
    if order != "legacy":
        raise ToolError(
            f"{kustomization.where}: the field 'sortOptions.order' must be one of [fifo, legacy], not {order!r}"
        )
    first, last = (FIRST, LAST) if legacy is None else (legacy.get("orderFirst") or (), legacy.get("orderLast") or ())
    ranks = ranks_of(first, last)
    return sorted(resources, key=lambda resource: _sort_key(resource, ranks))


def _sort_key(resource: Resource, ranks: dict[str, int]) -> tuple[int, str, str]:
    """The strings that Kustomize compares: empty is `~`, so last; `|` after a namespace comes after `-`."""
    gvk, name, namespace = resource.current_id
    return ranks.get(gvk.kind, 0), gvk.sort_text, f"{namespace or '~X'}|{name or '~N'}"
