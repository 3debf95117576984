"""Webhook configurations and admission policies."""

from __future__ import annotations

from collections.abc import Mapping

from argosy.cluster.kinds.validation.causes import by_rule, invalid, members, one_of, required
from argosy.machinery import names as naming
from argosy.machinery.cel.types import AUTHORIZER, BOOL, DYN, RESOURCE_CHECK, STRING, Type, fits, list_of, map_of
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import Cause

_SIDE_EFFECTS = ("None", "NoneOnDryRun")
_LONGEST = 30


def _struct(label: str, **fields: Type) -> Type:
    return Type("object", fields=fields, label=label)


_GROUP_VERSION_KIND = _struct("kubernetes.GroupVersionKind", group=STRING, version=STRING, kind=STRING)
_GROUP_VERSION_RESOURCE = _struct("kubernetes.GroupVersionResource", group=STRING, version=STRING, resource=STRING)
_USER = _struct(
    "kubernetes.UserInfo",
    username=STRING,
    uid=STRING,
    groups=list_of(STRING),
    extra=map_of(STRING, list_of(STRING)),
)
_REQUEST = _struct(
    "kubernetes.AdmissionRequest",
    kind=_GROUP_VERSION_KIND,
    resource=_GROUP_VERSION_RESOURCE,
    subResource=STRING,
    requestKind=_GROUP_VERSION_KIND,
    requestResource=_GROUP_VERSION_RESOURCE,
    requestSubResource=STRING,
    name=STRING,
    namespace=STRING,
    operation=STRING,
    userInfo=_USER,
    dryRun=BOOL,
    options=DYN,
    uid=STRING,
)


def variables_known() -> dict[str, Type]:
    """The variables that expressions about a write may use, with upstream's types."""
    return {
        "object": DYN,
        "oldObject": DYN,
        "namespaceObject": DYN,
        "request": _REQUEST,
        "authorizer": AUTHORIZER,
        "authorizer.requestResource": RESOURCE_CHECK,
    }


def check_webhooks(obj: JsonObject) -> list[Cause]:
    causes: list[Cause] = []
    for below, webhook in members(obj, "webhooks"):
        causes += _check_webhook(below, webhook)
        causes += _check_conditions(below, webhook)
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
    """ValidatingAdmissionPolicy: it must have something to check, and resources to check it on."""
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
    return causes + _check_expressions(spec)


def _check_expressions(spec: JsonObject) -> list[Cause]:
    """Each must compile, may use only the variables declared before it, and must return the right type."""
    causes = _check_conditions("spec", spec)
    composed: dict[str, Type] = {}
    known = {**variables_known(), "variables": Type("object", fields=composed, label="variables")}
    if spec.get("paramKind"):
        known["params"] = DYN
    for below, item in members(spec, "variables"):
        found, problems = _compiled(f"spec.{below}.expression", item.get("expression"), known, None)
        causes += problems
        composed[str(item.get("name") or "")] = found
    for below, item in members(spec, "validations"):
        _, problems = _compiled(f"spec.{below}.expression", item.get("expression"), known, BOOL)
        causes += problems
        if item.get("messageExpression"):
            causes += _compiled(f"spec.{below}.messageExpression", item["messageExpression"], known, STRING)[1]
    for below, item in members(spec, "auditAnnotations"):
        causes += _compiled(f"spec.{below}.valueExpression", item.get("valueExpression"), known, None)[1]
    return causes


def _check_conditions(path: str, owner: JsonObject) -> list[Cause]:
    causes: list[Cause] = []
    for below, item in members(owner, "matchConditions"):
        known = {**variables_known(), **({"params": DYN} if owner.get("paramKind") else {})}
        causes += _compiled(f"{path}.{below}.expression", item.get("expression"), known, BOOL)[1]
    return causes


def _compiled(path: str, text: object, known: Mapping[str, Type], wanted: Type | None) -> tuple[Type, list[Cause]]:
    """The type of an expression, and its errors."""
    if not isinstance(text, str) or not text.strip():
        return DYN, [required(path, "expression is not specified")]
    from argosy.machinery import cel  # imported with the first expression

    try:
        found = cel.check(text, cel.parse(text), known).type
    except (cel.ParseError, cel.TypeErrors) as error:
        return DYN, [invalid(path, text, f"compilation failed: {error}")]
    if wanted is not None and not fits(wanted, found, {}):
        return DYN, [invalid(path, text, f"compilation failed: must evaluate to {wanted}")]
    return found, []
