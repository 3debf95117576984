# ruff: noqa: E501 - one case a line reads better than wrapped ones
"""What an update keeps, what it may not change, and when the generation moves."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from argosy.machinery.objects import JsonObject

from .test_validation import cron_job, job, pod, rbac, service, workload
from .vectors import created, kind_of, kinds, updated

STATEFUL = (
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "x"},
    "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "a", "resources": {"requests": {"storage": "1Gi"}}},
}
ROLE_REF = {"kind": "Role", "name": "r", "apiGroup": "rbac.authorization.k8s.io"}


def changed(body: JsonObject, path: str, value: Any) -> JsonObject:
    """A copy with the value at a dotted path replaced."""
    copied = copy.deepcopy(body)
    *parents, last = path.split(".")
    place: Any = copied
    for name in parents:
        place = place[int(name)] if name.isdigit() else place.setdefault(name, {})
    place[int(last) if last.isdigit() else last] = value
    return copied


SELECTOR = 'spec.selector: Invalid value: {"matchLabels":{"c":"d"}}: field is immutable'
LABELS = 'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`'


@pytest.mark.parametrize(
    ("body", "path", "value", "wanted"),
    [
        (workload("Deployment"), "spec.replicas", 3, []),
        (workload("Deployment"), "spec.selector", {"matchLabels": {"c": "d"}}, [LABELS, SELECTOR]),
        (workload("DaemonSet"), "spec.selector", {"matchLabels": {"c": "d"}}, [LABELS, SELECTOR]),
        (workload("StatefulSet"), "spec.serviceName", "other", [STATEFUL]),
        (workload("StatefulSet"), "spec.replicas", 5, []),
        (job(), "spec.parallelism", 0, []),
        (job(), "spec.completions", 2, ["spec.completions: Invalid value: 2: field is immutable"]),
        (job(), "spec.completionMode", "Indexed", ['spec.completionMode: Invalid value: "Indexed": field is immutable']),
        (job(completionMode="Indexed", completions=2, parallelism=2), "spec", {"completions": 3, "parallelism": 3}, []),
        (CLAIM, "spec.resources.requests.storage", "2Gi", []),
        (CLAIM, "spec.resources.requests.storage", "1Mi", ["spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"]),
        (CLAIM, "spec.volumeName", "v", []),
        (CLAIM, "spec.storageClassName", "b", ["spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"]),
        (pod(), "spec.containers.0.image", "other", []),
        (pod(), "spec.tolerations", [{"operator": "Exists"}], []),
        (pod(), "spec.activeDeadlineSeconds", 10, []),
        (rbac("RoleBinding", roleRef=ROLE_REF), "roleRef.name", "s", ['roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"s"}: cannot change roleRef']),
        ({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}, "type": "a"}, "type", "b", ['type: Invalid value: "b": field is immutable']),
        ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "immutable": True, "data": {"a": "1"}}, "data", {"a": "2"}, ["data: Forbidden: field is immutable when `immutable` is set"]),
        ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "immutable": True}, "immutable", False, ["immutable: Forbidden: field is immutable when `immutable` is set"]),
        ({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "x"}, "provisioner": "p/q"}, "provisioner", "r/s", ["provisioner: Forbidden: updates to provisioner are forbidden."]),
        ({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "x"}, "value": 1}, "value", 2, ["value: Forbidden: may not be changed in an update."]),
        (service(ports=[{"port": 80}]), "spec.clusterIP", "10.96.200.200", ['spec.clusterIPs[0]: Invalid value: ["10.96.200.200"]: may not change once set']),
    ],
)  # fmt: skip
def test_an_update_changes_only_what_may_change(body: JsonObject, path: str, value: Any, wanted: list[str]) -> None:
    old, causes = created(body)
    assert causes == []
    change = copy.deepcopy(old)
    if path == "spec":
        change["spec"].update(value)
    else:
        change = changed(change, path, value)
    if path == "spec.clusterIP":
        change["spec"]["clusterIPs"] = [value]

    assert updated(old, change)[1] == wanted


@pytest.mark.parametrize(
    ("path", "value"), [("spec.hostNetwork", True), ("spec.containers.0.command", ["x"]), ("spec.nodeName", "n")]
)
def test_a_pod_is_fixed_but_for_a_few_fields(path: str, value: Any) -> None:
    old, _ = created(pod())
    [text] = updated(old, changed(old, path, value))[1]
    assert text.startswith("spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`")


def test_the_main_endpoint_ignores_status_and_the_status_endpoint_all_else() -> None:
    old, _ = created(workload("Deployment"))
    change = changed(changed(old, "status", {"replicas": 4}), "spec.replicas", 7)

    by_main, _ = updated(old, change)
    by_status, _ = updated(
        old, changed(changed(change, "metadata.labels", {"l": "1"}), "metadata.annotations", {"n": "1"}), "status"
    )

    assert (by_main["spec"]["replicas"], by_main["status"]) == (7, old["status"])
    assert (by_status["spec"], by_status["status"]) == (old["spec"], {"replicas": 4})
    assert by_status["metadata"].get("labels") is None
    assert by_status["metadata"]["annotations"] == {"n": "1"}


@pytest.mark.parametrize(
    ("body", "path", "value", "goes_up"),
    [
        (workload("Deployment"), "spec.replicas", 3, True),
        (workload("Deployment"), "metadata.annotations", {"a": "b"}, True),
        (workload("Deployment"), "metadata.labels", {"a": "b"}, False),
        (workload("ReplicaSet"), "metadata.annotations", {"a": "b"}, False),
        (workload("Deployment"), "status.replicas", 3, False),
        (cron_job("@hourly"), "spec.suspend", True, True),
        (service(ports=[{"port": 80}]), "spec.type", "NodePort", False),
        ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}, "data", {"a": "b"}, False),
        ({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "x"}, "addressType": "IPv4", "endpoints": []}, "metadata.labels", {"a": "b"}, True),
        ({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "x"}, "value": 1}, "description", "d", False),
    ],
)  # fmt: skip
def test_the_generation_moves_with_what_the_kind_counts(body: JsonObject, path: str, value: Any, goes_up: bool) -> None:
    old, _ = created(body)
    strategy = kind_of(body).strategy
    assert not strategy.spec_changed(copy.deepcopy(old), old)
    assert strategy.spec_changed(changed(old, path, value), old) is goes_up


def test_a_sparse_body_that_says_the_same_is_no_change() -> None:
    old, _ = created(workload("Deployment"))
    strategy = kind_of(old).strategy
    again = strategy.decode(workload("Deployment")).obj
    strategy.default(again)
    assert not strategy.spec_changed(again, old)


def test_a_daemon_set_counts_the_generations_of_its_template() -> None:
    old, _ = created(workload("DaemonSet"))
    name = "deprecated.daemonset.template.generation"
    same, _ = updated(old, changed(old, "spec.minReadySeconds", 3))
    moved, _ = updated(same, changed(same, "spec.template.spec.containers.0.image", "other"))
    assert [item["metadata"]["annotations"][name] for item in (old, same, moved)] == ["1", "1", "2"]


def flags(name: str) -> set[str]:
    return {kind.resource.kind for kind in kinds() if getattr(kind.strategy, name) and "update" in kind.verbs}


def test_the_kinds_that_an_update_may_create() -> None:
    assert flags("allows_create_on_update") == {
        "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "Lease", "LimitRange", "Event", "Service", "Endpoints", "RuntimeClass",
    }  # fmt: skip


def test_the_kinds_that_refuse_an_update_without_a_version() -> None:
    writable = {kind.resource.kind for kind in kinds() if "update" in kind.verbs}
    refusing = writable - flags("allows_unconditional_update")
    assert {"Lease", "PodDisruptionBudget", "ValidatingWebhookConfiguration", "RuntimeClass", "CSIDriver"} <= refusing
    assert not {"Deployment", "ConfigMap", "Service", "Role"} & refusing


def test_the_kinds_that_count_generations() -> None:
    without = {kind.resource.kind for kind in kinds()} - flags("has_generation")
    assert {
        "ConfigMap",
        "Secret",
        "Service",
        "ServiceAccount",
        "Namespace",
        "Lease",
        "Role",
        "Node",
        "Event",
    } <= without
    assert {"Pod", "Deployment", "Job", "Ingress", "NetworkPolicy", "CustomResourceDefinition"} <= flags(
        "has_generation"
    )


def test_reset_fields_are_those_that_the_endpoint_ignores() -> None:
    strategy = kind_of({"apiVersion": "apps/v1", "kind": "Deployment"}).strategy
    assert strategy.reset_fields("") == (("status",),)
    assert set(strategy.reset_fields("status")) == {("spec",), ("metadata", "labels")}
    assert kind_of({"apiVersion": "v1", "kind": "ConfigMap"}).strategy.reset_fields("") == ()


def test_field_labels_of_a_pod() -> None:
    obj, _ = created(pod(nodeName="n1"))
    labels = kind_of(obj).strategy.field_labels(obj)
    assert labels["spec.nodeName"] == "n1"
    assert labels["spec.hostNetwork"] == "false"
    assert labels["status.phase"] == "Pending"
    assert frozenset(labels) == kind_of(obj).strategy.field_label_names()
