"""Reads what a server serves, from the aggregated document or the older one per group version. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from argosy.machinery.objects import JsonObject, Resource, group_version

AGGREGATED = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
    "application/json"
)


def is_aggregated(document: JsonObject) -> bool:
    return document.get("kind") == "APIGroupDiscoveryList"


def aggregated(document: JsonObject) -> Iterator[Resource]:
    """In the server's order: preferred version of each group first."""
    for group in document.get("items") or ():
        group_name = (group.get("metadata") or {}).get("name") or ""
        for version in group.get("versions") or ():
            for item in version.get("resources") or ():
                kind = (item.get("responseKind") or {}).get("kind")
                if kind:
                    namespaced = item.get("scope") == "Namespaced"
                    yield Resource(group_name, version["version"], item["resource"], kind, namespaced)


def legacy_paths(api: JsonObject, apis: JsonObject) -> Iterator[str]:
    """One document each, preferred version of each group first."""
    for version in api.get("versions") or ():
        yield f"/api/{version}"
    for group in apis.get("groups") or ():
        preferred = (group.get("preferredVersion") or {}).get("groupVersion")
        versions = [version["groupVersion"] for version in group.get("versions") or ()]
        for version in sorted(versions, key=lambda name: name != preferred):
            yield f"/apis/{version}"


def legacy(document: JsonObject) -> Iterator[Resource]:
    group, version = group_version(document.get("groupVersion") or "")
    for item in document.get("resources") or ():
        if "/" not in item["name"]:
            yield Resource(group, version, item["name"], item["kind"], bool(item.get("namespaced")))
