"""Argosy's own certificates: ordinary objects in the control plane's namespace, which the room `certs` looks after.

An authority that signs itself, and a certificate of it for each thing that this process serves. A user may change
them, point a Certificate at another issuer, or bring a Secret of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from argosy.apis.groups import CERT_MANAGER
from argosy.machinery.objects import JsonObject

AUTHORITY: Final = "argosy-ca"
"""Of the Certificate, of its Secret, and of the Issuer that signs with it."""
WEBHOOKS: Final = "argosy-webhooks"
WEBHOOKS_SECRET: Final = "argosy-webhooks-tls"  # noqa: S105  its name
SERVER: Final = "argosy-server"
SERVER_SECRET: Final = "argosy-server-tls"  # noqa: S105  its name
INJECTED_FROM: Final = "cert-manager.io/inject-ca-from"
_SELF_SIGNED: Final = "argosy-self-signed"
_AUTHORITY_LIFE: Final = "8760h"
_SERVER_SERVICE: Final = "argocd-server"
"""Upstream's name, by which clients in the cluster know it."""


def own_certificates(namespace: str, webhook_services: Iterable[str], hosts: Iterable[str] = ()) -> list[JsonObject]:
    """In the order in which they depend on each other.

    `webhook_services` are names in `namespace`; `hosts` further names or addresses at which webhooks are reached.
    """
    webhooks = [name for service in webhook_services for name in service_names(service, namespace)]
    server = [*service_names(_SERVER_SERVICE, namespace), "localhost"]
    return [
        _object("Issuer", _SELF_SIGNED, namespace, {"selfSigned": {}}),
        _certificate(AUTHORITY, namespace, AUTHORITY, _SELF_SIGNED, _of_authority()),
        _object("Issuer", AUTHORITY, namespace, {"ca": {"secretName": AUTHORITY}}),
        _certificate(WEBHOOKS, namespace, WEBHOOKS_SECRET, AUTHORITY, _for_server(webhooks, hosts)),
        _certificate(SERVER, namespace, SERVER_SECRET, AUTHORITY, _for_server(server, ("127.0.0.1", "::1"))),
    ]


def service_names(service: str, namespace: str) -> list[str]:
    """Under which a Service is reached from inside of a cluster."""
    return [f"{service}.{namespace}{tail}" for tail in (".svc", ".svc.cluster.local", "")] + [service]


def injected(configuration: JsonObject, namespace: str) -> JsonObject:
    """A webhook configuration that asks for the authority of our webhooks' certificate."""
    metadata = configuration["metadata"]
    annotations = {**(metadata.get("annotations") or {}), INJECTED_FROM: f"{namespace}/{WEBHOOKS}"}
    return {**configuration, "metadata": {**metadata, "annotations": annotations}}


def _of_authority() -> JsonObject:
    """It keeps its key when it is renewed: who trusts either of two authorities trusts what both have signed."""
    key = {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Never"}
    return {"isCA": True, "commonName": AUTHORITY, "duration": _AUTHORITY_LIFE, "privateKey": key}


def _for_server(names: Iterable[str], hosts: Iterable[str]) -> JsonObject:
    found = dict.fromkeys((*names, *hosts))
    spec: dict[str, Any] = {"dnsNames": [name for name in found if not _is_address(name)]}
    if addresses := [name for name in found if _is_address(name)]:
        spec["ipAddresses"] = addresses
    key = {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"}
    return {**spec, "usages": ["digital signature", "server auth"], "privateKey": key}


def _is_address(name: str) -> bool:
    return ":" in name or name.replace(".", "").isdigit()


def _certificate(name: str, namespace: str, secret: str, issuer: str, spec: JsonObject) -> JsonObject:
    return _object("Certificate", name, namespace, {**spec, "secretName": secret, "issuerRef": {"name": issuer}})


def _object(kind: str, name: str, namespace: str, spec: JsonObject) -> JsonObject:
    labels = {"app.kubernetes.io/part-of": "argosy"}
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    return {"apiVersion": f"{CERT_MANAGER}/v1", "kind": kind, "metadata": metadata, "spec": spec}
