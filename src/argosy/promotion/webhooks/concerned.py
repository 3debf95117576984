"""Which Warehouses and Promotions a delivery concerns (spec/kargo-api.md 7).

A Warehouse is concerned if it subscribes to one of the repositories and the subscription accepts what is new there; so
is one with invalid rules: its discovery will report the error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from argosy.apis.kargo import Promotion, Warehouse
from argosy.promotion.urls import normalise_chart, normalise_git, normalise_image
from argosy.promotion.warehouses.commits import GitSelector
from argosy.promotion.warehouses.subscriptions import UnknownSubscription, kind_of
from argosy.promotion.warehouses.tags import accepts_chart_version, accepts_image_tag
from argosy.promotion.warehouses.versions import SelectionError
from argosy.promotion.webhooks.delivery import Closed, Pushed

NORMALISED = {"git": normalise_git, "image": normalise_image, "chart": normalise_chart}
WAITS = "git-wait-for-pr"


def concerned_warehouses(event: Pushed, warehouses: Iterable[Warehouse]) -> list[Warehouse]:
    return [one for one in warehouses if any(_accepts(event, *found) for found in subscribed(one))]


def concerned_promotions(event: Closed, promotions: Iterable[Promotion]) -> list[Promotion]:
    """Running Promotions that wait for that pull request."""
    return [one for one in promotions if event.url and event.url in _awaited(one)]


def subscribed(warehouse: Warehouse) -> Iterable[tuple[str, Mapping[str, Any], str]]:
    """(kind, body, normalised URL) of each subscription."""
    for index, subscription in enumerate(warehouse.spec.subscriptions):
        try:
            kind = kind_of(subscription, index)
        except UnknownSubscription:
            continue
        body = subscription[kind] or {}
        yield kind, body, NORMALISED[kind](str(body.get("repoURL") or ""))


def _accepts(event: Pushed, kind: str, body: Mapping[str, Any], url: str) -> bool:
    if url not in event.urls:
        return False
    if not event.qualifiers:
        return True
    try:
        if kind == "git":
            return _git_accepts(event, body)
        accepts = accepts_image_tag if kind == "image" else accepts_chart_version
        return any(accepts(body, qualifier) for qualifier in event.qualifiers)
    except SelectionError:
        return True


def _git_accepts(event: Pushed, body: Mapping[str, Any]) -> bool:
    selector = GitSelector(body)
    if not any(selector.accepts_ref(ref) for ref in event.qualifiers):
        return False
    return not event.files or not selector.filters_paths() or selector.accepts_files(event.files)


def _awaited(promotion: Promotion) -> Sequence[str]:
    status = promotion.status
    if status.phase != "Running":
        return ()
    reached = promotion.spec.steps[: status.current_step + 1]
    found = [status.state.get(step.as_) for step in reached if step.uses == WAITS]
    return [str((one.get("pr") or {}).get("url") or "") for one in found if isinstance(one, dict)]
