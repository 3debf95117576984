"""Labels and label selectors inside specs."""

from __future__ import annotations

from argosy.cluster.kinds.validation.causes import by_rule, forbidden, invalid, members, required
from argosy.machinery import names as naming
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import Cause

_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


def check_labels(path: str, labels: JsonObject | None) -> list[Cause]:
    causes = []
    for key, value in (labels or {}).items():
        causes += by_rule(path, key, naming.qualified_name)
        causes += by_rule(path, value, naming.label_value)
    return causes


def check_template_metadata(path: str, metadata: JsonObject | None) -> list[Cause]:
    causes = check_labels(f"{path}.labels", (metadata or {}).get("labels"))
    for key in (metadata or {}).get("annotations") or {}:
        causes += by_rule(f"{path}.annotations", key.lower(), naming.qualified_name)
    return causes


def check_selector(path: str, selector: JsonObject | None) -> list[Cause]:
    causes: list[Cause] = []
    for key, value in ((selector or {}).get("matchLabels") or {}).items():
        causes += by_rule(f"{path}.matchLabels", key, naming.qualified_name)
        causes += by_rule(f"{path}.matchLabels", value, naming.label_value)
    for below, item in members(selector or {}, "matchExpressions"):
        causes += _check_requirement(f"{path}.{below}", item)
    return causes


def _check_requirement(path: str, item: JsonObject) -> list[Cause]:
    operator, values = item.get("operator"), item.get("values") or ()
    causes = by_rule(f"{path}.key", item.get("key") or "", naming.qualified_name)
    if operator in ("In", "NotIn") and not values:
        causes.append(required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
    elif operator in ("Exists", "DoesNotExist") and values:
        causes.append(forbidden(f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
    elif operator not in _OPERATORS:
        causes.append(invalid(f"{path}.operator", operator or "", "not a valid selector operator"))
    return causes


def selector_matches(selector: JsonObject, labels: JsonObject) -> bool:
    """Whether a LabelSelector selects these labels."""
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    return all(_requirement_met(item, labels) for item in selector.get("matchExpressions") or ())


def _requirement_met(item: JsonObject, labels: JsonObject) -> bool:
    key, values = item.get("key"), item.get("values") or ()
    match item.get("operator"):
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return key not in labels or labels[key] not in values
        case "Exists":
            return key in labels
        case _:
            return key not in labels


def check_workload_selector(spec: JsonObject, kind: str, *, path: str = "spec") -> list[Cause]:
    """Required, well formed, not empty, and matching the template's labels."""
    selector = spec.get("selector")
    if selector is None:
        return [required(f"{path}.selector")]
    causes = check_selector(f"{path}.selector", selector)
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        causes.append(invalid(f"{path}.selector", selector, f"empty selector is invalid for {kind}"))
    return causes


def check_selector_matches(spec: JsonObject, *, path: str = "spec") -> list[Cause]:
    selector = spec.get("selector")
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    if not selector or selector_matches(selector, labels):
        return []
    return [invalid(f"{path}.template.metadata.labels", labels, "`selector` does not match template `labels`")]
