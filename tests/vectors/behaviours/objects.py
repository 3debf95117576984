"""Addresses and the smallest useful objects that behaviours are tried with."""

from __future__ import annotations

from typing import Any

NAMESPACES = "/api/v1/namespaces"
CONFIG_MAPS = f"{NAMESPACES}/default/configmaps"
SECRETS = f"{NAMESPACES}/default/secrets"
PODS = f"{NAMESPACES}/default/pods"
SERVICES = f"{NAMESPACES}/default/services"
ACCOUNTS = f"{NAMESPACES}/default/serviceaccounts"
EVENTS = f"{NAMESPACES}/default/events"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
BUDGETS = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
JOBS = "/apis/batch/v1/namespaces/default/jobs"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
ROLES = f"{RBAC}/namespaces/default/roles"
ROLE_BINDINGS = f"{RBAC}/namespaces/default/rolebindings"
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"

Body = dict[str, Any]
SPEC_AND_STATUS = {
    "type": "object",
    "properties": {
        "spec": {"type": "object", "properties": {"size": {"type": "integer"}, "color": {"type": "string"}}},
        "status": {"type": "object", "properties": {"phase": {"type": "string"}, "ready": {"type": "integer"}}},
    },
}


def config_map(name: str = "a", data: dict[str, str] | None = None, **metadata: Any) -> Body:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}}
    return body if data is None else {**body, "data": data}


def containers(image: str = "web:1", name: str = "c", **more: Any) -> list[Body]:
    return [{"name": name, "image": image, **more}]


def pod(name: str = "p", **spec: Any) -> Body:
    metadata = {"name": name, "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers(), **spec}}


def workload(kind: str = "Deployment", name: str = "web", image: str = "web:1", **spec: Any) -> Body:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers(image)}}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": labels}, "template": template, **spec},
    }


def job(name: str = "j", **spec: Any) -> Body:
    template = {"spec": {"restartPolicy": "Never", "containers": containers()}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": template, **spec}}


def service(name: str = "web", app: str = "web", **spec: Any) -> Body:
    body = {"selector": {"app": app}, "ports": [{"port": 80}], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": body}


def version(schema: Body = SPEC_AND_STATUS, name: str = "v1", **more: Any) -> Body:
    return {"name": name, "served": True, "storage": name == "v1", "schema": {"openAPIV3Schema": schema}, **more}


def definition(*versions: Body) -> Body:
    names = {"kind": "Widget", "plural": "widgets", "singular": "widget", "shortNames": ["wd"], "categories": ["all"]}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": list(versions or [version()])}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": spec,
    }


def widget(name: str = "w", spec: Any = None, **more: Any) -> Body:
    body = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": name}, **more}
    return body if spec is None else {**body, "spec": spec}


def owned_by(owner: Body, *, blocks: bool = False) -> Body:
    reference = {name: owner[name] for name in ("apiVersion", "kind")}
    metadata = owner["metadata"]
    more = {"blockOwnerDeletion": True} if blocks else {}
    return {**reference, "name": metadata["name"], "uid": metadata["uid"], **more}


def managers(obj: Body) -> dict[str, Body]:
    """managedFields by "manager operation" and, where there is one, the subresource."""
    return {
        " ".join(filter(None, (entry["manager"], entry["operation"], entry.get("subresource")))): entry
        for entry in obj["metadata"].get("managedFields") or ()
    }
