"""Webhook configurations that make an API server call admission for cert-manager's kinds. spec/cert-manager.md, 10."""

from __future__ import annotations

from typing import Final

from argosy.apis.certmanager.shared import ACME_GROUP, GROUP
from argosy.machinery.objects import JsonObject

WEBHOOK: Final = "webhook.cert-manager.io"
"""Upstream's name: clients look for it in refusals."""
SERVICE: Final = "argosy-certs-webhook"
_API: Final = "admissionregistration.k8s.io/v1"
_JUDGED: Final = (
    (GROUP, ["certificates", "issuers", "clusterissuers", "certificaterequests", "certificaterequests/status"]),
    (ACME_GROUP, ["orders", "orders/status", "challenges"]),
)
"""Other status subresources contain nothing to validate: calling for them would delay each controller's write."""


def webhook_configurations(namespace: str, ca_bundle: str = "") -> list[JsonObject]:
    """The two configurations, for a Service in `namespace`; `ca_bundle` is base64 of PEM."""
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
