"""Warehouses: defaults of subscriptions, and their validation."""

from __future__ import annotations

from collections.abc import Iterator

from argosy.machinery.objects import JsonObject
from argosy.promotion.admission.faults import Denied, FieldFault, spelled
from argosy.promotion.names import SHARD
from argosy.promotion.warehouses.subscriptions import (
    UnknownSubscription,
    defaulted,
    faults,
    kind_of,
    name_faults,
    place,
)

_SHOWN = {"git": "Git repository", "image": "image repository", "chart": "Helm chart"}


def default(obj: JsonObject) -> JsonObject:
    """The interval is only normalized along with another change, as in upstream's answers. Raises Denied."""
    spec = dict(obj.get("spec") or {})
    interval = spelled(spec["interval"]) if spec.get("interval") else ""
    subscriptions = []
    for index, subscription in enumerate(spec.get("subscriptions") or ()):
        try:
            kind_of(subscription, index)
            subscriptions.append(defaulted(subscription))
        except UnknownSubscription as error:
            if "unknown" in str(error):
                raise Denied(403, "Forbidden", "no matching registration found") from None
            raise Denied(400, "", str(error)) from None
    changed = sharded({**obj, "spec": {**spec, "subscriptions": subscriptions}})
    if changed == obj or not interval:
        return changed
    return {**changed, "spec": {**changed["spec"], "interval": interval}}


def sharded(obj: JsonObject) -> JsonObject:
    """`spec.shard` is copied to the label by which controllers select."""
    shard = (obj.get("spec") or {}).get("shard") or ""
    labels = dict(obj["metadata"].get("labels") or {})
    if shard:
        labels[SHARD] = shard
    else:
        labels.pop(SHARD, None)
    metadata = {**obj["metadata"], "labels": labels}
    if not labels:
        del metadata["labels"]
    return {**obj, "metadata": metadata}


def validate(obj: JsonObject, *, allow_local: bool = False) -> list[FieldFault]:
    return list(_faults(obj, allow_local=allow_local))


def _faults(obj: JsonObject, *, allow_local: bool) -> Iterator[FieldFault]:
    names: dict[str, str] = {}
    places: dict[str, str] = {}
    for index, subscription in enumerate(obj["spec"].get("subscriptions") or ()):
        kind = kind_of(subscription, index)
        path = f"spec.subscriptions[{index}]"
        yield from _named(subscription.get("name") or "", path, names)
        yield from (
            FieldFault(f"{path}.{kind}.{one.field}", one.detail, one.value, one.type)  # type: ignore[arg-type]
            for one in faults(subscription, allow_local=allow_local)
        )
        where, url = place(subscription), subscription[kind].get("repoURL") or ""
        if where in places:
            already = f'subscription for {_SHOWN[kind]} already exists at "{places[where]}"'
            yield FieldFault(f"{path}.{kind}.{kind}", already, url)
        else:
            places[where] = f"{path}.{kind}"


def _named(name: str, path: str, names: dict[str, str]) -> Iterator[FieldFault]:
    if not name:
        return
    for detail in name_faults(name):
        yield FieldFault(f"{path}.name", detail, name)
    if name in names:
        yield FieldFault(f"{path}.name", f'subscription name "{name}" already used at "{names[name]}"', name)
    names.setdefault(name, f"{path}.name")
