"""Services, endpoints, ingresses and network policies."""

from __future__ import annotations

from ipaddress import ip_address

from argosy.cluster.kinds.validation.causes import (
    by_rule,
    duplicates,
    forbidden,
    immutable,
    invalid,
    members,
    one_of,
    one_of_or_unset,
    port_number,
    required,
)
from argosy.cluster.kinds.validation.containers import PROTOCOLS, port_name
from argosy.cluster.kinds.validation.metadata import check_labels, check_selector
from argosy.machinery import names as naming
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.status import Cause

SERVICE_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
_ADDRESS_TYPES = ("FQDN", "IPv4", "IPv6")
_BAD_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"


def is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def check_service(obj: JsonObject) -> list[Cause]:
    spec = obj.get("spec") or {}
    spelled = spec.get("type")
    causes = one_of("spec.type", spelled, SERVICE_TYPES)
    headless = spec.get("clusterIP") == "None"
    if not spec.get("ports") and not headless and spelled != "ExternalName":
        causes.append(required("spec.ports"))
    if spelled == "ExternalName":
        name = (spec.get("externalName") or "").rstrip(".")
        causes += by_rule("spec.externalName", name, naming.dns_subdomain) if name else [required("spec.externalName")]
        if spec.get("clusterIP"):
            causes.append(forbidden("spec.clusterIPs", "may not be set when `type` is 'ExternalName'"))
    if headless and spelled in ("LoadBalancer", "NodePort"):
        text = f"may not be set to 'None' for {spelled} services"
        causes.append(invalid("spec.clusterIPs[0]", "None", text))
    causes += _check_service_ports(spec)
    causes += check_labels("spec.selector", spec.get("selector"))
    causes += one_of("spec.sessionAffinity", spec.get("sessionAffinity"), ("ClientIP", "None"))
    causes += _check_service_addresses(spec, headless=headless)
    return causes + _check_policies(spec)


def _check_service_ports(spec: JsonObject) -> list[Cause]:
    causes: list[Cause] = []
    ports = spec.get("ports") or ()
    for index, port in enumerate(ports):
        path = f"spec.ports[{index}]"
        if port.get("name"):
            causes += by_rule(f"{path}.name", port["name"], naming.dns_label)
        elif len(ports) > 1:
            causes.append(required(f"{path}.name"))
        causes += port_number(f"{path}.port", port.get("port", 0))
        causes += one_of(f"{path}.protocol", port.get("protocol"), PROTOCOLS)
        causes += check_target_port(f"{path}.targetPort", port.get("targetPort"))
        if port.get("nodePort") and spec.get("type") in ("ClusterIP", "ExternalName"):
            causes.append(forbidden(f"{path}.nodePort", f"may not be used when `type` is '{spec['type']}'"))
    names = [(f"[{index}].name", port["name"]) for index, port in enumerate(ports) if port.get("name")]
    numbers: list[tuple[str, JsonValue]] = [
        (f"[{index}]", _port_key(port.get("protocol"), port.get("port", 0))) for index, port in enumerate(ports)
    ]
    return causes + duplicates("spec.ports", names) + duplicates("spec.ports", numbers)


def _port_key(protocol: JsonValue, number: JsonValue) -> JsonObject:
    """The fields by which ports of a Service are compared, as printed: a Go struct with no other fields set."""
    key = {"Name": "", "Protocol": protocol, "AppProtocol": None, "Port": number}
    return {**key, "TargetPort": 0, "NodePort": 0}


def check_target_port(path: str, value: JsonValue) -> list[Cause]:
    return by_rule(path, value, port_name) if isinstance(value, str) else port_number(path, value)


def _check_service_addresses(spec: JsonObject, *, headless: bool) -> list[Cause]:
    causes: list[Cause] = []
    address = spec.get("clusterIP")
    if address and not headless and not is_address(address):
        causes.append(invalid("spec.clusterIPs[0]", address, _BAD_ADDRESS))
    for index, external in enumerate(spec.get("externalIPs") or ()):
        if not is_address(external):
            causes.append(invalid(f"spec.externalIPs[{index}]", external, _BAD_ADDRESS))
    return causes


def _check_policies(spec: JsonObject) -> list[Cause]:
    policies = ("Cluster", "Local")
    causes = one_of_or_unset("spec.internalTrafficPolicy", spec.get("internalTrafficPolicy"), policies)
    external = spec.get("externalTrafficPolicy")
    causes += one_of_or_unset("spec.externalTrafficPolicy", external, policies)
    exposed = spec.get("type") in ("LoadBalancer", "NodePort") or (
        spec.get("type") == "ClusterIP" and spec.get("externalIPs")
    )
    if external and not exposed:
        text = "may only be set for externally-accessible services"
        causes.append(invalid("spec.externalTrafficPolicy", external, text))
    return causes


def check_service_update(obj: JsonObject, old: JsonObject) -> list[Cause]:
    """The first cluster address is immutable, unless one of the two types has none."""
    spec, before = obj["spec"], old["spec"]
    if "ExternalName" in (spec.get("type"), before.get("type")):
        return []
    new, known = spec.get("clusterIPs") or [], before.get("clusterIPs") or []
    if known and new[:1] != known[:1]:
        return [invalid("spec.clusterIPs[0]", new, "may not change once set")]
    return []


