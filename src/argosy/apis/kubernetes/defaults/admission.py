"""Defaults of webhook configurations, admission policies and CustomResourceDefinitions (kinds sheet 2.3, main 12)."""

from __future__ import annotations

from argosy.apis.kubernetes.defaults.filling import fill, fill_empty, items, struct
from argosy.machinery.objects import JsonObject

_HTTPS = 443


def default_validating_webhooks(obj: JsonObject) -> None:
    for webhook in items(obj, "webhooks"):
        _default_webhook(webhook)


def default_mutating_webhooks(obj: JsonObject) -> None:
    for webhook in items(obj, "webhooks"):
        _default_webhook(webhook)
        fill(webhook, {"reinvocationPolicy": "Never"})


def _default_webhook(webhook: JsonObject) -> None:
    fill(webhook, {"failurePolicy": "Fail", "matchPolicy": "Equivalent", "timeoutSeconds": 10})
    fill(webhook, {"namespaceSelector": {}, "objectSelector": {}})
    for rule in items(webhook, "rules"):
        fill(rule, {"scope": "*"})
    service = (webhook.get("clientConfig") or {}).get("service")
    if service is not None:
        fill(service, {"port": _HTTPS})


def default_policy(obj: JsonObject) -> None:
    spec = struct(obj, "spec")
    fill(spec, {"failurePolicy": "Fail"})
    if spec.get("matchConstraints") is not None:
        _default_match(spec["matchConstraints"])


def default_policy_binding(obj: JsonObject) -> None:
    match = (obj.get("spec") or {}).get("matchResources")
    if match is not None:
        _default_match(match)


def _default_match(match: JsonObject) -> None:
    fill(match, {"matchPolicy": "Equivalent", "namespaceSelector": {}, "objectSelector": {}})
    for name in ("resourceRules", "excludeResourceRules"):
        for rule in items(match, name):
            fill(rule, {"scope": "*"})


def default_definition(obj: JsonObject) -> None:
    """CustomResourceDefinition: names from the kind, conversion None."""
    spec = struct(obj, "spec")
    names = struct(spec, "names")
    kind = names.get("kind")
    if kind:
        fill_empty(names, {"singular": kind.lower(), "listKind": f"{kind}List"})
    fill(spec, {"conversion": {"strategy": "None"}})
    client = (spec["conversion"].get("webhook") or {}).get("clientConfig") or {}
    if client.get("service") is not None:
        fill(client["service"], {"port": _HTTPS})
