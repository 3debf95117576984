"""Roles and bindings: their form, not whether their author may grant the rights."""

from __future__ import annotations

from argosy.cluster.kinds.validation.causes import by_rule, invalid, members, required, unsupported
from argosy.machinery import names as naming
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import Cause

_GROUP = "rbac.authorization.k8s.io"


def check_role(obj: JsonObject, *, namespaced: bool) -> list[Cause]:
    causes: list[Cause] = []
    for below, rule in members(obj, "rules"):
        causes += _check_rule(below, rule, namespaced=namespaced)
    return causes


def _check_rule(path: str, rule: JsonObject, *, namespaced: bool) -> list[Cause]:
    causes: list[Cause] = []
    if not rule.get("verbs"):
        causes.append(required(f"{path}.verbs", "verbs must contain at least one value"))
    urls = rule.get("nonResourceURLs") or []
    if urls:
        place = f"{path}.nonResourceURLs"
        if namespaced:
            causes.append(invalid(place, urls, "namespaced rules cannot apply to non-resource URLs"))
        if rule.get("apiGroups") or rule.get("resources") or rule.get("resourceNames"):
            causes.append(invalid(place, urls, "rules cannot apply to both regular resources and non-resource URLs"))
        return causes
    if not rule.get("apiGroups"):
        causes.append(required(f"{path}.apiGroups", "resource rules must supply at least one api group"))
    if not rule.get("resources"):
        causes.append(required(f"{path}.resources", "resource rules must supply at least one resource"))
    return causes


def check_binding(obj: JsonObject, *, namespaced: bool) -> list[Cause]:
    reference = obj.get("roleRef") or {}
    causes: list[Cause] = []
    if reference.get("apiGroup") != _GROUP:
        causes.append(unsupported("roleRef.apiGroup", reference.get("apiGroup") or "", (_GROUP,)))
    kinds = ("ClusterRole", "Role") if namespaced else ("ClusterRole",)
    if reference.get("kind") not in kinds:
        causes.append(unsupported("roleRef.kind", reference.get("kind") or "", kinds))
    if not reference.get("name"):
        causes.append(required("roleRef.name"))
    else:
        causes += by_rule("roleRef.name", reference["name"], naming.path_segment)
    for below, subject in members(obj, "subjects"):
        causes += _check_subject(below, subject, namespaced=namespaced)
    return causes


def _check_subject(path: str, subject: JsonObject, *, namespaced: bool) -> list[Cause]:
    causes = [] if subject.get("name") else [required(f"{path}.name")]
    group = subject.get("apiGroup") or ""
    match subject.get("kind"):
        case "ServiceAccount":
            if subject.get("name"):
                causes += by_rule(f"{path}.name", subject["name"], naming.dns_subdomain)
            if group:
                causes.append(unsupported(f"{path}.apiGroup", group, ("",)))
            if not namespaced and not subject.get("namespace"):
                causes.append(required(f"{path}.namespace"))
        case "User" | "Group":
            if group != _GROUP:
                causes.append(unsupported(f"{path}.apiGroup", group, (_GROUP,)))
        case kind:
            causes.append(unsupported(f"{path}.kind", kind or "", ("ServiceAccount", "User", "Group")))
    return causes


def check_binding_update(obj: JsonObject, old: JsonObject) -> list[Cause]:
    if obj.get("roleRef") == old.get("roleRef"):
        return []
    wanted = obj.get("roleRef") or {}
    shown = {
        name: wanted.get(key) or "" for name, key in (("APIGroup", "apiGroup"), ("Kind", "kind"), ("Name", "name"))
    }
    return [invalid("roleRef", shown, "cannot change roleRef")]
