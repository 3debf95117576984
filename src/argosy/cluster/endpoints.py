"""The backends of a Service: addresses to dial, or simulated Pods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from argosy.cluster.kind import Reader
from argosy.machinery.objects import JsonObject

SERVICE_NAME = "kubernetes.io/service-name"


@dataclass(frozen=True, slots=True)
class Endpoint:
    address: str
    port: int
    pod: JsonObject | None = None
    """The simulated Pod that has the address; None for a real backend."""


def port_of(service: JsonObject, wanted: str) -> JsonObject | None:
    """The Service's port by name or number; without one, the only one."""
    ports = (service.get("spec") or {}).get("ports") or ()
    for port in ports:
        if wanted in (str(port.get("name") or ""), str(port.get("port"))) or (not wanted and len(ports) == 1):
            found: JsonObject = port
            return found
    return None


def endpoints_of(reader: Reader, service: JsonObject, port: JsonObject) -> list[Endpoint]:
    """The ready endpoints, real ones first: a manually added address is meant to be reached."""
    found = list(_endpoints(reader, service, port))
    return sorted(found, key=lambda endpoint: endpoint.pod is not None)


def has_endpoints(reader: Reader, service: JsonObject) -> bool:
    """Whether there is any endpoint, ready or not."""
    return any(piece.get("endpoints") for piece in _slices(reader, service))


def _slices(reader: Reader, service: JsonObject) -> list[JsonObject]:
    metadata = service["metadata"]
    every = reader.list("discovery.k8s.io", "endpointslices", metadata.get("namespace") or "")
    return [piece for piece in every if (piece["metadata"].get("labels") or {}).get(SERVICE_NAME) == metadata["name"]]


def _endpoints(reader: Reader, service: JsonObject, port: JsonObject) -> Iterator[Endpoint]:
    namespace = service["metadata"].get("namespace") or ""
    for piece in _slices(reader, service):
        number = _number(piece, str(port.get("name") or ""))
        for endpoint in piece.get("endpoints") or () if number else ():
            if (endpoint.get("conditions") or {}).get("ready") is False:
                continue
            reference = endpoint.get("targetRef") or {}
            pod = None
            if reference.get("kind") == "Pod":
                pod = reader.get("", "pods", reference.get("namespace") or namespace, reference.get("name") or "")
            for address in (endpoint.get("addresses") or ())[:1]:
                yield Endpoint(str(address), number, pod)


def _number(piece: JsonObject, name: str) -> int:
    for port in piece.get("ports") or ():
        if (port.get("name") or "") == name and port.get("port"):
            return int(port["port"])
    return 0


def may_be_dialled(address: str) -> bool:
    """Excludes link-local addresses, such as a cloud's metadata service, and addresses that are not a single host."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None) or found
    return not (mapped.is_link_local or mapped.is_multicast or mapped.is_unspecified or str(found) == "fd00:ec2::254")