def check_endpoints(obj: JsonObject) -> list[Cause]:
    causes: list[Cause] = []
    for below, subset in members(obj, "subsets"):
        if not subset.get("addresses") and not subset.get("notReadyAddresses"):
            causes.append(required(below, "must specify `addresses` or `notReadyAddresses`"))
        for name in ("addresses", "notReadyAddresses"):
            for place, address in members(subset, name):
                if not is_address(address.get("ip") or ""):
                    causes.append(invalid(f"{below}.{place}.ip", address.get("ip") or "", _BAD_ADDRESS))
        for place, port in members(subset, "ports"):
            causes += port_number(f"{below}.{place}.port", port.get("port", 0))
            causes += one_of(f"{below}.{place}.protocol", port.get("protocol"), PROTOCOLS)
    return causes


def check_endpoint_slice(obj: JsonObject) -> list[Cause]:
    causes = one_of("addressType", obj.get("addressType"), _ADDRESS_TYPES)
    for below, endpoint in members(obj, "endpoints"):
        addresses = endpoint.get("addresses") or ()
        if not addresses:
            causes.append(required(f"{below}.addresses", "must contain at least 1 address"))
        if obj.get("addressType") in ("IPv4", "IPv6"):
            for index, address in enumerate(addresses):
                if not is_address(address):
                    causes.append(invalid(f"{below}.addresses[{index}]", address, _BAD_ADDRESS))
    for below, port in members(obj, "ports"):
        causes += one_of_or_unset(f"{below}.protocol", port.get("protocol"), PROTOCOLS)
        if port.get("port") is not None:
            causes += port_number(f"{below}.port", port["port"])
    return causes


def check_endpoint_slice_update(obj: JsonObject, old: JsonObject) -> list[Cause]:
    return immutable("addressType", obj.get("addressType"), old.get("addressType"))


def check_ingress(obj: JsonObject) -> list[Cause]:
    spec = obj.get("spec") or {}
    causes: list[Cause] = []
    if not spec.get("rules") and spec.get("defaultBackend") is None:
        text = "either `defaultBackend` or `rules` must be specified"
        causes.append(invalid("spec", spec.get("rules") or [], text))
    if spec.get("defaultBackend") is not None:
        causes += _check_backend("spec.defaultBackend", spec["defaultBackend"])
    for below, rule in members(spec, "rules"):
        causes += _check_ingress_rule(f"spec.{below}", rule)
    for below, secure in members(spec, "tls"):
        for index, host in enumerate(secure.get("hosts") or ()):
            causes += _check_host(f"spec.{below}.hosts[{index}]", host)
    if spec.get("ingressClassName"):
        causes += by_rule("spec.ingressClassName", spec["ingressClassName"], naming.dns_subdomain)
    return causes


def _check_host(path: str, host: str) -> list[Cause]:
    if is_address(host):
        return [invalid(path, host, "must be a DNS name, not an IP address")]
    return by_rule(path, host.removeprefix("*."), naming.dns_subdomain)


def _check_ingress_rule(path: str, rule: JsonObject) -> list[Cause]:
    causes = _check_host(f"{path}.host", rule["host"]) if rule.get("host") else []
    if rule.get("http") is None:
        return causes
    if not rule["http"].get("paths"):
        causes.append(required(f"{path}.http.paths"))
    for below, item in members(rule["http"], "paths"):
        place = f"{path}.http.{below}"
        spelled, target = item.get("pathType"), item.get("path") or ""
        if spelled is None:
            causes.append(required(f"{place}.pathType", "pathType must be specified"))
        else:
            causes += one_of(f"{place}.pathType", spelled, _PATH_TYPES)
        if (spelled in ("Exact", "Prefix") and not target.startswith("/")) or (target and not target.startswith("/")):
            causes.append(invalid(f"{place}.path", target, "must be an absolute path"))
        causes += _check_backend(f"{place}.backend", item.get("backend") or {})
    return causes


def _check_backend(path: str, backend: JsonObject) -> list[Cause]:
    service, resource = backend.get("service"), backend.get("resource")
    if service is None and resource is None:
        return [required(path, "resource or service backend is required")]
    if service is not None and resource is not None:
        return [invalid(path, "", "cannot set both resource and service backends")]
    if service is None:
        return []
    causes: list[Cause] = []
    name, port = service.get("name"), service.get("port") or {}
    causes += by_rule(f"{path}.service.name", name, naming.dns_label) if name else [required(f"{path}.service.name")]
    if port.get("name") and port.get("number"):
        causes.append(invalid(path, "", "cannot set both port name & port number"))
    elif not port.get("name") and not port.get("number"):
        causes.append(required(path, "port name or number is required"))
    elif port.get("number"):
        causes += port_number(f"{path}.service.port.number", port["number"])
    return causes


def check_ingress_class(obj: JsonObject) -> list[Cause]:
    controller = (obj.get("spec") or {}).get("controller") or ""
    return [] if controller else [required("spec.controller")]


def check_ingress_class_update(obj: JsonObject, old: JsonObject) -> list[Cause]:
    new, before = ((item.get("spec") or {}).get("controller") for item in (obj, old))
    return immutable("spec.controller", new, before)


def check_network_policy(obj: JsonObject) -> list[Cause]:
    spec = obj.get("spec") or {}
    causes = check_selector("spec.podSelector", spec.get("podSelector"))
    for index, word in enumerate(spec.get("policyTypes") or ()):
        causes += one_of(f"spec.policyTypes[{index}]", word, ("Egress", "Ingress"))
    for direction in ("ingress", "egress"):
        for below, rule in members(spec, direction):
            for place, port in members(rule, "ports"):
                path = f"spec.{below}.{place}"
                causes += one_of_or_unset(f"{path}.protocol", port.get("protocol"), PROTOCOLS)
                causes += check_target_port(f"{path}.port", port.get("port"))
    return causes
