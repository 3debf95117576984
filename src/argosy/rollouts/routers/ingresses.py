"""Questions about Ingresses, shared by the NGINX and ALB routers."""

from __future__ import annotations

from collections.abc import Iterator

from argosy.machinery.objects import JsonObject


def paths_of(ingress: JsonObject) -> Iterator[JsonObject]:
    for rule in (ingress.get("spec") or {}).get("rules") or ():
        yield from (rule.get("http") or {}).get("paths") or ()


def service_of(path: JsonObject) -> str:
    backend = path.get("backend") or {}
    return str((backend.get("service") or {}).get("name") or backend.get("serviceName") or "")


def hosts_of(ingress: JsonObject) -> Iterator[str]:
    """Host names of its load balancers, if they exist."""
    listed = ((ingress.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    yield from (str(one["hostname"]) for one in listed if one.get("hostname"))


def leads_to(ingress: JsonObject, service: str) -> bool:
    return any(service_of(path) == service for path in paths_of(ingress))
