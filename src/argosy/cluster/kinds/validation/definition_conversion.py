"""How versions of a definition are converted (spec 12)."""

from __future__ import annotations

from urllib.parse import urlsplit

from argosy.cluster.kinds.validation.causes import forbidden, invalid, one_of, required
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import Cause

_REVIEWS = ("v1", "v1beta1")
_VERSIONS, _CLIENT = "spec.conversion.conversionReviewVersions", "spec.conversion.webhookClientConfig"
"""Upstream names both without the `webhook` in between, as in its internal type."""


def check_conversion(conversion: JsonObject) -> list[Cause]:
    strategy, webhook = conversion.get("strategy"), conversion.get("webhook") or {}
    causes = one_of("spec.conversion.strategy", strategy, ("None", "Webhook"))
    versions, client = webhook.get("conversionReviewVersions"), webhook.get("clientConfig")
    if strategy == "Webhook":
        if client is None:
            causes.append(required(_CLIENT, "required when strategy is set to Webhook"))
        else:
            causes += _check_client(client)
        return causes + _check_reviews(versions or [])
    if strategy == "None":
        text = "should not be set when strategy is not set to Webhook"
        causes += [forbidden(path, text) for path, value in ((_CLIENT, client), (_VERSIONS, versions)) if value]
    return causes


def _check_reviews(versions: list[str]) -> list[Cause]:
    if not versions:
        return [required(_VERSIONS)]
    if not any(version in _REVIEWS for version in versions):
        return [invalid(_VERSIONS, versions, f"must include at least one of {', '.join(_REVIEWS)}")]
    return []


def _check_client(client: JsonObject) -> list[Cause]:
    url, service = client.get("url"), client.get("service")
    if (url is None) == (service is None):
        return [required(_CLIENT, "exactly one of url or service is required")]
    if service is not None:
        return [required(f"{_CLIENT}.service.{name}") for name in ("namespace", "name") if not service.get(name)]
    parts = urlsplit(str(url))
    shape = "desired format: https://host[/path]"
    found = []
    if parts.scheme != "https":
        found.append(invalid(f"{_CLIENT}.url", parts.scheme, f"'https' is the only allowed URL scheme; {shape}"))
    if not parts.netloc:
        found.append(invalid(f"{_CLIENT}.url", "", f"host must be specified; {shape}"))
    return found
