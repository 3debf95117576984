"""Discovery documents, legacy and aggregated (spec section 4).

Order is behaviour: the first group that knows a short name wins, and a group's first version is the preferred one.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from argosy.cluster.catalog import version_order
from argosy.cluster.http.representation.encode import to_bytes
from argosy.cluster.kind import Kind, Kinds, Subresource
from argosy.machinery.objects import JsonObject

AGGREGATED_TYPE = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

_GROUP_ORDER = (
    "apiregistration.k8s.io",
    "apps",
    "events.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "scheduling.k8s.io",
    "coordination.k8s.io",
    "node.k8s.io",
    "discovery.k8s.io",
    "resource.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "storagemigration.k8s.io",
)


def group_order(group: str, *, custom: bool) -> tuple[int, int, str]:
    """Built-in groups in upstream's order, then the groups of custom resources by name."""
    if group in _GROUP_ORDER:
        return 0, _GROUP_ORDER.index(group), ""
    return (2 if custom else 1), 0, group


@dataclass(slots=True)
class Documents:
    """All discovery documents for one state of the kinds; made once per revision."""

    revision: int
    groups: dict[str, dict[str, list[Kind]]]
    """Group, then version, in discovery order; the core group is the empty name."""
    aggregated_core: tuple[bytes, str] = (b"", "")
    aggregated_groups: tuple[bytes, str] = (b"", "")
    """(body, ETag) of `/api` and `/apis`."""
    legacy: dict[str, JsonObject] = field(default_factory=dict)
    """By path, for all but `/api`, which contains the address it was requested on."""


def documents(kinds: Kinds) -> Documents:
    groups = _grouped(kinds.all())
    found = Documents(kinds.revision, groups)
    items = [_group_item(group, versions) for group, versions in groups.items()]
    found.aggregated_core = _signed([item for item in items if not item["metadata"]])
    found.aggregated_groups = _signed([item for item in items if item["metadata"]])
    found.legacy = _legacy(groups)
    return found


def _grouped(kinds: Sequence[Kind]) -> dict[str, dict[str, list[Kind]]]:
    by_group: dict[str, dict[str, list[Kind]]] = {"": {"v1": []}}
    for kind in kinds:
        by_group.setdefault(kind.resource.group, {}).setdefault(kind.resource.version, []).append(kind)
    ordered = sorted(by_group, key=lambda name: (name != "", group_order(name, custom=_is_custom(by_group[name]))))
    return {
        name: {
            version: sorted(by_group[name][version], key=lambda kind: kind.resource.plural)
            for version in sorted(by_group[name], key=version_order)
        }
        for name in ordered
    }


def _is_custom(versions: dict[str, list[Kind]]) -> bool:
    return any(kind.custom for kinds in versions.values() for kind in kinds)


# ---- aggregated ---------------------------------------------------------------------------------------------------


def _signed(items: list[JsonObject]) -> tuple[bytes, str]:
    document = {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    }
    body = to_bytes(document)
    return body, f'"{hashlib.sha512(body).hexdigest().upper()}"'


def _group_item(group: str, versions: dict[str, list[Kind]]) -> JsonObject:
    return {
        "metadata": {"name": group} if group else {},
        "versions": [
            {"version": version, "resources": [_resource_item(kind) for kind in kinds], "freshness": "Current"}
            for version, kinds in versions.items()
        ],
    }


def _resource_item(kind: Kind) -> JsonObject:
    resource = kind.resource
    # upstream leaves group and version empty where they equal the document's, except in the core group
    response_kind = {"group": "", "version": "" if resource.group else "v1", "kind": resource.kind}
    if kind.custom:
        response_kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    item: JsonObject = {
        "resource": resource.plural,
        "responseKind": response_kind,
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": list(kind.verbs),
    }
    if kind.short_names:
        item["shortNames"] = list(kind.short_names)
    if kind.categories:
        item["categories"] = list(kind.categories)
    if kind.subresources:
        item["subresources"] = [_subresource_item(kind, sub) for sub in subresources(kind)]
    return item


def subresources(kind: Kind) -> list[Subresource]:
    """By name; custom resources have `status` before `scale`."""
    return [kind.subresources[name] for name in sorted(kind.subresources, reverse=kind.custom)]


def _subresource_item(kind: Kind, sub: Subresource) -> JsonObject:
    response_kind = {"group": sub.group, "version": sub.version, "kind": sub.kind}
    if (sub.group, sub.version) == (kind.resource.group, kind.resource.version) and not kind.custom:
        response_kind = {"group": "", "version": "" if sub.group else "v1", "kind": sub.kind}
    return {"subresource": sub.name, "responseKind": response_kind, "verbs": list(sub.verbs)}


# ---- legacy -------------------------------------------------------------------------------------------------------


def api_versions(server_address: str) -> JsonObject:
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": server_address}],
    }


def _legacy(groups: dict[str, dict[str, list[Kind]]]) -> dict[str, JsonObject]:
    found: dict[str, JsonObject] = {}
    api_groups: list[JsonObject] = []
    for group, versions in groups.items():
        if group:
            api_groups.append(_api_group(group, versions))
            found[f"/apis/{group}"] = {"kind": "APIGroup", "apiVersion": "v1", **api_groups[-1]}
        for version, kinds in versions.items():
            group_version = f"{group}/{version}" if group else version
            path = f"/apis/{group_version}" if group else f"/api/{version}"
            found[path] = _resource_list(group_version, kinds)
    found["/apis"] = {"kind": "APIGroupList", "apiVersion": "v1", "groups": api_groups}
    return found


def _api_group(group: str, versions: dict[str, list[Kind]]) -> JsonObject:
    listed = [{"groupVersion": f"{group}/{version}", "version": version} for version in versions]
    return {"name": group, "versions": listed, "preferredVersion": listed[0]}


def _resource_list(group_version: str, kinds: list[Kind]) -> JsonObject:
    resources: list[JsonObject] = []
    for kind in kinds:
        resources.append(_api_resource(kind))
        resources += [_api_subresource(kind, sub) for sub in subresources(kind)]
    version: JsonObject = {} if group_version == "v1" else {"apiVersion": "v1"}
    return {"kind": "APIResourceList", **version, "groupVersion": group_version, "resources": resources}


def _api_resource(kind: Kind) -> JsonObject:
    item: JsonObject = {
        "name": kind.resource.plural,
        "singularName": kind.singular,
        "namespaced": kind.resource.namespaced,
        "kind": kind.resource.kind,
        "verbs": list(kind.verbs),
    }
    if kind.short_names:
        item["shortNames"] = list(kind.short_names)
    if kind.categories:
        item["categories"] = list(kind.categories)
    if "list" in kind.verbs:
        item["storageVersionHash"] = _storage_hash(kind)
    return item


def _storage_hash(kind: Kind) -> str:
    resource = kind.resource
    digest = hashlib.sha256(f"{resource.group}/{resource.version}/{resource.kind}".encode()).digest()
    return base64.b64encode(digest[:8]).decode()


def _api_subresource(kind: Kind, sub: Subresource) -> JsonObject:
    item: JsonObject = {
        "name": f"{kind.resource.plural}/{sub.name}",
        "singularName": "",
        "namespaced": kind.resource.namespaced,
        "kind": sub.kind,
        "verbs": list(sub.verbs),
    }
    foreign = (sub.group, sub.version) != (kind.resource.group, kind.resource.version)
    if foreign and sub.version:
        item.update(group=sub.group, version=sub.version)
        if not sub.group:
            del item["group"]
    return item
