"""Webhook configurations and admission policies."""

from __future__ import annotations

from argosy.cluster.kinds.validation.causes import by_rule, invalid, members, one_of, required
from argosy.machinery import names as naming
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import Cause

_SIDE_EFFECTS = ("None", "NoneOnDryRun")
_LONGEST = 30


def check_webhooks(obj: JsonObject) -> list[Cause]:
    causes: list[Cause] = []
    for below, webhook in members(obj, "webhooks"):
        causes += _check_webhook(below, webhook)
    return causes


def _check_webhook(path: str, webhook: JsonObject) -> list[Cause]:
    name = webhook.get("name") or ""
    causes = by_rule(f"{path}.name", name, naming.dns_subdomain) if name else [required(f"{path}.name")]
    if name and name.count(".") < 2:
        causes.append(
            invalid(f"{path}.name", name, "should be a domain with at least three segments separated by dots")
        )
    if not webhook.get("admissionReviewVersions"):
        text = "must specify one of v1, v1beta1"
        causes.append(required(f"{path}.admissionReviewVersions", text))
    effects = webhook.get("sideEffects")
    causes += one_of(f"{path}.sideEffects", effects, _SIDE_EFFECTS)
    seconds = webhook.get("timeoutSeconds")
    if seconds is not None and not 1 <= seconds <= _LONGEST:
        text = f"the timeout value must be between 1 and {_LONGEST} seconds"
        causes.append(invalid(f"{path}.timeoutSeconds", seconds, text))
    client = webhook.get("clientConfig") or {}
    if (client.get("url") is None) == (client.get("service") is None):
        causes.append(required(f"{path}.clientConfig", "exactly one of url or service is required"))
    elif client.get("url") is not None and not client["url"].startswith("https://"):
        text = "'https' is the only allowed URL scheme"
        causes.append(invalid(f"{path}.clientConfig", client["url"], text))
    return causes


def check_policy(obj: JsonObject) -> list[Cause]:
    """ValidatingAdmissionPolicy: something to check, on something."""
    spec = obj.get("spec") or {}
    causes: list[Cause] = []
    if obj["kind"] == "ValidatingAdmissionPolicy" and not spec.get("validations") and not spec.get("auditAnnotations"):
        text = "validations or auditAnnotations must contain at least one item"
        causes.append(required("spec.validations", text))
    if obj["kind"] == "MutatingAdmissionPolicy" and not spec.get("mutations"):
        causes.append(required("spec.mutations", "mutations must contain at least one item"))
    if spec.get("matchConstraints") is None:
        return [*causes, required("spec.matchConstraints")]
    if not spec["matchConstraints"].get("resourceRules"):
        causes.append(required("spec.matchConstraints.resourceRules"))
    for below, item in members(spec, "validations"):
        if not (item.get("expression") or "").strip():
            causes.append(required(f"spec.{below}.expression", "expression is not specified"))
    return causes
