"""The objects that answer an HTTP-01 challenge: a Pod, a Service, and an Ingress or HTTPRoute that routes to it.

Source: spec/cert-manager.md section 8.7. Names are derived from the Challenge, so a repeated create changes nothing.
"""

from __future__ import annotations

import hashlib
import ipaddress
from typing import Any, Final

from argosy.apis.certmanager import Challenge
from argosy.certs import names
from argosy.certs.settings import SolverPod
from argosy.machinery.objects import JsonObject, Resource

PODS: Final = Resource("", "v1", "pods", "Pod")
SERVICES: Final = Resource("", "v1", "services", "Service")
INGRESSES: Final = Resource("networking.k8s.io", "v1", "ingresses", "Ingress")
HTTP_ROUTES: Final = Resource("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute")
PREFIX: Final = "cm-acme-http-solver-"
PORT: Final = 8089
PATH: Final = "/.well-known/acme-challenge/"
_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
_ANY_SOURCE: Final = {"nginx.ingress.kubernetes.io/whitelist-source-range": "0.0.0.0/0,::/0"}


def labels_of(challenge: Challenge) -> dict[str, str]:
    return {
        "acme.cert-manager.io/http-domain": names.label_hash(challenge.spec.dns_name),
        "acme.cert-manager.io/http-token": names.label_hash(challenge.spec.token),
        "acme.cert-manager.io/http01-solver": "true",
    }


def name_of(challenge: Challenge, kind: str) -> str:
    """A name as the server would generate it from `generateName`."""
    number = int.from_bytes(hashlib.sha256(f"{kind}/{challenge.metadata.uid}".encode()).digest()[:8], "big")
    suffix = ""
    for _ in range(5):
        number, at = divmod(number, len(_ALPHABET))
        suffix += _ALPHABET[at]
    return PREFIX + suffix


def pod(challenge: Challenge, settings: SolverPod, template: JsonObject) -> JsonObject:
    spec: JsonObject = {
        "containers": [_container(challenge, settings)],
        "restartPolicy": "OnFailure",
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "securityContext": {
            "runAsNonRoot": settings.run_as_non_root,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
    }
    if settings.runtime_class:
        spec["runtimeClassName"] = settings.runtime_class
    annotations = {"sidecar.istio.io/inject": "false", "cluster-autoscaler.kubernetes.io/safe-to-evict": "true"}
    metadata = _metadata(challenge, "Pod", annotations)
    return _pod_shaped({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}, template)


def _container(challenge: Challenge, settings: SolverPod) -> JsonObject:
    spec = challenge.spec
    return {
        "name": "acmesolver",
        "image": settings.image,
        "imagePullPolicy": "IfNotPresent",
        "args": [
            f"--listen-port={PORT}",
            f"--domain={spec.dns_name}",
            f"--token={spec.token}",
            f"--key={spec.key}",
        ],
        "ports": [{"name": "http", "containerPort": PORT}],
        "resources": {
            "requests": {"cpu": settings.request_cpu, "memory": settings.request_memory},
            "limits": {"cpu": settings.limit_cpu, "memory": settings.limit_memory},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }


def _pod_shaped(made: JsonObject, template: JsonObject) -> JsonObject:
    """Merges the issuer's podTemplate: maps are merged, lists appended, all else is replaced."""
    given: JsonObject = template.get("spec") or {}
    spec = dict(made["spec"])
    if given.get("nodeSelector"):
        spec["nodeSelector"] = {**spec["nodeSelector"], **given["nodeSelector"]}
    for key in ("affinity", "priorityClassName", "serviceAccountName", "securityContext"):
        if given.get(key):
            spec[key] = given[key]
    for key in ("tolerations", "imagePullSecrets"):
        if given.get(key):
            spec[key] = [*spec.get(key, []), *given[key]]
    if given.get("resources"):
        (container,) = spec["containers"]
        resources = {
            side: {**container["resources"][side], **(given["resources"].get(side) or {})}
            for side in ("requests", "limits")
        }
        spec["containers"] = [{**container, "resources": resources}]
    return {**made, "metadata": _shaped(made["metadata"], template), "spec": spec}


def _shaped(metadata: JsonObject, template: JsonObject) -> JsonObject:
    given = template.get("metadata") or {}
    made = {key: {**metadata.get(key, {}), **(given.get(key) or {})} for key in ("labels", "annotations")}
    return {**metadata, **{key: value for key, value in made.items() if value}}


def service(challenge: Challenge, service_type: str) -> JsonObject:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(challenge, "Service", {f"auth.istio.io/{PORT}": "NONE"}),
        "spec": {
            "type": service_type or "NodePort",
            "ports": [{"name": "http", "port": PORT, "targetPort": PORT}],
            "selector": labels_of(challenge),
        },
    }


def ingress(challenge: Challenge, solver: JsonObject, service_name: str) -> JsonObject:
    annotations = dict(_ANY_SOURCE)
    spec: JsonObject = {"rules": [rule(challenge, service_name)]}
    if solver.get("ingressClassName"):
        spec["ingressClassName"] = solver["ingressClassName"]
    elif solver.get("class"):
        annotations["kubernetes.io/ingress.class"] = solver["class"]
    made = _shaped(_metadata(challenge, "Ingress", annotations), solver.get("ingressTemplate") or {})
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": made, "spec": spec}


def rule(challenge: Challenge, service_name: str) -> JsonObject:
    host = "" if is_address(challenge.spec.dns_name) else challenge.spec.dns_name
    made: JsonObject = {"http": {"paths": [path(challenge, service_name)]}}
    return {"host": host, **made} if host else made


def path(challenge: Challenge, service_name: str) -> JsonObject:
    backend = {"service": {"name": service_name, "port": {"number": PORT}}}
    return {"path": PATH + challenge.spec.token, "pathType": "Exact", "backend": backend}


def http_route(challenge: Challenge, solver: JsonObject, service_name: str) -> JsonObject:
    match = {"path": {"type": "Exact", "value": PATH + challenge.spec.token}}
    backend = {
        "group": "",
        "kind": "Service",
        "name": service_name,
        "namespace": challenge.metadata.namespace,
        "port": PORT,
        "weight": 1,
    }
    spec: JsonObject = {
        "parentRefs": solver.get("parentRefs") or [],
        "rules": [{"matches": [match], "backendRefs": [backend]}],
    }
    if not is_address(challenge.spec.dns_name):
        spec["hostnames"] = [challenge.spec.dns_name]
    metadata = _metadata(challenge, "HTTPRoute", {})
    metadata["labels"] = {**metadata["labels"], **(solver.get("labels") or {})}
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": metadata, "spec": spec}


def is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _metadata(challenge: Challenge, kind: str, annotations: dict[str, str]) -> JsonObject:
    made: dict[str, Any] = {
        "name": name_of(challenge, kind),
        "generateName": PREFIX,
        "namespace": challenge.metadata.namespace,
        "labels": labels_of(challenge),
        "ownerReferences": [
            {
                "apiVersion": "acme.cert-manager.io/v1",
                "kind": "Challenge",
                "name": challenge.metadata.name,
                "uid": challenge.metadata.uid,
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
    }
    return {**made, "annotations": annotations} if annotations else made
