"""Objects of every Project: its default roles, and our own accounts' permissions in it (spec/kargo-api.md 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from argosy.machinery.objects import JsonObject
from argosy.promotion.names import MANAGED

READ: Final = ("get", "list", "watch")
ALL: Final = ("*",)
KARGO: Final = "kargo.akuity.io"
RBAC: Final = "rbac.authorization.k8s.io"
ROLLOUTS: Final = "argoproj.io"
NAMES: Final = ("kargo-admin", "kargo-viewer", "kargo-promoter")


def _rule(group: str, resources: str, verbs: Sequence[str]) -> JsonObject:
    return {"verbs": list(verbs), "apiGroups": [group], "resources": resources.split()}


RULES: Final[dict[str, list[JsonObject]]] = {
    "kargo-admin": [
        _rule("", "events", READ),
        _rule("", "configmaps secrets serviceaccounts", ALL),
        _rule(RBAC, "rolebindings roles", ALL),
        _rule(KARGO, "freights projectconfigs promotiontasks stages targets warehouses", ALL),
        _rule(KARGO, "stages", ("promote",)),
        _rule(KARGO, "promotions", ("create", "delete", "get", "list", "watch", "patch")),
        _rule(KARGO, "freights/status", ("patch",)),
        _rule(ROLLOUTS, "analysisruns", ("delete", "get", "list", "watch")),
        _rule(ROLLOUTS, "analysistemplates", ALL),
    ],
    "kargo-viewer": [
        _rule("", "configmaps events serviceaccounts", READ),
        _rule(RBAC, "rolebindings roles", READ),
        _rule(KARGO, "freights projectconfigs promotions stages targets warehouses", READ),
        _rule(ROLLOUTS, "analysisruns analysistemplates", READ),
    ],
    "kargo-promoter": [
        _rule("", "configmaps events serviceaccounts", READ),
        _rule(RBAC, "rolebindings roles", READ),
        _rule(KARGO, "freights projectconfigs stages warehouses", READ),
        _rule(KARGO, "stages", ("promote",)),
        _rule(KARGO, "promotions", ("create", "get", "list", "watch")),
        _rule(KARGO, "freights/status", ("patch",)),
        _rule(ROLLOUTS, "analysisruns analysistemplates", READ),
    ],
}


def account(project: str, name: str, claims: str = "") -> JsonObject:
    annotations = {MANAGED: "true", **({"rbac.kargo.akuity.io/claims": claims} if claims else {})}
    metadata = {"name": name, "namespace": project, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}


def role(project: str, name: str) -> JsonObject:
    metadata = {"name": name, "namespace": project, "annotations": {MANAGED: "true"}}
    return {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": metadata, "rules": RULES[name]}


def role_binding(project: str, name: str) -> JsonObject:
    made = binding(project, name, "Role", name, [(name, project)])
    made["metadata"]["annotations"] = {MANAGED: "true"}
    return made


def binding(project: str, name: str, kind: str, to: str, accounts: Sequence[tuple[str, str]]) -> JsonObject:
    """`accounts`: (name, namespace). Without a project the binding is for the entire cluster."""
    metadata: dict[str, Any] = {"name": name, **({"namespace": project} if project else {})}
    subjects = [{"kind": "ServiceAccount", "name": one, "namespace": namespace} for one, namespace in accounts]
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding" if project else "ClusterRoleBinding",
        "metadata": metadata,
        "subjects": subjects,
        "roleRef": {"apiGroup": RBAC, "kind": kind, "name": to},
    }


def extended_role(project: str) -> JsonObject:
    """Permission to change and delete the Project itself."""
    rule = {**_rule(KARGO, "projects", ("delete", "update")), "resourceNames": [project]}
    metadata = {"name": f"kargo-project-admin-{project}"}
    return {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": metadata, "rules": [rule]}
