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
    """Roles, with aggregating ones already filled, then bindings. Returns fresh objects at every call."""
    facts = orjson.loads(files(__package__).joinpath("bootstrap.json").read_bytes())
    roles = [_role(item) for item in facts["roles"]]
    shared = [role for role in roles if role["kind"] == "ClusterRole"]
    for _ in range(2):  # admin aggregates edit, which aggregates view
        for role in shared:
            if (rules := aggregated_rules(role, shared)) is not None:
                role["rules"] = rules
    return roles + [_binding(item) for item in facts["bindings"]]


def _role(facts: JsonObject) -> JsonObject:
    role: JsonObject = {
        "apiVersion": API_VERSION,
        "kind": "Role" if "namespace" in facts else "ClusterRole",
        "metadata": _metadata(facts),
        "rules": facts.get("rules") or [],
    }
    if selectors := facts.get("aggregates"):
        role["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": labels} for labels in selectors]}
    return role


def _binding(facts: JsonObject) -> JsonObject:
    return {
        "apiVersion": API_VERSION,
        "kind": "RoleBinding" if "namespace" in facts else "ClusterRoleBinding",
        "metadata": _metadata(facts),
        "roleRef": {"apiGroup": GROUP, "kind": facts.get("of", "ClusterRole"), "name": facts["role"]},
        "subjects": facts["subjects"],
    }


def _metadata(facts: JsonObject) -> JsonObject:
    place: JsonObject = {key: facts[key] for key in ("name", "namespace") if key in facts}
    return {**place, "labels": {**_LABEL, **(facts.get("labels") or {})}, "annotations": dict(_ANNOTATION)}
