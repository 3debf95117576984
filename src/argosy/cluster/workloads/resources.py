"""The kinds that the simulated controllers read and write, by plural. Rollouts: only their size, by autoscalers."""

from __future__ import annotations

from argosy.machinery.objects import GroupKind, JsonObject, Resource, group_kind_of

_NAMESPACED = """
/v1 pods Pod|/v1 services Service|/v1 endpoints Endpoints|/v1 events Event|/v1 configmaps ConfigMap|/v1 secrets Secret
/v1 persistentvolumeclaims PersistentVolumeClaim|/v1 resourcequotas ResourceQuota
/v1 replicationcontrollers ReplicationController|/v1 serviceaccounts ServiceAccount
apps/v1 deployments Deployment|apps/v1 replicasets ReplicaSet|apps/v1 statefulsets StatefulSet
apps/v1 daemonsets DaemonSet|apps/v1 controllerrevisions ControllerRevision|batch/v1 jobs Job|batch/v1 cronjobs CronJob
discovery.k8s.io/v1 endpointslices EndpointSlice|networking.k8s.io/v1 ingresses Ingress
policy/v1 poddisruptionbudgets PodDisruptionBudget|autoscaling/v2 horizontalpodautoscalers HorizontalPodAutoscaler
argoproj.io/v1alpha1 rollouts Rollout
"""
_CLUSTER = """
/v1 nodes Node|/v1 namespaces Namespace|/v1 persistentvolumes PersistentVolume
storage.k8s.io/v1 storageclasses StorageClass
admissionregistration.k8s.io/v1 validatingadmissionpolicies ValidatingAdmissionPolicy
"""


def _read(text: str, *, namespaced: bool) -> list[Resource]:
    found = []
    for word in text.strip().replace("\n", "|").split("|"):
        place, plural, kind = word.split()
        group, _, version = place.partition("/")
        found.append(Resource(group, version, plural, kind, namespaced))
    return found


RESOURCES = {
    resource.plural: resource for resource in [*_read(_NAMESPACED, namespaced=True), *_read(_CLUSTER, namespaced=False)]
}
_BY_KIND: dict[GroupKind, Resource] = {resource.group_kind: resource for resource in RESOURCES.values()}


def resource_of(obj: JsonObject) -> Resource:
    return _BY_KIND[group_kind_of(obj)]
