"""How an API server is told to ask us.

On the embedded server the service is a handler of this process; on a real cluster it is the Deployment's Service, and
the CA is injected by this room's own controller. Source: spec/cert-manager.md section 10.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from argosy.apis.certmanager.shared import ACME_GROUP, GROUP
from argosy.certs.admission.review import WEBHOOK
from argosy.certs.admission.reviewer import Reviewer
from argosy.cluster.ports import ProxyRequest, ProxyResponse
from argosy.machinery.objects import JsonObject

SERVICE: Final = "argosy-certs-webhook"
_API: Final = "admissionregistration.k8s.io/v1"
_JUDGED: Final = (
    (
        GROUP,
        ["certificates", "issuers", "clusterissuers", "certificaterequests", "certificaterequests/status"],
    ),
    (ACME_GROUP, ["orders", "orders/status", "challenges"]),
)
"""Other status subresources hold nothing that is judged: asking for them would cost each controller's write."""


def configurations(namespace: str, ca_bundle: str = "") -> list[JsonObject]:
    """The two configurations; `ca_bundle` is base64 of PEM."""
    mutated = [_rule(GROUP, ["certificaterequests"], ["CREATE"])]
    judged = [_rule(group, resources, ["CREATE", "UPDATE"]) for group, resources in _JUDGED]
    return [
        _configuration("MutatingWebhookConfiguration", namespace, ca_bundle, "/mutate", mutated),
        _configuration("ValidatingWebhookConfiguration", namespace, ca_bundle, "/validate", judged),
    ]


def _configuration(kind: str, namespace: str, ca_bundle: str, path: str, rules: list[JsonObject]) -> JsonObject:
    service = {"namespace": namespace, "name": SERVICE, "path": path, "port": 443}
    webhook = {
        "name": WEBHOOK,
        "admissionReviewVersions": ["v1"],
        "clientConfig": {"service": service, **({"caBundle": ca_bundle} if ca_bundle else {})},
        "failurePolicy": "Fail",
        "matchPolicy": "Equivalent",
        "sideEffects": "None",
        "rules": rules,
    }
    return {"apiVersion": _API, "kind": kind, "metadata": {"name": "argosy-certs"}, "webhooks": [webhook]}


def _rule(group: str, resources: list[str], operations: list[str]) -> JsonObject:
    return {"apiGroups": [group], "apiVersions": ["v1"], "resources": resources, "operations": operations}


def handler(reviewer: Reviewer) -> Callable[[ProxyRequest], Awaitable[ProxyResponse]]:
    """For the embedded server's `service_handlers`."""

    async def handle(request: ProxyRequest) -> ProxyResponse:
        try:
            answer = await reviewer.answer(request.path, request.body)
        except (ValueError, KeyError, TypeError):
            return ProxyResponse(status=400, body=b"the body is no AdmissionReview")
        return ProxyResponse(status=200, body=answer, content_type="application/json")

    return handle
