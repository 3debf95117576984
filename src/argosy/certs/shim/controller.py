"""Manages the Certificates of annotated Ingresses, Gateways and ListenerSets.

Owns those Certificates. Wakes when the object or a Certificate of its namespace changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from argosy.apis.certmanager import Certificate
from argosy.certs.settings import Settings
from argosy.certs.shim.annotations import BadAnnotation
from argosy.certs.shim.hosts import secret_names
from argosy.certs.shim.plan import plan
from argosy.machinery import requests
from argosy.machinery.controller import NOTHING, Controller, Decision, Event, Snapshot, Step
from argosy.machinery.objects import JsonObject, Key, Resource

INGRESSES: Final = Resource("networking.k8s.io", "v1", "ingresses", "Ingress")
GATEWAYS: Final = Resource("gateway.networking.k8s.io", "v1", "gateways", "Gateway")
LISTENER_SETS: Final = Resource("gateway.networking.k8s.io", "v1", "listenersets", "ListenerSet")
_NAMES: Final = {"Ingress": "ingress-shim", "Gateway": "gateway-shim", "ListenerSet": "listenerset"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    kind: str
    obj: JsonObject
    certificates: tuple[Certificate, ...]
    """Certificates that this object owns, and those named like one of its Secrets."""
    memory: Any
    settings: Settings


def controller(resource: Resource, settings: Settings) -> Controller[Seen]:
    def look(snapshot: Snapshot, key: Key) -> Seen | None:
        obj = snapshot.object(resource, key)
        if obj is None:
            return None
        owned = snapshot.owned(Certificate, obj["metadata"]["uid"])
        named = [snapshot.get(Certificate, Key(key.namespace, name)) for name in secret_names(resource.kind, obj)]
        found = {one.metadata.name: one for one in (*owned, *(one for one in named if one is not None))}
        return Seen(
            kind=resource.kind,
            obj=obj,
            certificates=tuple(found[name] for name in sorted(found)),
            memory=snapshot.memory,
            settings=settings,
        )

    name = _NAMES[resource.kind]
    return Controller(
        name=name,
        kind=resource,
        look=look,
        decide=decide,
        owns=(Certificate,),
        manager=f"cert-manager-{name}",
        reporter=f"cert-manager-{name}",
    )


def decide(seen: Seen, now: datetime) -> Decision:
    try:
        found = plan(seen.kind, seen.obj, [one.raw for one in seen.certificates], seen.settings)
    except BadAnnotation as error:
        return _report_once(seen, (str(error),))
    steps: list[Step] = []
    for made in found.create:
        steps += [requests.create(Certificate, made), _event(seen, "CreateCertificate", "created", made)]
    for changed in found.update:
        steps += [requests.update(Certificate, changed), _event(seen, "UpdateCertificate", "updated", changed)]
    for one in found.delete:
        steps += [requests.delete(Certificate, one), _event(seen, "DeleteCertificate", "deleted unrequired", one)]
    report = _report_once(seen, found.faults)
    return Decision((*report.steps, *steps), memory=found.faults) if steps or report.steps else NOTHING


def _event(seen: Seen, reason: str, did: str, certificate: JsonObject) -> Event:
    message = f'Successfully {did} Certificate "{certificate["metadata"]["name"]}"'
    return Event(about=seen.obj, reason=reason, message=message)


def _report_once(seen: Seen, faults: tuple[str, ...]) -> Decision:
    if not faults or seen.memory == faults:
        return NOTHING
    events = tuple(Event(about=seen.obj, reason="BadConfig", message=one, type="Warning") for one in faults)
    return Decision(events, memory=faults)
