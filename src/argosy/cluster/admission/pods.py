"""What admission adds to Pods and Nodes: the account's token volume, tolerations of failing nodes, the not-ready taint.

Kinds sheet 2.4; upstream: plugin/pkg/admission/{serviceaccount,defaulttolerationseconds}, nodetaint.
"""

from __future__ import annotations

from argosy.cluster.admission.attributes import Attributes
from argosy.cluster.errors import forbidden
from argosy.machinery.objects import JsonObject
from argosy.machinery.text.go_text import quoted

TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105  # a mount path
MIRROR = "kubernetes.io/config.mirror"
TOKEN_SECONDS = 3607
_FAILING = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
_NOT_READY: JsonObject = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


def admit_service_account(attributes: Attributes) -> None:
    """In place. Raises StatusError 403 when the account does not exist."""
    pod = attributes.obj
    if not _is_new(attributes, "pods") or pod is None or MIRROR in (pod["metadata"].get("annotations") or {}):
        return
    spec = pod["spec"]
    name = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
    account = attributes.ctx.reader.get("", "serviceaccounts", attributes.namespace, name)
    if account is None:
        text = (
            f"error looking up service account {attributes.namespace}/{name}: serviceaccount {quoted(name)} not found"
        )
        raise forbidden(attributes.kind.resource, attributes.name, text)
    if not spec.get("imagePullSecrets") and account.get("imagePullSecrets"):
        spec["imagePullSecrets"] = [dict(secret) for secret in account["imagePullSecrets"]]
    wanted = spec.get("automountServiceAccountToken")
    if wanted is None:
        wanted = account.get("automountServiceAccountToken")
    if wanted is not False:
        _mount_token(spec, "kube-api-access-" + attributes.ctx.rng.suffix(5))


def _mount_token(spec: JsonObject, volume: str) -> None:
    mounted = False
    for container in [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]:
        mounts = container.get("volumeMounts") or []
        if any(mount.get("mountPath") == TOKEN_PATH for mount in mounts):
            continue
        container["volumeMounts"] = [*mounts, {"name": volume, "readOnly": True, "mountPath": TOKEN_PATH}]
        mounted = True
    if mounted:
        spec["volumes"] = [*(spec.get("volumes") or ()), _token_volume(volume)]


def _token_volume(name: str) -> JsonObject:
    namespace = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    sources = [
        {"serviceAccountToken": {"expirationSeconds": TOKEN_SECONDS, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [namespace]}},
    ]
    return {"name": name, "projected": {"sources": sources, "defaultMode": 420}}


def admit_tolerations(attributes: Attributes) -> None:
    """In place: a Pod tolerates a failing node for five minutes unless it says otherwise."""
    if not _is_new(attributes, "pods") or attributes.obj is None:
        return
    spec = attributes.obj["spec"]
    present = spec.get("tolerations") or []
    added = [
        {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
        for key in _FAILING
        if not any(_tolerates(toleration, key) for toleration in present)
    ]
    if added:
        spec["tolerations"] = [*present, *added]


def _tolerates(toleration: JsonObject, key: str) -> bool:
    return (toleration.get("key") or key) == key and (toleration.get("effect") or "NoExecute") == "NoExecute"


def admit_node_taint(attributes: Attributes) -> None:
    """In place: a new Node gets the not-ready taint until it is reported ready."""
    node = attributes.obj
    if not _is_new(attributes, "nodes") or node is None:
        return
    spec = node.setdefault("spec", {})
    taints = spec.get("taints") or []
    if not any(taint.get("key") == _NOT_READY["key"] and taint.get("effect") == "NoSchedule" for taint in taints):
        spec["taints"] = [*taints, dict(_NOT_READY)]


def _is_new(attributes: Attributes, plural: str) -> bool:
    if attributes.ctx.operation != "CREATE" or attributes.ctx.subresource:
        return False
    return attributes.kind.storage == ("", plural)


MUTATORS = (admit_service_account, admit_tolerations, admit_node_taint)
"""In upstream's order."""
