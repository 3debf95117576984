"""Reads from a cluster, without writing, the objects and Secrets that Argosy's controllers need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client

GROUPS: Final = frozenset({"argoproj.io", "kargo.akuity.io", "cert-manager.io", "bitnami.com", "apiextensions.k8s.io"})
LEFT_OUT: Final = frozenset(
    {
        "analysisruns", "experiments", "rollouts", "promotions", "promotionrequests", "certificaterequests",
        "certificates",
    }
)  # fmt: skip
"""Objects that controllers create, or that syncing Applications creates."""
LABELLED: Final = (
    "argocd.argoproj.io/secret-type",
    "kargo.akuity.io/cred-type",
    "sealedsecrets.bitnami.com/sealed-secrets-key",
)
SETTINGS: Final = (
    "argocd-cm", "argocd-cmd-params-cm", "argocd-rbac-cm", "argocd-notifications-cm", "argosy-notifications-cm",
    "argo-rollouts-config", "argo-rollouts-notification-configmap",
)  # fmt: skip
SIMULATION: Final = "argosy.dev/simulation-rules"
SECRETS: Final = Resource("", "v1", "secrets", "Secret")
CONFIG_MAPS: Final = Resource("", "v1", "configmaps", "ConfigMap")


async def read_cluster(client: Client, namespace: str = "argocd") -> tuple[list[JsonObject], list[str]]:
    """Returns the objects, and a sentence for each unreadable kind. Raises StatusError, OSError if none is readable."""
    objects: list[JsonObject] = []
    refused: list[str] = []
    for resource in (await client.served(fresh=True)).resources:
        if resource.group in GROUPS and resource.plural not in LEFT_OUT:
            objects += await _listed(client, resource, "", refused)
    for label in LABELLED:
        objects += await _listed(client, SECRETS, label, refused)
    settings = await _listed(client, CONFIG_MAPS, "", refused, namespace)
    objects += [one for one in settings if one["metadata"]["name"] in SETTINGS]
    objects += await _listed(client, CONFIG_MAPS, SIMULATION, refused)
    objects += await _authorities(client, objects, refused)
    return _once(objects), refused


async def _listed(
    client: Client, resource: Resource, selector: str, refused: list[str], namespace: str = ""
) -> list[JsonObject]:
    try:
        page = await client.page(requests.List(resource=resource, namespace=namespace, label_selector=selector))
    except StatusError as error:
        refused.append(f"{resource.plural} were not read: {error.message}")
        return []
    return list(page.items)


async def _authorities(client: Client, objects: list[JsonObject], refused: list[str]) -> list[JsonObject]:
    """The Secrets of CA issuers; without them nothing can be signed."""
    found = []
    for namespace, name in sorted(set(_signing(objects))):
        try:
            found.append(await client.get(requests.Get(SECRETS, Key(namespace, name))))
        except StatusError as error:
            refused.append(f"Secret {namespace}/{name} of an issuer was not read: {error.message}")
    return found


def _signing(objects: list[JsonObject]) -> Iterator[tuple[str, str]]:
    for obj in objects:
        if obj["kind"] in ("Issuer", "ClusterIssuer"):
            name = ((obj.get("spec") or {}).get("ca") or {}).get("secretName")
            if name:
                yield str(obj["metadata"].get("namespace") or "kube-system"), str(name)


def _once(objects: list[JsonObject]) -> list[JsonObject]:
    found = {
        (obj["apiVersion"], obj["kind"], obj["metadata"].get("namespace") or "", obj["metadata"]["name"]): obj
        for obj in objects
    }
    return list(found.values())
