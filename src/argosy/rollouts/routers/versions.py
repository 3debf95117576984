"""The versions of the routers' kinds: an older or newer installation of a router serves others than upstream's default.

Upstream has a flag for each kind; here it is the first of `OTHERS` that the API server serves. Everywhere else a kind
is named by its default, so that an object has one place; only reading and writing use the version it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.rollouts.routers.istio.resources import DESTINATION_RULES, VIRTUAL_SERVICES

MAPPINGS: Final = Resource("getambassador.io", "v2", "mappings", "Mapping")
TRAEFIK_SERVICES: Final = Resource("traefik.io", "v1alpha1", "traefikservices", "TraefikService")
TRAFFIC_SPLITS: Final = Resource("split.smi-spec.io", "v1alpha1", "trafficsplits", "TrafficSplit")


def _of(kind: Resource, *versions: str, group: str = "", plural: str = "") -> tuple[Resource, ...]:
    name = "AmbassadorMapping" if plural == "ambassadormappings" else kind.kind
    return tuple(Resource(group or kind.group, version, plural or kind.plural, name) for version in versions)


OTHERS: Final = {
    VIRTUAL_SERVICES: _of(VIRTUAL_SERVICES, "v1beta1", "v1"),
    DESTINATION_RULES: _of(DESTINATION_RULES, "v1beta1", "v1"),
    TRAFFIC_SPLITS: _of(TRAFFIC_SPLITS, "v1alpha2", "v1alpha3", "v1alpha4"),
    TRAEFIK_SERVICES: _of(TRAEFIK_SERVICES, "v1alpha1", group="traefik.containo.us"),
    MAPPINGS: (
        *_of(MAPPINGS, "v3alpha1", "v1"),
        *_of(MAPPINGS, "v3alpha1", group="x.getambassador.io", plural="ambassadormappings"),
    ),
}
"""By the default kind, in the order in which they are tried."""


def versions_of(resource: Resource) -> tuple[Resource, ...]:
    return (resource, *OTHERS.get(resource, ()))


def served(snapshot: Snapshot, resource: Resource) -> Iterator[Resource]:
    """The first served version of each of its groups."""
    groups: set[str] = set()
    for one in versions_of(resource):
        if one.group not in groups and snapshot.serves(one):
            groups.add(one.group)
            yield one


def found(snapshot: Snapshot, resource: Resource, key: Key) -> JsonObject | None:
    """The object in the first group that has it. `resource`: the default kind."""
    if resource not in OTHERS:
        return snapshot.object(resource, key)
    objects = (snapshot.object(one, key) for one in served(snapshot, resource))
    return next((obj for obj in objects if obj is not None), None)


def written_as(resource: Resource, obj: JsonObject) -> Resource:
    """The version of the kind that an object has."""
    version = obj.get("apiVersion")
    return next((one for one in versions_of(resource) if one.api_version == version), resource)
