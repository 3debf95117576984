"""Allocates cluster addresses and node ports of Services.

Candidates follow from the Service's name, so that equal runs get equal addresses. A holder is remembered but trusted
only while its Service exists and still has the value, so nothing has to be released: not after deletes, dry runs or
failures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network
from typing import Generic, TypeVar

from argosy.cluster.kind import Reader, WriteContext
from argosy.machinery.objects import JsonObject, Key, key_of

SERVICE_RANGE = IPv4Network("10.96.0.0/16")
KUBERNETES_ADDRESS = str(SERVICE_RANGE[1])
NODE_PORTS = range(30000, 32768)
_HELD_FOR = timedelta(seconds=60)
"""Grace period in which an assignment counts before its Service is stored: webhooks may be called in between."""

Value = TypeVar("Value")


class Allocator(Generic[Value]):
    """Allocates values from a range; `values_of` returns the values a Service holds."""

    def __init__(
        self, size: int, at: Callable[[int], Value], values_of: Callable[[JsonObject], Iterable[Value]]
    ) -> None:
        self._size = size
        self._at = at
        self._values_of = values_of
        self._holders: dict[Value, tuple[Key, datetime | None]] | None = None

    def holder(self, ctx: WriteContext, value: Value) -> Key | None:
        """The Service that has this value now, or was assigned it a moment ago."""
        holders = self._known(ctx.reader)
        if value not in holders:
            return None
        key, since = holders[value]
        if since is not None and ctx.now - since < _HELD_FOR:
            return key
        service = ctx.reader.get("", "services", key.namespace, key.name)
        if service is not None and value in self._values_of(service):
            return key
        del holders[value]
        return None

    def take(self, ctx: WriteContext, key: Key, value: Value) -> None:
        """Records that the Service requested this specific value."""
        if not ctx.dry_run:
            self._known(ctx.reader)[value] = (key, ctx.now)

    def allocate(self, ctx: WriteContext, key: Key, salt: str = "") -> Value | None:
        """A free value, the same for the same names and existing values; None when the range is full."""
        start = int.from_bytes(sha256(f"{key}/{salt}".encode()).digest()[:8], "big") % self._size
        for offset in range(self._size):
            value = self._at((start + offset) % self._size)
            if self.holder(ctx, value) is None:
                self.take(ctx, key, value)
                return value
        return None

    def _known(self, reader: Reader) -> dict[Value, tuple[Key, datetime | None]]:
        if self._holders is None:
            self._holders = {
                value: (key_of(service), None)
                for service in reader.list("", "services")
                for value in self._values_of(service)
            }
        return self._holders


def cluster_addresses() -> Allocator[str]:
    """The first sixteen addresses are reserved for Services that request one, such as `kubernetes`."""
    first, count = int(SERVICE_RANGE[16]), SERVICE_RANGE.num_addresses - 17
    return Allocator(count, lambda index: str(IPv4Address(first + index)), _addresses_of)


def node_ports() -> Allocator[int]:
    return Allocator(len(NODE_PORTS), NODE_PORTS.__getitem__, _node_ports_of)


def _addresses_of(service: JsonObject) -> list[str]:
    spec = service.get("spec") or {}
    return [address for address in spec.get("clusterIPs") or [spec.get("clusterIP")] if address and address != "None"]


def _node_ports_of(service: JsonObject) -> list[int]:
    spec = service.get("spec") or {}
    ports = [port["nodePort"] for port in spec.get("ports") or () if port.get("nodePort")]
    return [*ports, spec["healthCheckNodePort"]] if spec.get("healthCheckNodePort") else ports
