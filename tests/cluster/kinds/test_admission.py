# ruff: noqa: E501 - one case a line reads better than wrapped ones
"""What the server itself adds to Pods, Secrets, Jobs, namespaces, claims, ingresses and certificate requests."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.cluster.kind import User
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError

from .test_validation import CONTAINER, ingress, pod, workload
from .vectors import NOW, UID, Objects, context, created, kind_of, updated


def resources(**values: Any) -> JsonObject:
    return {**CONTAINER, "resources": values}


@pytest.mark.parametrize(
    ("container", "quality"),
    [
        (CONTAINER, "BestEffort"),
        (resources(requests={"cpu": "1"}), "Burstable"),
        (resources(limits={"cpu": "1"}), "Burstable"),
        (resources(limits={"cpu": "1", "memory": "1Gi"}), "Guaranteed"),
        (resources(limits={"cpu": "1", "memory": "1Gi"}, requests={"cpu": "500m"}), "Burstable"),
        (resources(limits={"nvidia.com/gpu": "1"}), "BestEffort"),
    ],
)
def test_the_quality_of_service_follows_from_cpu_and_memory(container: JsonObject, quality: str) -> None:
    assert created(pod(containers=[container]))[0]["status"] == {"phase": "Pending", "qosClass": quality}


def test_a_pod_gets_the_priority_of_its_class_or_of_the_default_one() -> None:
    classes = [
        ("scheduling.k8s.io", "priorityclasses", {"metadata": {"name": name}, "value": value, "globalDefault": default})
        for name, value, default in (("high", 9, False), ("usual", 5, True))
    ]
    ctx = context(reader=Objects(*classes))
    named, _ = created(pod(priorityClassName="high"), ctx)
    unnamed, _ = created(pod(), ctx)
    assert (named["spec"]["priority"], unnamed["spec"]["priority"]) == (9, 5)
    assert unnamed["spec"]["priorityClassName"] == "usual"


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"priorityClassName": "none"}, 'pods "x" is forbidden: no PriorityClass with name none was found'),
        ({"serviceAccountName": "robot"}, 'pods "x" is forbidden: error looking up service account n/robot: serviceaccount "robot" not found'),
    ],
)  # fmt: skip
def test_a_pod_that_names_what_does_not_exist_is_forbidden(spec: JsonObject, text: str) -> None:
    body = pod(**spec)
    body["metadata"]["namespace"] = "n"
    with pytest.raises(StatusError) as caught:
        created(body)
    assert (caught.value.code, caught.value.message) == (403, text)


def test_string_data_wins_over_data_and_is_never_stored() -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "stringData": {"a": "b"},
        "data": {"a": "eA==", "c": "eQ=="},
    }
    obj, _ = created(body)
    assert (obj["data"], "stringData" in obj) == ({"a": "Yg==", "c": "eQ=="}, False)


def test_a_manual_selector_is_left_alone() -> None:
    template = {"metadata": {"labels": {"mine": "1"}}, "spec": {"restartPolicy": "Never", "containers": [CONTAINER]}}
    spec = {"manualSelector": True, "selector": {"matchLabels": {"mine": "1"}}, "template": template}
    obj, causes = created({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": spec})
    assert causes == []
    assert obj["spec"]["selector"] == {"matchLabels": {"mine": "1"}}
    assert UID not in str(obj["spec"])


def test_the_namespace_in_the_label_cannot_be_changed() -> None:
    old, _ = created({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
    change = {**old, "metadata": {"name": "team", "labels": {"kubernetes.io/metadata.name": "other", "a": "b"}}}
    new, _ = updated(old, change)
    assert new["metadata"]["labels"] == {"kubernetes.io/metadata.name": "team", "a": "b"}
    assert (new["spec"], new["status"]) == ({"finalizers": ["kubernetes"]}, {"phase": "Active"})


def test_only_the_finalize_endpoint_empties_a_namespaces_finalizers() -> None:
    old, _ = created({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
    change = {**old, "spec": {"finalizers": []}}
    assert updated(old, change)[0]["spec"] == {"finalizers": ["kubernetes"]}
    assert updated(old, change, "finalize")[0]["spec"] == {}


def marked(name: str, annotation: str, created_at: str) -> JsonObject:
    return {"metadata": {"name": name, "annotations": {annotation: "true"}, "creationTimestamp": created_at}}


def test_the_newest_default_class_is_taken() -> None:
    annotation = "storageclass.kubernetes.io/is-default-class"
    rows = [marked("old", annotation, "2024-01-01T00:00:00Z"), marked("new", annotation, "2025-01-01T00:00:00Z")]
    ctx = context(reader=Objects(*(("storage.k8s.io", "storageclasses", row) for row in rows)))
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "c"},
        "spec": {"accessModes": ["ReadWriteOnce"]},
    }
    assert created(claim, ctx)[0]["spec"]["storageClassName"] == "new"
    none = {**claim, "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": ""}}
    assert created(none, ctx)[0]["spec"]["storageClassName"] == ""
    assert created(claim)[0]["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]


def test_an_ingress_without_class_gets_the_default_unless_the_old_annotation_names_one() -> None:
    row = marked("nginx", "ingressclass.kubernetes.io/is-default-class", "2024-01-01T00:00:00Z")
    ctx = context(reader=Objects(("networking.k8s.io", "ingressclasses", row)))
    body = ingress(path="/", pathType="Prefix")
    assert created(body, ctx)[0]["spec"]["ingressClassName"] == "nginx"
    body["metadata"]["annotations"] = {"kubernetes.io/ingress.class": "traefik"}
    assert "ingressClassName" not in created(body, ctx)[0]["spec"]


def signing_request() -> JsonObject:
    spec = {
        "request": "eA==",
        "signerName": "a.b/c",
        "usages": ["digital signature"],
        "username": "admin",
        "groups": ["system:masters"],
    }
    return {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": {"name": "r"},
        "spec": spec,
    }


def test_a_certificate_request_is_from_who_sent_it_whatever_it_claims() -> None:
    ctx = context(user=User("eve", ("devs",), "u1", {"k": ("v",)}))
    spec = created(signing_request(), ctx)[0]["spec"]
    assert (spec["username"], spec["groups"], spec["uid"], spec["extra"]) == ("eve", ["devs"], "u1", {"k": ["v"]})


def test_approval_takes_conditions_alone_and_dates_them() -> None:
    old, _ = created(signing_request())
    condition = {"type": "Approved", "status": "True", "reason": "R"}
    change = {
        **old,
        "spec": {**old["spec"], "signerName": "x.y/z"},
        "status": {"conditions": [condition], "certificate": "eA=="},
    }

    approved, _ = updated(old, change, "approval")
    by_main, _ = updated(old, change)

    now = NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert approved["spec"] == old["spec"]
    assert approved["status"] == {"conditions": [{**condition, "lastUpdateTime": now, "lastTransitionTime": now}]}
    assert by_main["status"] == old["status"]


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"])
def test_templates_get_no_pod_only_defaults(kind: str) -> None:
    spec = created(workload(kind, {"containers": [resources(limits={"cpu": "1"})], "hostNetwork": True}))[0]["spec"][
        "template"
    ]["spec"]
    assert "enableServiceLinks" not in spec and "serviceAccountName" not in spec
    assert spec["containers"][0]["resources"] == {"limits": {"cpu": "1"}}


@pytest.mark.parametrize(
    "body", [pod(), workload("Deployment"), workload("StatefulSet"), workload("DaemonSet"), signing_request()]
)
def test_defaulting_twice_changes_nothing(body: JsonObject) -> None:
    obj, _ = created(body)
    strategy = kind_of(body).strategy
    again = strategy.decode(obj).obj
    strategy.default(again)
    strategy.canonicalize(again)
    assert again == obj


def test_limit_ranges_fill_what_a_container_leaves_open_and_say_so() -> None:
    limits = {
        "limits": [{"type": "Container", "default": {"cpu": "1"}, "defaultRequest": {"cpu": "500m", "memory": "1Mi"}}]
    }
    row = {"metadata": {"name": "lr", "namespace": "n"}, "spec": limits}
    body = pod(containers=[resources(requests={"cpu": "100m"})])
    body["metadata"]["namespace"] = "n"

    obj, causes = created(body, context(reader=Objects(("", "limitranges", row))))

    assert causes == []
    assert obj["spec"]["containers"][0]["resources"] == {
        "limits": {"cpu": "1"},
        "requests": {"cpu": "100m", "memory": "1Mi"},
    }
    text = "LimitRanger plugin set: memory request for container c; cpu limit for container c"
    assert obj["metadata"]["annotations"] == {"kubernetes.io/limit-ranger": text}
    assert obj["status"]["qosClass"] == "Burstable"
