"""Addresses for LoadBalancer Services and Ingresses: without them health never settles (kinds sheet 5.5, 7).

The annotation `simulation.argosy.dev/address` sets it: an IP address, a host name as some clouds give, or `never`.
Any other text is ignored.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from argosy.cluster.workloads.chance import fnv1a
from argosy.cluster.workloads.decision import NOTHING, Controller, Decision, with_status
from argosy.cluster.workloads.matching import itself
from argosy.cluster.workloads.view import View
from argosy.machinery import names as naming
from argosy.machinery.objects import JsonObject, Key

ANNOTATION = "simulation.argosy.dev/address"
NEVER = "never"


@dataclass(frozen=True, slots=True)
class Seen:
    obj: JsonObject
    asked_at: datetime


def address_of(obj: JsonObject) -> str:
    """From a documentation range and stable by uid: no real host answers there."""
    number = fnv1a(obj["metadata"]["uid"].encode()) % (2 * 254 * 254)
    network, rest = divmod(number, 254 * 254)
    return f"198.{18 + network}.{rest // 254}.{rest % 254 + 1}"


def decide(seen: Seen, now: datetime, delay: float) -> Decision:
    obj, status = seen.obj, seen.obj.get("status") or {}
    present = (status.get("loadBalancer") or {}).get("ingress")
    wanted = obj["kind"] == "Ingress" or obj["spec"].get("type") == "LoadBalancer"
    if not wanted:
        return Decision((with_status(obj, {**status, "loadBalancer": {}}),)) if present else NOTHING
    said = (obj["metadata"].get("annotations") or {}).get(ANNOTATION) or ""
    if present or said == NEVER or (delay < 0 and not said):
        return NOTHING
    due = seen.asked_at + timedelta(seconds=max(0.0, delay))
    if now < due:
        return Decision((), due)
    entry = _entry(obj, said or address_of(obj))
    return Decision((with_status(obj, {**status, "loadBalancer": {"ingress": [entry]}}),))


def _entry(obj: JsonObject, address: str) -> JsonObject:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return {"hostname": address} if not naming.dns_subdomain(address) else _entry(obj, address_of(obj))
    return {"ip": address, "ipMode": "VIP"} if obj["kind"] == "Service" else {"ip": address}


def make_controllers(delay: float) -> tuple[Controller, ...]:
    def made(plural: str) -> Controller:
        def look(view: View, key: Key) -> Seen | None:
            obj = view.get(plural, key)
            if obj is None or obj["metadata"].get("deletionTimestamp"):
                return None
            metadata = obj["metadata"]
            return Seen(obj, view.exact(metadata["uid"], "seen", metadata["creationTimestamp"]))

        return Controller(
            name=f"addresses/{plural}",
            look=look,
            decide=lambda seen, now: decide(seen, now, delay),
            routes={plural: itself},
        )

    return made("services"), made("ingresses")
