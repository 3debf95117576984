"""Makes src/argosy/cluster/auth/bootstrap.json: the general default roles and bindings of Kubernetes, as bare facts.

Usage: python scripts/rbac_facts.py DIRECTORY, where DIRECTORY holds cluster-roles.yaml and cluster-role-bindings.yaml
as `kubectl get -o yaml` prints them on a fresh cluster.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

KEPT = frozenset(
    {
        "admin",
        "cluster-admin",
        "edit",
        "view",
        "system:aggregate-to-admin",
        "system:aggregate-to-edit",
        "system:aggregate-to-view",
        "system:auth-delegator",
        "system:basic-user",
        "system:discovery",
        "system:public-info-viewer",
        "system:service-account-issuer-discovery",
    }
)
TARGET = Path(__file__).parent.parent / "src/argosy/cluster/auth/bootstrap.json"


def role(item: dict[str, Any]) -> dict[str, Any]:
    """Name, the labels beyond the common one, the aggregation label, and rules with short keys."""
    facts: dict[str, Any] = {"name": item["metadata"]["name"]}
    labels = {key: value for key, value in item["metadata"]["labels"].items() if key.startswith("rbac.")}
    if labels:
        facts["labels"] = labels
    if selectors := (item.get("aggregationRule") or {}).get("clusterRoleSelectors"):
        facts["aggregates"] = [selector["matchLabels"] for selector in selectors]
    if item["rules"]:
        facts["rules"] = item["rules"]
    return facts


def main(directory: Path) -> None:
    roles = yaml.safe_load((directory / "cluster-roles.yaml").read_text())["items"]
    bindings = yaml.safe_load((directory / "cluster-role-bindings.yaml").read_text())["items"]
    document = {
        "roles": [role(item) for item in roles if item["metadata"]["name"] in KEPT],
        "bindings": [
            {
                "name": item["metadata"]["name"],
                "role": item["roleRef"]["name"],
                "groups": [subject["name"] for subject in item["subjects"]],
            }
            for item in bindings
            if item["roleRef"]["name"] in KEPT
        ],
    }
    TARGET.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
