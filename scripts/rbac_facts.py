"""Makes src/argosy/cluster/auth/bootstrap.json: the default roles and bindings of Kubernetes, as bare facts.

Usage: python scripts/rbac_facts.py DIRECTORY, where DIRECTORY holds {cluster,namespace}-role{s,-bindings}.yaml as
`kubectl get -o yaml` prints them on a fresh cluster. Those of the controllers are not among them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

TARGET = Path(__file__).parent.parent / "src/argosy/cluster/auth/bootstrap.json"


def role(item: dict[str, Any]) -> dict[str, Any]:
    """Name, namespace, the labels beyond the common one, the aggregation label, and rules with short keys."""
    facts = named(item)
    labels = {key: value for key, value in item["metadata"]["labels"].items() if key.startswith("rbac.")}
    if labels:
        facts["labels"] = labels
    if selectors := (item.get("aggregationRule") or {}).get("clusterRoleSelectors"):
        facts["aggregates"] = [selector["matchLabels"] for selector in selectors]
    if item["rules"]:
        facts["rules"] = item["rules"]
    return facts


def binding(item: dict[str, Any]) -> dict[str, Any]:
    facts = named(item) | {"role": item["roleRef"]["name"], "subjects": item.get("subjects") or []}
    if item["roleRef"]["kind"] == "Role":
        facts["of"] = "Role"
    return facts


def named(item: dict[str, Any]) -> dict[str, Any]:
    metadata = item["metadata"]
    return {key: metadata[key] for key in ("name", "namespace") if key in metadata}


def main(directory: Path) -> None:
    def items(kind: str) -> list[dict[str, Any]]:
        files = (directory / f"{scope}-{kind}.yaml" for scope in ("cluster", "namespace"))
        return [item for file in files for item in yaml.safe_load(file.read_text())["items"]]

    document = {
        "roles": [role(item) for item in items("roles")],
        "bindings": [binding(item) for item in items("role-bindings")],
    }
    TARGET.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
