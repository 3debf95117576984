"""Rows of Services, endpoints, ingresses and network policies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from argosy.cluster.kinds.cells.plain import NONE, UNSET, age
from argosy.cluster.kinds.cells.workloads import labels_text, selector_text
from argosy.machinery.objects import JsonObject, JsonValue

_SHOWN = 3


def _name(obj: JsonObject) -> JsonValue:
    return obj["metadata"].get("name", "")


def joined(texts: list[str], nothing: str) -> str:
    """At most three, and how many more there are."""
    if not texts:
        return nothing
    more = len(texts) - _SHOWN
    shown = ",".join(texts[:_SHOWN])
    return f"{shown} + {more} more..." if more > 0 else shown


def service_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    spec = obj.get("spec") or {}
    addresses = spec.get("clusterIPs") or ([spec["clusterIP"]] if spec.get("clusterIP") else [])
    return [
        _name(obj),
        spec.get("type", ""),
        addresses[0] if addresses else NONE,
        external_address(spec, obj.get("status") or {}),
        ",".join(_port(port) for port in spec.get("ports") or ()) or NONE,
        age(obj, now),
        labels_text(spec.get("selector")) or NONE,
    ]


def external_address(spec: JsonObject, status: JsonObject) -> str:
    external = list(spec.get("externalIPs") or ())
    match spec.get("type"):
        case "ExternalName":
            return str(spec.get("externalName") or "")
        case "LoadBalancer":
            found = balancer_addresses(status)
            return ",".join([found, *external] if found else external) or "<pending>"
        case _:
            return ",".join(external) or NONE


def balancer_addresses(status: JsonObject) -> str:
    entries = (status.get("loadBalancer") or {}).get("ingress") or ()
    return ",".join(sorted({item.get("ip") or item.get("hostname") or "" for item in entries} - {""}))


def _port(port: JsonObject) -> str:
    node = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port.get('port', 0)}{node}/{port.get('protocol', '')}"


def ingress_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    spec = obj.get("spec") or {}
    legacy = (obj["metadata"].get("annotations") or {}).get("kubernetes.io/ingress.class")
    return [
        _name(obj),
        spec.get("ingressClassName") or legacy or NONE,
        _hosts(spec.get("rules") or ()),
        balancer_addresses(obj.get("status") or {}),
        "80, 443" if spec.get("tls") else "80",
        age(obj, now),
    ]


def _hosts(rules: Sequence[JsonObject]) -> str:
    hosts: list[str] = []
    for rule in rules:
        if len(hosts) == _SHOWN:
            return f"{','.join(hosts)} + {len(rules) - _SHOWN} more..."
        if rule.get("host"):
            hosts.append(rule["host"])
    return ",".join(hosts) or "*"


def ingress_class_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    spec = obj.get("spec") or {}
    reference = spec.get("parameters")
    text = NONE
    if reference:
        group = f".{reference['apiGroup']}" if reference.get("apiGroup") else ""
        text = f"{reference.get('kind')}{group}/{reference.get('name')}"
    return [_name(obj), spec.get("controller", ""), text, age(obj, now)]


def network_policy_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    return [_name(obj), selector_text((obj.get("spec") or {}).get("podSelector")) or NONE, age(obj, now)]


def endpoints_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    found = []
    for subset in obj.get("subsets") or ():
        addresses = [item.get("ip", "") for item in subset.get("addresses") or ()]
        ports = subset.get("ports") or ()
        if not ports:
            found += addresses
        for port in ports:
            found += [_host_port(address, port.get("port") or 0) for address in addresses]
    return [_name(obj), joined(found, NONE), age(obj, now)]


def _host_port(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def endpoint_slice_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    ports = [str(port["port"]) if port.get("port") is not None else "*" for port in obj.get("ports") or ()]
    addresses = [address for item in obj.get("endpoints") or () for address in item.get("addresses") or ()]
    return [_name(obj), obj.get("addressType", ""), joined(ports, UNSET), joined(addresses, UNSET), age(obj, now)]


def address_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    """IPAddress."""
    parent = (obj.get("spec") or {}).get("parentRef") or {}
    path = "/".join(parent[key] for key in ("resource", "namespace", "name") if parent.get(key))
    return [_name(obj), f"{parent['group']}/{path}" if parent.get("group") else path]


def service_range_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    """ServiceCIDR."""
    return [_name(obj), ",".join((obj.get("spec") or {}).get("cidrs") or ()), age(obj, now)]
