"""Objects that every new server has besides namespaces and RBAC: the `kubernetes` Service, classes, APIServices."""

from __future__ import annotations

from collections.abc import Iterable

from argosy.cluster.kind import Kind
from argosy.cluster.kinds.strategies.addresses import KUBERNETES_ADDRESS
from argosy.machinery.objects import JsonObject

_PRIORITIES = {
    "system-node-critical": (2_000_001_000, "Used for system critical pods that must not be moved from their node."),
    "system-cluster-critical": (2_000_000_000, "Used for system critical pods that must run in the cluster."),
}
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
PROVISIONER = "argosy.dev/simulated"
_HTTPS = {"name": "https", "port": 443, "protocol": "TCP"}
_AUTO_MANAGED = {"kube-aggregator.kubernetes.io/automanaged": "onstart"}


def bootstrap_objects(address: str = "127.0.0.1", port: int = 6443) -> list[JsonObject]:
    """`address` and `port`: where this server listens, behind the `kubernetes` Service."""
    return [
        *(_priority_class(name, value, text) for name, (value, text) in _PRIORITIES.items()),
        _storage_class(),
        _service(port),
        _endpoints(address, port),
        _endpoint_slice(address, port),
    ]


def _priority_class(name: str, value: int, description: str) -> JsonObject:
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": name},
        "value": value,
        "description": description,
    }


def _storage_class() -> JsonObject:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "standard", "annotations": {_DEFAULT_CLASS: "true"}},
        "provisioner": PROVISIONER,
        "allowVolumeExpansion": True,
    }


def _service(port: int) -> JsonObject:
    labels = {"component": "apiserver", "provider": "kubernetes"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kubernetes", "namespace": "default", "labels": labels},
        "spec": {"clusterIP": KUBERNETES_ADDRESS, "ports": [{**_HTTPS, "targetPort": port}]},
    }


def _endpoints(address: str, port: int) -> JsonObject:
    return {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"},
        },
        "subsets": [{"addresses": [{"ip": address}], "ports": [{**_HTTPS, "port": port}]}],
    }


def _endpoint_slice(address: str, port: int) -> JsonObject:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"kubernetes.io/service-name": "kubernetes"},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
        "ports": [{**_HTTPS, "port": port}],
    }


def api_services(kinds: Iterable[Kind]) -> list[JsonObject]:
    """A `Local` APIService for every served group version, in discovery order; creation makes it available."""
    versions = dict.fromkeys((kind.resource.group, kind.resource.version) for kind in kinds)
    return [_api_service(group, version) for group, version in versions]


def _api_service(group: str, version: str) -> JsonObject:
    spec: JsonObject = {
        "version": version,
        "groupPriorityMinimum": 18000 if not group else 17000,
        "versionPriority": 15,
    }
    if group:
        spec["group"] = group
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": f"{version}.{group}", "labels": dict(_AUTO_MANAGED)},
        "spec": spec,
    }
