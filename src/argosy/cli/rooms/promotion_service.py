"""Lets an embedded API server call promotion's admission in process without loading the rest of the room."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from argosy.apis.own_certificates import injected
from argosy.cluster.ports import ProxyRequest, ProxyResponse
from argosy.machinery.objects import JsonObject
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

SERVICE: Final = "argosy-promotion-webhook"
MUTATED: Final = ("freights", "promotions", "stages", "warehouses")
VALIDATED: Final = {
    "clusterconfigs": ("CREATE", "UPDATE"),
    "clusterpromotiontasks": ("CREATE", "UPDATE"),
    "freights": ("CREATE", "UPDATE", "DELETE"),
    "projectconfigs": ("CREATE", "UPDATE"),
    "projects": ("CREATE", "UPDATE"),
    "promotionrequests": ("CREATE", "UPDATE"),
    "promotions": ("CREATE", "UPDATE", "DELETE"),
    "promotiontasks": ("CREATE", "UPDATE"),
    "stages": ("CREATE", "UPDATE"),
    "warehouses": ("CREATE", "UPDATE"),
}
_GROUP: Final = "admissionregistration.k8s.io/v1"


NAMESPACES: Final = ("kargo", "kargo-shared-resources", "kargo-system-resources")


def promotion_service(namespace: str) -> tuple[str, str]:
    return namespace, SERVICE


def promotion_objects(namespace: str, *, has_certificates: bool = False) -> list[JsonObject]:
    """`has_certificates`: whether the process has its own certificates, whose CA the configurations contain."""
    spaces: list[JsonObject] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in NAMESPACES
    ]
    asked = configurations(namespace)
    return [*spaces, *([injected(one, namespace) for one in asked] if has_certificates else asked)]


def configurations(namespace: str, ca_bundle: str = "") -> list[JsonObject]:
    def webhook(plural: str, operations: tuple[str, ...], path: str) -> JsonObject:
        service = {"namespace": namespace, "name": SERVICE, "path": path, "port": 443}
        resources = [plural, "freights/status"] if plural == "freights" and path == "/validate" else [plural]
        rule = {"apiGroups": ["kargo.akuity.io"], "apiVersions": ["v1alpha1"], "resources": resources}
        return {
            "name": f"{plural.removesuffix('s')}.kargo.akuity.io",
            "admissionReviewVersions": ["v1"],
            "clientConfig": {"service": service, **({"caBundle": ca_bundle} if ca_bundle else {})},
            "failurePolicy": "Fail",
            "sideEffects": "NoneOnDryRun",
            "rules": [{**rule, "operations": list(operations)}],
        }

    def configuration(kind: str, webhooks: list[JsonObject]) -> JsonObject:
        return {"apiVersion": _GROUP, "kind": kind, "metadata": {"name": "argosy-promotion"}, "webhooks": webhooks}

    mutating = [webhook(plural, ("CREATE", "UPDATE"), "/mutate") for plural in MUTATED]
    validating = [webhook(plural, operations, "/validate") for plural, operations in VALIDATED.items()]
    return [
        configuration("MutatingWebhookConfiguration", mutating),
        configuration("ValidatingWebhookConfiguration", validating),
    ]


class Admission:
    """Loaded by the first call."""

    def __init__(self, client: Client, clock: Clock, rng: Rng, namespace: str) -> None:
        self._given = (client, clock, rng, namespace)
        self._answer: Callable[[ProxyRequest], Awaitable[ProxyResponse]] | None = None

    async def __call__(self, request: ProxyRequest) -> ProxyResponse:
        if self._answer is None:
            from argosy.cli.rooms.promotion import admission

            self._answer = admission(*self._given)
        return await self._answer(request)
