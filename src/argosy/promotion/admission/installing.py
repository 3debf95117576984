"""How an API server is told to ask us: one configuration for changes and one for refusals.

On the embedded server the service is a handler of this process; on a real cluster it is the Deployment's Service, and
the CA bundle is filled in by who installs.
"""

from __future__ import annotations

from typing import Any, Final

from argosy.cluster.ports import ProxyRequest, ProxyResponse
from argosy.machinery.objects import JsonObject
from argosy.promotion.admission.review import Reviewer

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


def handler(reviewer: Reviewer) -> Any:
    """For the embedded server's `service_handlers`."""

    async def handle(request: ProxyRequest) -> ProxyResponse:
        try:
            answer = await reviewer.answer(request.path, request.body)
        except (ValueError, KeyError, TypeError):
            return ProxyResponse(status=400, body=b"the body is no AdmissionReview")
        return ProxyResponse(status=200, body=answer, content_type="application/json")

    return handle
