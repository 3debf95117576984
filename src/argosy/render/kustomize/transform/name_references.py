"""Which fields contain the name of another resource, by the kind they refer to: Kustomize 5's defaults, as rules.

Most of them are the same few fields of a pod, at each path where a kind has its pods.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from argosy.render.kustomize.ids import Gvk
from argosy.render.kustomize.transform.fieldspecs import FieldSpec, Specs

_RBAC = "rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"
_TEMPLATED = ("Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "Job")
_POD_PATHS = (
    ("Pod", "spec"),
    ("PodTemplate", "template/spec"),
    *((kind, "spec/template/spec") for kind in _TEMPLATED),
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
)
_CLAIM_PATHS = (
    ("Pod", "spec"),
    *((kind, "spec/template/spec") for kind in (*_TEMPLATED, "ReplicationController") if kind != "ReplicaSet"),
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
)
_CONFIG_MAP = (
    "volumes/configMap/name",
    "containers/env/valueFrom/configMapKeyRef/name",
    "initContainers/env/valueFrom/configMapKeyRef/name",
    "containers/envFrom/configMapRef/name",
    "initContainers/envFrom/configMapRef/name",
    "volumes/projected/sources/configMap/name",
)
_SECRET = (
    "volumes/secret/secretName",
    "containers/env/valueFrom/secretKeyRef/name",
    "initContainers/env/valueFrom/secretKeyRef/name",
    "containers/envFrom/secretRef/name",
    "initContainers/envFrom/secretRef/name",
    "imagePullSecrets/name",
    "volumes/projected/sources/secret/name",
)


def _in_pods(
    paths: Iterable[str], where: Iterable[tuple[str, str]] = _POD_PATHS, version: str = ""
) -> Iterator[FieldSpec]:
    """`version`: of Pods."""
    tails = tuple(paths)
    for kind, prefix in where:
        for path in tails:
            yield FieldSpec(f"{prefix}/{path}", kind=kind, version=version if kind == "Pod" else "")


def _config_map() -> Iterator[FieldSpec]:
    yield from _in_pods(_CONFIG_MAP, version="v1")
    yield FieldSpec("spec/configSource/configMap", kind="Node")
    yield FieldSpec("rules/resourceNames", kind="Role")
    yield FieldSpec("rules/resourceNames", kind="ClusterRole")
    yield FieldSpec("metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap", kind="Ingress")


def _secret() -> Iterator[FieldSpec]:
    yield from _in_pods(_SECRET, version="v1")
    yield FieldSpec("spec/tls/secretName", kind="Ingress")
    for annotation in ("ingress.kubernetes.io\\/auth-secret", "nginx.ingress.kubernetes.io\\/auth-secret"):
        yield FieldSpec(f"metadata/annotations/{annotation}", kind="Ingress")
    yield FieldSpec("metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret", kind="Ingress")
    yield FieldSpec("imagePullSecrets/name", kind="ServiceAccount")
    for parameter in ("secretName", "adminSecretName", "userSecretName", "secretRef"):
        yield FieldSpec(f"parameters/{parameter}", kind="StorageClass")
    yield FieldSpec("rules/resourceNames", kind="Role")
    yield FieldSpec("rules/resourceNames", kind="ClusterRole")
    path = "spec/template/spec/containers/env/valueFrom/secretKeyRef/name"
    yield FieldSpec(path, group="serving.knative.dev", version="v1", kind="Service")
    yield FieldSpec("spec/azureFile/secretName", kind="PersistentVolume")


def _service() -> Iterator[FieldSpec]:
    yield FieldSpec("spec/serviceName", group="apps", kind="StatefulSet")
    for path in (
        "spec/rules/http/paths/backend/serviceName",
        "spec/backend/serviceName",
        "spec/rules/http/paths/backend/service/name",
        "spec/defaultBackend/service/name",
    ):
        yield FieldSpec(path, kind="Ingress")
    yield FieldSpec("spec/service/name", group="apiregistration.k8s.io", kind="APIService")
    for kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"):
        yield FieldSpec("webhooks/clientConfig/service", group=_ADMISSION, kind=kind)


def _service_account() -> Iterator[FieldSpec]:
    for kind in ("RoleBinding", "ClusterRoleBinding"):
        yield FieldSpec("subjects", group=_RBAC, kind=kind)
    yield from _in_pods(("serviceAccountName",), _CLAIM_PATHS)


def _storage_class() -> Iterator[FieldSpec]:
    yield FieldSpec("spec/storageClassName", kind="PersistentVolume")
    yield FieldSpec("spec/storageClassName", kind="PersistentVolumeClaim")
    yield FieldSpec("spec/volumeClaimTemplates/spec/storageClassName", kind="StatefulSet")


_SCALED = (FieldSpec("spec/scaleTargetRef/name", kind="HorizontalPodAutoscaler"),)
_ROLE_BINDING = FieldSpec("roleRef/name", group=_RBAC, kind="RoleBinding")
_POLICY_BINDING = FieldSpec("spec/policyName", group=_ADMISSION, kind="ValidatingAdmissionPolicyBinding")

NAME_REFERENCES: tuple[tuple[Gvk, Specs], ...] = (
    *((Gvk(kind=kind), _SCALED) for kind in ("Deployment", "ReplicationController", "ReplicaSet", "StatefulSet")),
    (Gvk("", "v1", "ConfigMap"), tuple(_config_map())),
    (Gvk("", "v1", "Secret"), tuple(_secret())),
    (Gvk("", "v1", "Service"), tuple(_service())),
    (Gvk(_RBAC, "", "Role"), (_ROLE_BINDING,)),
    (
        Gvk(_RBAC, "", "ClusterRole"),
        (_ROLE_BINDING, FieldSpec("roleRef/name", group=_RBAC, kind="ClusterRoleBinding")),
    ),
    (Gvk("", "v1", "ServiceAccount"), tuple(_service_account())),
    (
        Gvk("", "v1", "PersistentVolumeClaim"),
        tuple(_in_pods(("volumes/persistentVolumeClaim/claimName",), _CLAIM_PATHS)),
    ),
    (
        Gvk("", "v1", "PersistentVolume"),
        (
            FieldSpec("spec/volumeName", kind="PersistentVolumeClaim"),
            FieldSpec("rules/resourceNames", kind="ClusterRole"),
        ),
    ),
    (Gvk("storage.k8s.io", "v1", "StorageClass"), tuple(_storage_class())),
    (Gvk("scheduling.k8s.io", "v1", "PriorityClass"), tuple(_in_pods(("priorityClassName",), _CLAIM_PATHS))),
    (Gvk("networking.k8s.io/v1", "v1", "IngressClass"), (FieldSpec("spec/ingressClassName", kind="Ingress"),)),
    (Gvk(_ADMISSION, "", "ValidatingAdmissionPolicy"), (_POLICY_BINDING,)),
)
