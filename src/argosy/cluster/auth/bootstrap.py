"""The roles and bindings that exist from the start (facts: bootstrap.json, made by scripts/rbac_facts.py)."""

from __future__ import annotations

from importlib.resources import files

import orjson

from argosy.cluster.auth.rbac import GROUP, aggregated_rules
from argosy.machinery.objects import JsonObject

API_VERSION = f"{GROUP}/v1"
_LABEL = {"kubernetes.io/bootstrapping": "rbac-defaults"}
_ANNOTATION = {"rbac.authorization.kubernetes.io/autoupdate": "true"}


def bootstrap_objects() -> list[JsonObject]:
    """ClusterRoles, aggregating ones already filled, then ClusterRoleBindings; fresh objects at every call."""
    facts = orjson.loads(files(__package__).joinpath("bootstrap.json").read_bytes())
    roles = [_role(item) for item in facts["roles"]]
    for _ in range(2):  # admin aggregates edit, which aggregates view
        for role in roles:
            if (rules := aggregated_rules(role, roles)) is not None:
                role["rules"] = rules
    return roles + [_binding(item) for item in facts["bindings"]]


def _role(facts: JsonObject) -> JsonObject:
    role: JsonObject = {
        "apiVersion": API_VERSION,
        "kind": "ClusterRole",
        "metadata": _metadata(facts["name"], facts.get("labels") or {}),
        "rules": facts.get("rules") or [],
    }
    if selectors := facts.get("aggregates"):
        role["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": labels} for labels in selectors]}
    return role


def _binding(facts: JsonObject) -> JsonObject:
    return {
        "apiVersion": API_VERSION,
        "kind": "ClusterRoleBinding",
        "metadata": _metadata(facts["name"], {}),
        "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": facts["role"]},
        "subjects": [{"apiGroup": GROUP, "kind": "Group", "name": name} for name in facts["groups"]],
    }


def _metadata(name: str, labels: JsonObject) -> JsonObject:
    return {"name": name, "labels": {**_LABEL, **labels}, "annotations": dict(_ANNOTATION)}
