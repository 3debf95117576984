"""Ownership between an object and its Scale: one path of the parent is `.spec.replicas` there (spec 10.4, end)."""

from __future__ import annotations

from argosy.machinery.objects import JsonObject
from argosy.machinery.server_side_apply import fieldset, managed
from argosy.machinery.server_side_apply.managed import Entry, Managers

SCALE_PATH = ("f:spec", "f:replicas")
SCALE_API_VERSION = "autoscaling/v1"


def entries_for_scale(parent: list[JsonObject], replicas: tuple[str, ...]) -> list[JsonObject]:
    """The Scale's managedFields: the managers of the parent's replicas. `replicas` are field names in the parent."""
    path = managed.reset_paths([replicas])[0]
    found: Managers = {}
    for key, entry in managed.decode(parent).items():
        if fieldset.contains(entry.fields, path):
            version = key._replace(api_version=SCALE_API_VERSION if key.api_version else "")
            found[version] = Entry(fieldset.of_paths([SCALE_PATH]), SCALE_API_VERSION, entry.time)
    return managed.encode(found)


def entries_for_parent(
    parent: list[JsonObject], scale: list[JsonObject], replicas: tuple[str, ...], api_version: str
) -> list[JsonObject]:
    """The parent's managedFields after a write through `/scale` left the Scale with these."""
    path = managed.reset_paths([replicas])[0]
    owners = {
        key._replace(api_version=api_version if key.api_version else ""): entry
        for key, entry in managed.decode(scale).items()
    }
    result: Managers = {}
    for key, entry in managed.decode(parent).items():
        if key in owners:
            owners.pop(key)
        else:
            entry = entry.with_fields(fieldset.difference(entry.fields, fieldset.of_paths([path])))
        if entry.fields:
            result[key] = entry
    for key, entry in owners.items():
        before = result.get(key)
        fields = fieldset.union(before.fields if before else fieldset.EMPTY, fieldset.of_paths([path]))
        result[key] = Entry(fields, api_version, entry.time)
    return managed.encode(result)
