"""Freight: its name and alias; that it matches its Warehouse, does not change, and is not deleted while in use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from argosy.apis.kargo import Freight, Stage, Warehouse
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject
from argosy.promotion.admission.faults import Denied, FieldFault
from argosy.promotion.freight.identity import freight_id
from argosy.promotion.freight.references import ARTEFACTS
from argosy.promotion.names import ALIAS
from argosy.promotion.urls import normalise_chart, normalise_git
from argosy.promotion.warehouses.subscriptions import kind_of

_LISTS = {"git": "commits", "image": "images", "chart": "charts"}
_SHOWN = {"git": "Git repository", "image": "container image repository", "chart": "Helm chart"}


def default(obj: JsonObject, alias: str, now: str, *, creating: bool) -> JsonObject:
    """`alias`: a free one, for Freight without an alias; `now`: the discovery time of Freight that has none."""
    labels = dict(obj["metadata"].get("labels") or {})
    shape = dict(obj)
    shape.setdefault("origin", {"kind": "", "name": ""})  # so that the kind is reported as invalid
    wanted = obj.get("alias") or ""
    if creating and not wanted:
        wanted = labels.get(ALIAS) or alias
        shape["alias"] = wanted
    if wanted:
        labels[ALIAS] = wanted
    else:
        labels.pop(ALIAS, None)
    metadata = {**obj["metadata"], "labels": labels}
    if creating:
        shape.setdefault("discoveredAt", now)
        metadata["name"] = freight_id(read(Freight, obj))
        metadata.pop("generateName", None)
    return {**shape, "metadata": metadata}


def validate_new(obj: JsonObject, warehouse: Warehouse | None, others: Sequence[Freight]) -> list[FieldFault]:
    """`others`: Freight of the namespace with the same alias."""
    faults = list(_alias(obj, others))
    if warehouse is None:
        return [*faults, FieldFault("warehouse", "warehouse does not exist", read(Freight, obj).origin.name)]
    if not any(obj.get(name) for name in ARTEFACTS):
        faults.append(FieldFault("[]", "freight must contain at least one commit, image, or chart", obj))
    return [*faults, *_fits(obj, warehouse)]


def _alias(obj: JsonObject, others: Sequence[Freight]) -> Iterator[FieldFault]:
    if any(one.metadata.name != obj["metadata"]["name"] for one in others):
        namespace = obj["metadata"]["namespace"]
        message = f'alias already used by another piece of Freight in namespace "{namespace}"'
        yield FieldFault("alias", message, obj.get("alias"))


def _fits(obj: JsonObject, warehouse: Warehouse) -> Iterator[FieldFault]:
    """Exactly one artefact for each subscription, and no others."""
    counts: dict[int, int] = {}
    subscriptions, name = warehouse.spec.subscriptions, warehouse.metadata.name
    for kind, field in _LISTS.items():
        for artefact in obj.get(field) or ():
            index = next((i for i, one in enumerate(subscriptions) if _subscribes(one, kind, artefact)), None)
            if index is None:
                message = f'no subscription found for {_SHOWN[kind]} in Warehouse "{name}"'
                yield FieldFault(field, message, artefact)
            else:
                counts[index] = counts.get(index, 0) + 1
    for index, subscription in enumerate(subscriptions):
        kind = kind_of(subscription)
        place = _place(kind, subscription[kind])
        if counts.get(index, 0) == 0:
            message = f'no artifact found for subscription "{place}" of Warehouse "{name}"'
            yield FieldFault(_LISTS[kind], message)
        elif counts[index] > 1:
            message = f'multiple artifacts found for subscription "{place}" of Warehouse "{name}"'
            yield FieldFault(_LISTS[kind], message)


def _place(kind: str, body: Mapping[str, Any]) -> str:
    url = str(body.get("repoURL") or "")
    if kind == "git":
        return normalise_git(url)
    return f"{normalise_chart(url)}:{body['name']}" if kind == "chart" and body.get("name") else url


def _subscribes(subscription: Mapping[str, Any], kind: str, artefact: Mapping[str, Any]) -> bool:
    if kind not in subscription:
        return False
    named = artefact.get("subscriptionName") or ""
    if named and named != (subscription.get("name") or ""):
        return False
    return _place(kind, subscription[kind]) == _place(kind, artefact)


def validate_change(obj: JsonObject, old: JsonObject, others: Sequence[Freight]) -> None:
    """Raises Denied. Only alias and status may change."""
    name = obj["metadata"]["name"]
    if list(_alias(obj, others)):
        message = f'alias "{obj.get("alias")}" already used by another piece of Freight'
        raise Denied(409, "Conflict", f'Operation cannot be fulfilled on freights.kargo.akuity.io "{name}": {message}')
    for field in ARTEFACTS:
        now, before = obj.get(field) or [], old.get(field) or []
        for index in range(max(len(now), len(before))):
            one = now[index] if index < len(now) else None
            if one != (before[index] if index < len(before) else None):
                fault = FieldFault(f"{field}[{index}]", "Freight is immutable", one)
                raise Denied(422, "Invalid", f'Freight.kargo.akuity.io "{name}" is invalid: {fault}')
    if str(read(Freight, obj).origin) != str(read(Freight, old).origin):
        fault = FieldFault("origin", "Freight is immutable", obj.get("origin"))
        raise Denied(422, "Invalid", f'Freight.kargo.akuity.io "{name}" is invalid: {fault}')


def users_of(freight: str, stages: Sequence[Stage]) -> list[str]:
    """Stages that currently hold it."""
    return [one.metadata.name for one in stages if one.status.held and freight in one.status.held.names]
