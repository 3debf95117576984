"""Kargo's Role: not stored, but computed from a ServiceAccount and its bound Roles. Pure.

Source: spec/kargo-api.md 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.promotion.names import DESCRIPTION, MANAGED
from argosy.promotion.projects.rules import RuleError, normalised
from argosy.server.kargo.claims import ClaimsError, annotated, claims_of
from argosy.server.kargo.endpoint import objects, text, texts
from argosy.server.kargo.faults import Fault, invalid
from argosy.server.kargo.shapes import omitting_empty, plain

RBAC: Final = "rbac.authorization.k8s.io"
SYSTEM_ROLE: Final = "rbac.kargo.akuity.io/system-role"
Claims = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The objects behind a role."""

    account: JsonObject
    roles: tuple[JsonObject, ...] = ()
    cluster_roles: tuple[JsonObject, ...] = ()
    bindings: tuple[JsonObject, ...] = ()

    @property
    def rules(self) -> list[JsonObject]:
        return [rule for role in (*self.roles, *self.cluster_roles) for rule in role.get("rules") or ()]

    @property
    def where(self) -> str:
        metadata = self.account["metadata"]
        return f'ServiceAccount "{metadata["name"]}" in namespace "{metadata["namespace"]}"'


def role_of(parts: Parts) -> JsonObject:
    """Rules of a managed role are normalised. Raises Fault."""
    metadata = parts.account["metadata"]
    annotations = metadata.get("annotations") or {}
    about = {DESCRIPTION: annotations[DESCRIPTION]} if DESCRIPTION in annotations else {}
    try:
        claims = claims_of(annotations)
    except ClaimsError as error:
        raise Fault(500, f"failed to parse OIDC claims from annotation values: {error}") from None
    is_ours = is_managed_whole(parts)
    shown = {name: metadata.get(name) for name in ("name", "namespace", "creationTimestamp")}
    return {
        "metadata": omitting_empty({**shown, "annotations": about}),
        **omitting_empty(
            {
                "kargoManaged": is_ours or None,
                "claims": [{"name": name, "values": values} for name, values in sorted(claims.items())],
                "rules": normal(parts.rules, stored=True) if is_ours else parts.rules,
            }
        ),
    }


def as_resources(parts: Parts) -> JsonObject:
    metadata = parts.account["metadata"]
    return {
        "metadata": {"name": metadata["name"], "namespace": metadata["namespace"]},
        **omitting_empty(
            {
                "serviceAccount": plain(parts.account),
                "roles": [plain(one) for one in parts.roles],
                "clusterRoles": [plain(one) for one in parts.cluster_roles],
                "roleBindings": [plain(one) for one in parts.bindings],
            }
        ),
    }


def normal(rules: Sequence[JsonObject], *, stored: bool) -> list[JsonObject]:
    """`stored`: unchanged; else `*` is expanded to our own verbs. Raises Fault 400."""
    try:
        return normalised(rules, custom_verbs=not stored)
    except RuleError as error:
        raise invalid(str(error)) from None


def is_managed(obj: JsonObject) -> bool:
    return (obj["metadata"].get("annotations") or {}).get(MANAGED) == "true"


def is_managed_whole(parts: Parts) -> bool:
    several = len(parts.roles) > 1 or len(parts.bindings) > 1
    return not several and all(map(is_managed, (parts.account, *parts.roles, *parts.bindings)))


def check_manageable(parts: Parts) -> None:
    """Raises Fault 400: objects of others are not changed."""
    why = ""
    if parts.cluster_roles:
        why = f"{parts.where} is bound to one or more ClusterRoles"
    elif not is_managed(parts.account):
        why = f"{parts.where} is not annotated as Kargo-managed"
    elif len(parts.roles) > 1:
        why = f"multiple Roles associated with {parts.where}"
    elif parts.roles and not is_managed(parts.roles[0]):
        why = f"{_place('Role', parts.roles[0])} is not annotated as Kargo-managed"
    elif len(parts.bindings) > 1:
        why = f"multiple RoleBindings associated with {parts.where}"
    elif parts.bindings and not is_managed(parts.bindings[0]):
        why = f"{_place('RoleBinding', parts.bindings[0])} is not annotated as Kargo-managed"
    if why:
        raise invalid(why)


def _place(kind: str, obj: JsonObject) -> str:
    return f'{kind} "{obj["metadata"]["name"]}" in namespace "{obj["metadata"]["namespace"]}"'


# -- new ones ----------------------------------------------------------------------------------------------------------


def new_account(project: str, name: str, claims: Claims, description: str) -> JsonObject:
    annotations = {MANAGED: "true", **({DESCRIPTION: description} if description else {})}
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _metadata(project, name, annotations)}
    return annotated(account, claims)


def new_role(project: str, name: str, rules: Sequence[JsonObject]) -> JsonObject:
    metadata = _metadata(project, name, {MANAGED: "true"})
    return {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": metadata, "rules": list(rules)}


def new_binding(project: str, name: str) -> JsonObject:
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": _metadata(project, name, {MANAGED: "true"}),
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": name},
        "subjects": [{"kind": "ServiceAccount", "namespace": project, "name": name}],
    }


def _metadata(project: str, name: str, annotations: JsonObject) -> JsonObject:
    return {"name": name, "namespace": project, "annotations": annotations}


# -- what is sent ------------------------------------------------------------------------------------------------------


def claims_in(body: JsonObject, name: str = "claims") -> dict[str, list[str]]:
    """A claim that is named twice has the values of both. Raises Fault 400."""
    found: dict[str, set[str]] = {}
    for claim in objects(body, name):
        if not text(claim, "name"):
            raise invalid(f"{name}: a claim has no name")
        found.setdefault(claim["name"], set()).update(texts(claim, "values"))
    return {claim: sorted(values) for claim, values in found.items()}


def rules_in(body: JsonObject) -> list[JsonObject]:
    """Raises Fault 400."""
    fields = ("apiGroups", "resources", "resourceNames", "verbs")
    return [{name: texts(rule, name) for name in fields if rule.get(name)} for rule in objects(body, "rules")]


def description_in(body: JsonObject) -> str:
    annotations = (body.get("metadata") or {}).get("annotations") or {}
    return str(annotations.get(DESCRIPTION) or "") if isinstance(annotations, dict) else ""
