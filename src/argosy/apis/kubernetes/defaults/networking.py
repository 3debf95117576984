"""Defaults of Services, their endpoints, and network policies (kinds sheet 2.3)."""

from __future__ import annotations

from argosy.apis.kubernetes.defaults.filling import fill, fill_empty, items, struct
from argosy.machinery.objects import JsonObject

_AFFINITY_SECONDS = 10800
EXTERNAL_TYPES = ("NodePort", "LoadBalancer")


def default_service(obj: JsonObject) -> None:
    spec = struct(obj, "spec")
    fill_empty(spec, {"sessionAffinity": "None", "type": "ClusterIP"})
    _default_affinity(spec)
    for port in items(spec, "ports"):
        fill_empty(port, {"protocol": "TCP"})
        if port.get("targetPort") in (None, 0, ""):
            port["targetPort"] = port.get("port", 0)
    if spec["type"] != "ExternalName":
        fill(spec, {"internalTrafficPolicy": "Cluster"})
    if spec["type"] in EXTERNAL_TYPES or (spec["type"] == "ClusterIP" and spec.get("externalIPs")):
        fill_empty(spec, {"externalTrafficPolicy": "Cluster"})
    if spec["type"] == "LoadBalancer":
        fill(spec, {"allocateLoadBalancerNodePorts": True})
        balancer = (obj.get("status") or {}).get("loadBalancer") or {}
        for address in items(balancer, "ingress"):
            if address.get("ip"):
                fill(address, {"ipMode": "VIP"})


def _default_affinity(spec: JsonObject) -> None:
    if spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    elif spec["sessionAffinity"] == "ClientIP":
        client = struct(struct(spec, "sessionAffinityConfig"), "clientIP")
        fill(client, {"timeoutSeconds": _AFFINITY_SECONDS})


def default_endpoints(obj: JsonObject) -> None:
    for subset in items(obj, "subsets"):
        for port in items(subset, "ports"):
            fill_empty(port, {"protocol": "TCP"})


def default_endpoint_slice(obj: JsonObject) -> None:
    for port in items(obj, "ports"):
        fill(port, {"name": "", "protocol": "TCP"})


def default_ingress_class(obj: JsonObject) -> None:
    parameters = (obj.get("spec") or {}).get("parameters")
    if parameters is not None:
        fill(parameters, {"scope": "Cluster"})


def default_network_policy(obj: JsonObject) -> None:
    spec = struct(obj, "spec")
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
    for direction in ("ingress", "egress"):
        for rule in items(spec, direction):
            for port in items(rule, "ports"):
                fill(port, {"protocol": "TCP"})
