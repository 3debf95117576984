"""CertificateSigningRequests of Kubernetes in a `CertsWorld`: made, approved, and what became of them."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from argosy.apis.certmanager import CertificateSpec
from argosy.apis.schema import read
from argosy.certs.pki import certificates, keys, requests, signing
from argosy.certs.settings import Settings
from argosy.machinery.objects import JsonObject, Resource
from tests.kit.certs import CertsWorld

CSRS = Resource(
    "certificates.k8s.io", "v1", "certificatesigningrequests", "CertificateSigningRequest", namespaced=False
)
SETTINGS = Settings(signing_requests=True, cluster_resource_namespace="default")
USAGES = ("digital signature", "key encipherment")
_CA = keys.generate(keys.KeyKind(keys.ECDSA, 256))


def request_pem(**spec: Any) -> bytes:
    """Of a key of its own."""
    key = keys.generate(keys.KeyKind(keys.ECDSA, 256))
    return requests.make(read(CertificateSpec, spec or {"dnsNames": ["csr.test"]}), key)


def signing_request(
    signer: str = "issuers.cert-manager.io/default.ca", *, pem: bytes = b"", name: str = "x", **more: Any
) -> JsonObject:
    annotations = more.pop("annotations", {})
    request = base64.b64encode(pem or request_pem()).decode()
    return {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"request": request, "signerName": signer, "usages": list(USAGES), **more},
    }


def approve(world: CertsWorld, name: str = "x") -> None:
    obj = world.run(world.client.read(CSRS, name))
    condition = {"type": "Approved", "status": "True", "reason": "Test", "message": "m"}
    world.run(world.client.update(CSRS, {**obj, "status": {"conditions": [condition]}}, subresource="approval"))


def status(world: CertsWorld, name: str = "x") -> dict[str, Any]:
    return (world.stored("CertificateSigningRequest", name, "") or {}).get("status") or {}


def failure(world: CertsWorld, name: str = "x") -> dict[str, Any]:
    return next((one for one in status(world, name).get("conditions", []) if one["type"] == "Failed"), {})


def issued(world: CertsWorld, name: str = "x") -> certificates.X509:
    world.run_until(lambda: bool(status(world, name).get("certificate")))
    return certificates.first_of(base64.b64decode(status(world, name)["certificate"]))


def signed_by_some_ca(request: bytes, now: datetime) -> bytes:
    """PEM, as a server outside gives it."""
    template = signing.template_of(requests.read(request), asked=(), is_ca=False)
    signer, life = signing.Signer(key=_CA), signing.DEFAULT_DURATION
    return signing.sign(template, signer, serial=9, not_before=now, duration=life, pointers=signing.NO_POINTERS)
