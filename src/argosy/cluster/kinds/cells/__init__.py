"""Table rows of the built-in kinds (kinds sheet 4): one function by kind, cells in the order of its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeAlias

from argosy.cluster.kinds.cells import cluster, devices, networking, pods, storage, workloads
from argosy.machinery.objects import GroupKind, JsonObject, JsonValue

Cells: TypeAlias = Callable[[JsonObject, datetime], list[JsonValue]]

_ADMISSION = "admissionregistration.k8s.io"

CELLS: Mapping[GroupKind, Cells] = {
    GroupKind("", "Pod"): pods.pod_cells,
    GroupKind("", "PodTemplate"): workloads.pod_template_cells,
    GroupKind("", "ReplicationController"): workloads.replication_controller_cells,
    GroupKind("", "Service"): networking.service_cells,
    GroupKind("", "Endpoints"): networking.endpoints_cells,
    GroupKind("", "ConfigMap"): cluster.config_map_cells,
    GroupKind("", "Secret"): cluster.secret_cells,
    GroupKind("", "ServiceAccount"): cluster.name_and_age,
    GroupKind("", "Namespace"): cluster.namespace_cells,
    GroupKind("", "Node"): cluster.node_cells,
    GroupKind("", "Event"): cluster.event_cells,
    GroupKind("", "ResourceQuota"): cluster.resource_quota_cells,
    GroupKind("", "ComponentStatus"): cluster.component_status_cells,
    GroupKind("", "PersistentVolume"): storage.volume_cells,
    GroupKind("", "PersistentVolumeClaim"): storage.claim_cells,
    GroupKind("apps", "Deployment"): workloads.deployment_cells,
    GroupKind("apps", "ReplicaSet"): workloads.replica_set_cells,
    GroupKind("apps", "StatefulSet"): workloads.stateful_set_cells,
    GroupKind("apps", "DaemonSet"): workloads.daemon_set_cells,
    GroupKind("apps", "ControllerRevision"): workloads.controller_revision_cells,
    GroupKind("batch", "Job"): workloads.job_cells,
    GroupKind("batch", "CronJob"): workloads.cron_job_cells,
    GroupKind("autoscaling", "HorizontalPodAutoscaler"): workloads.autoscaler_cells,
    GroupKind("policy", "PodDisruptionBudget"): workloads.disruption_budget_cells,
    GroupKind("discovery.k8s.io", "EndpointSlice"): networking.endpoint_slice_cells,
    GroupKind("coordination.k8s.io", "Lease"): cluster.lease_cells,
    GroupKind("networking.k8s.io", "Ingress"): networking.ingress_cells,
    GroupKind("networking.k8s.io", "IngressClass"): networking.ingress_class_cells,
    GroupKind("networking.k8s.io", "NetworkPolicy"): networking.network_policy_cells,
    GroupKind("networking.k8s.io", "IPAddress"): networking.address_cells,
    GroupKind("networking.k8s.io", "ServiceCIDR"): networking.service_range_cells,
    GroupKind("rbac.authorization.k8s.io", "RoleBinding"): cluster.role_binding_cells,
    GroupKind("rbac.authorization.k8s.io", "ClusterRoleBinding"): cluster.role_binding_cells,
    GroupKind("storage.k8s.io", "StorageClass"): storage.storage_class_cells,
    GroupKind("storage.k8s.io", "CSIDriver"): storage.driver_cells,
    GroupKind("storage.k8s.io", "CSINode"): storage.driver_node_cells,
    GroupKind("storage.k8s.io", "CSIStorageCapacity"): storage.capacity_cells,
    GroupKind("storage.k8s.io", "VolumeAttachment"): storage.attachment_cells,
    GroupKind("storage.k8s.io", "VolumeAttributesClass"): storage.attributes_class_cells,
    GroupKind("resource.k8s.io", "DeviceClass"): cluster.name_and_age,
    GroupKind("resource.k8s.io", "ResourceClaim"): devices.claim_cells,
    GroupKind("resource.k8s.io", "ResourceClaimTemplate"): cluster.name_and_age,
    GroupKind("resource.k8s.io", "ResourceSlice"): devices.slice_cells,
    GroupKind("scheduling.k8s.io", "PriorityClass"): cluster.priority_class_cells,
    GroupKind("node.k8s.io", "RuntimeClass"): cluster.runtime_class_cells,
    GroupKind("certificates.k8s.io", "CertificateSigningRequest"): cluster.signing_request_cells,
    GroupKind("apiregistration.k8s.io", "APIService"): cluster.api_service_cells,
    GroupKind("flowcontrol.apiserver.k8s.io", "FlowSchema"): cluster.flow_schema_cells,
    GroupKind("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"): cluster.priority_level_cells,
    GroupKind(_ADMISSION, "ValidatingWebhookConfiguration"): cluster.webhooks_cells,
    GroupKind(_ADMISSION, "MutatingWebhookConfiguration"): cluster.webhooks_cells,
    GroupKind(_ADMISSION, "ValidatingAdmissionPolicy"): cluster.policy_cells,
    GroupKind(_ADMISSION, "MutatingAdmissionPolicy"): cluster.policy_cells,
    GroupKind(_ADMISSION, "ValidatingAdmissionPolicyBinding"): cluster.policy_binding_cells,
    GroupKind(_ADMISSION, "MutatingAdmissionPolicyBinding"): cluster.policy_binding_cells,
}

ROW_CONDITIONS: Mapping[GroupKind, Callable[[JsonObject], list[JsonObject]]] = {
    GroupKind("", "Pod"): pods.pod_row_conditions,
}
