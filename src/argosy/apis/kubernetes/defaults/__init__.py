"""Defaults that upstream sets in code, one table of functions by kind (spec/embedded-kubernetes-kinds.md section 2).

Each function changes the sparse form in place and is idempotent: it runs on every request, on patch results, and on
objects read back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from argosy.apis.kubernetes.defaults import admission, devices, networking, pods, storage, workloads
from argosy.apis.kubernetes.defaults.objects import (
    default_limit_range,
    default_node,
    default_priority_class,
    default_role_binding,
    default_secret,
    default_token_request,
)
from argosy.machinery.objects import GroupKind, JsonObject

Defaulter: TypeAlias = Callable[[JsonObject], None]

DEFAULTS: Mapping[GroupKind, Defaulter] = {
    GroupKind("", "Pod"): pods.default_pod,
    GroupKind("", "PodTemplate"): pods.default_pod_template_object,
    GroupKind("", "ReplicationController"): workloads.default_replication_controller,
    GroupKind("", "Service"): networking.default_service,
    GroupKind("", "Endpoints"): networking.default_endpoints,
    GroupKind("", "Secret"): default_secret,
    GroupKind("", "Node"): default_node,
    GroupKind("", "LimitRange"): default_limit_range,
    GroupKind("", "PersistentVolume"): storage.default_volume,
    GroupKind("", "PersistentVolumeClaim"): storage.default_claim,
    GroupKind("apps", "Deployment"): workloads.default_deployment,
    GroupKind("apps", "ReplicaSet"): workloads.default_replica_set,
    GroupKind("apps", "StatefulSet"): workloads.default_stateful_set,
    GroupKind("apps", "DaemonSet"): workloads.default_daemon_set,
    GroupKind("batch", "Job"): workloads.default_job,
    GroupKind("batch", "CronJob"): workloads.default_cron_job,
    GroupKind("autoscaling", "HorizontalPodAutoscaler"): workloads.default_autoscaler,
    GroupKind("discovery.k8s.io", "EndpointSlice"): networking.default_endpoint_slice,
    GroupKind("networking.k8s.io", "IngressClass"): networking.default_ingress_class,
    GroupKind("networking.k8s.io", "NetworkPolicy"): networking.default_network_policy,
    GroupKind("rbac.authorization.k8s.io", "RoleBinding"): default_role_binding,
    GroupKind("rbac.authorization.k8s.io", "ClusterRoleBinding"): default_role_binding,
    GroupKind("storage.k8s.io", "StorageClass"): storage.default_storage_class,
    GroupKind("storage.k8s.io", "CSIDriver"): storage.default_csi_driver,
    GroupKind("resource.k8s.io", "ResourceClaim"): devices.default_claim,
    GroupKind("resource.k8s.io", "ResourceClaimTemplate"): devices.default_claim_template,
    GroupKind("scheduling.k8s.io", "PriorityClass"): default_priority_class,
    GroupKind("authentication.k8s.io", "TokenRequest"): default_token_request,
    GroupKind("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): admission.default_validating_webhooks,
    GroupKind("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): admission.default_mutating_webhooks,
    GroupKind("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): admission.default_policy,
    GroupKind("admissionregistration.k8s.io", "MutatingAdmissionPolicy"): admission.default_policy,
    GroupKind("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"): admission.default_policy_binding,
    GroupKind("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"): admission.default_policy_binding,
    GroupKind("apiextensions.k8s.io", "CustomResourceDefinition"): admission.default_definition,
}
