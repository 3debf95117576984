"""Injects CA certificates into webhook configurations, APIServices and CRDs that ask for them by annotation.

Owns their `caBundle` fields, but only if an annotation names a source; if that source is missing they are not
changed. Source: spec/cert-manager.md section 12.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from argosy.apis.certmanager import Certificate
from argosy.apis.kubernetes.views.core import ConfigMap, Secret
from argosy.certs.base64_text import encoded
from argosy.certs.names import CERTIFICATE_NAME
from argosy.machinery import requests
from argosy.machinery.controller import NOTHING, Controller, Decision, Event, Snapshot
from argosy.machinery.objects import JsonObject, Key, Resource

DIRECT: Final = "cert-manager.io/inject-ca-from-secret"
CERTIFIED: Final = "cert-manager.io/inject-ca-from"
SERVER: Final = "cert-manager.io/inject-apiserver-ca"
ALLOWED: Final = "cert-manager.io/allow-direct-injection"
REPORTER: Final = "cert-manager-cainjector"
SERVER_CA: Final = Key("kube-system", "kube-root-ca.crt")
"""Where every cluster publishes the CA of its API server."""


@dataclass(frozen=True, slots=True)
class Ca:
    """PEM, as it is stored: it is not verified here."""

    bundle: bytes


@dataclass(frozen=True, slots=True)
class Absent:
    """There is nothing to inject; the message says why."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    obj: JsonObject
    source: Ca | Absent
    memory: Any


Places = Callable[[JsonObject], Iterator[dict[str, Any]]]
"""The parts of an object that hold a `caBundle`, to be changed in place."""


def _webhooks(obj: JsonObject) -> Iterator[dict[str, Any]]:
    for one in obj.get("webhooks") or ():
        yield one.setdefault("clientConfig", {})


def _api_service(obj: JsonObject) -> Iterator[dict[str, Any]]:
    yield obj.setdefault("spec", {})


def _conversion(obj: JsonObject) -> Iterator[dict[str, Any]]:
    conversion = (obj.get("spec") or {}).get("conversion") or {}
    if conversion.get("strategy") == "Webhook":
        yield conversion.setdefault("webhook", {}).setdefault("clientConfig", {})


def _resource(group: str, plural: str, kind: str) -> Resource:
    return Resource(group, "v1", plural, kind, namespaced=False)


_ADMISSION: Final = "admissionregistration.k8s.io"
TARGETS: Final[tuple[tuple[Resource, Places], ...]] = (
    (_resource(_ADMISSION, "mutatingwebhookconfigurations", "MutatingWebhookConfiguration"), _webhooks),
    (_resource(_ADMISSION, "validatingwebhookconfigurations", "ValidatingWebhookConfiguration"), _webhooks),
    (_resource("apiregistration.k8s.io", "apiservices", "APIService"), _api_service),
    (_resource("apiextensions.k8s.io", "customresourcedefinitions", "CustomResourceDefinition"), _conversion),
)


def look(snapshot: Snapshot, key: Key, *, resource: Resource) -> Seen | None:
    obj = snapshot.object(resource, key)
    if obj is None or obj["metadata"].get("deletionTimestamp"):
        return None
    annotations = obj["metadata"].get("annotations") or {}
    if not any(name in annotations for name in (DIRECT, CERTIFIED, SERVER)):
        return None
    return Seen(obj=obj, source=_source(snapshot, annotations), memory=snapshot.memory)


def _source(snapshot: Snapshot, annotations: dict[str, str]) -> Ca | Absent:
    """The first annotation that is there counts, whatever it says: an empty one names nothing, and none after it."""
    if (place := annotations.get(DIRECT)) is not None:
        return _of_secret(snapshot, place)
    if (place := annotations.get(CERTIFIED)) is not None:
        return _of_certificate(snapshot, place)
    if annotations.get(SERVER) != "true":
        return Absent(f"annotation {SERVER}: only true asks for something")
    found = snapshot.get(ConfigMap, SERVER_CA)
    text = found.data.get("ca.crt", "") if found else ""
    return Ca(text.encode()) if text else Absent(f"ConfigMap {SERVER_CA} has no ca.crt")


def _of_secret(snapshot: Snapshot, place: str) -> Ca | Absent:
    key = _key(place)
    secret = snapshot.get(Secret, key) if key else None
    if secret is None:
        return Absent(f"annotation {DIRECT}: there is no Secret {place!r}, as namespace/name")
    if secret.metadata.annotations.get(ALLOWED) != "true":
        return Absent(f"Secret {place} does not allow it: its annotation {ALLOWED} must be true")
    return _ca_of(secret, place)


def _of_certificate(snapshot: Snapshot, place: str) -> Ca | Absent:
    key = _key(place)
    certificate = snapshot.get(Certificate, key) if key else None
    if key is None or certificate is None:
        return Absent(f"annotation {CERTIFIED}: there is no Certificate {place!r}, as namespace/name")
    secret = snapshot.get(Secret, Key(key.namespace, certificate.spec.secret_name))
    if secret is None or secret.metadata.annotations.get(CERTIFICATE_NAME) != key.name:
        return Absent(f"Certificate {place} has no Secret of its own yet")
    return _ca_of(secret, place)


def _ca_of(secret: Secret, place: str) -> Ca | Absent:
    found = secret.value("ca.crt")
    return Ca(found) if found else Absent(f"the Secret of {place} has no ca.crt")


def _key(place: str) -> Key | None:
    namespace, slash, name = place.partition("/")
    return Key(namespace, name) if slash and namespace and name and "/" not in name else None


def decide(seen: Seen, now: datetime, *, resource: Resource, places: Places) -> Decision:
    if isinstance(seen.source, Absent):
        if seen.memory == seen.source.reason:
            return NOTHING
        event = Event(about=seen.obj, reason="CANotInjected", message=seen.source.reason, type="Warning")
        return Decision((event,), memory=seen.source.reason)
    wanted, bundle = copy.deepcopy(seen.obj), encoded(seen.source.bundle)
    for one in places(wanted):
        one["caBundle"] = bundle
    return NOTHING if wanted == seen.obj else Decision((requests.update(resource, wanted),), memory=None)


def controllers() -> tuple[Controller[Seen], ...]:
    return tuple(
        Controller(
            name=f"cainjector-{resource.plural}",
            kind=resource,
            look=partial(look, resource=resource),
            decide=partial(decide, resource=resource, places=places),
            manager=REPORTER,
            reporter=REPORTER,
        )
        for resource, places in TARGETS
    )
