# ruff: noqa: E501 - one case a line reads better than wrapped ones
"""What is refused on create, in Kubernetes' words: one line a rule."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.machinery.objects import JsonObject

from .vectors import created

CONTAINER = {"name": "c", "image": "i"}


def pod_spec(**more: Any) -> JsonObject:
    return {"containers": [CONTAINER], **more}


def workload(kind: str, template_spec: JsonObject | None = None, **spec: Any) -> JsonObject:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": template_spec or pod_spec()}
    body = {"selector": {"matchLabels": {"a": "b"}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "x", "namespace": "n"}, "spec": body}


def job(template_spec: JsonObject | None = None, **spec: Any) -> JsonObject:
    template = {"spec": template_spec or pod_spec(restartPolicy="Never")}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "x"}, "spec": {"template": template, **spec}}


def cron_job(schedule: str, **spec: Any) -> JsonObject:
    job_template = {"spec": {"template": {"spec": pod_spec(restartPolicy="Never")}}}
    body = {"schedule": schedule, "jobTemplate": job_template, **spec}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "x"}, "spec": body}


def pod(**spec: Any) -> JsonObject:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": pod_spec(**spec)}


def service(**spec: Any) -> JsonObject:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x", "namespace": "n"}, "spec": spec}


def secret(spelled: str, **data: str) -> JsonObject:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}, "type": spelled, "data": data}


def ingress(**path: Any) -> JsonObject:
    rules = [{"http": {"paths": [{"backend": {"service": {"name": "s", "port": {"number": 80}}}, **path}]}}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "x"},
        "spec": {"rules": rules},
    }


def rbac(kind: str, **fields: Any) -> JsonObject:
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": "x"}, **fields}


ROLE = {"kind": "ClusterRole", "name": "r", "apiGroup": "rbac.authorization.k8s.io"}
SCHEDULE = 'spec.schedule: Invalid value: "{}": {}'
POD = "spec.template.spec"

CASES: list[tuple[JsonObject, list[str]]] = [
    (workload("Deployment"), []),
    (workload("Deployment", replicas=-1), ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"]),
    (workload("Deployment", selector=None), ["spec.selector: Required value"]),
    (workload("Deployment", selector={}), ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"]),
    (workload("Deployment", selector={"matchLabels": {"a": "c"}}), ['spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`']),
    (workload("Deployment", selector={"matchExpressions": [{"key": "a", "operator": "In", "values": ["b", "c"]}]}), []),
    (workload("Deployment", strategy={"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}), ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"]),
    (workload("Deployment", strategy={"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}), ["spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"]),
    (workload("Deployment", strategy={"rollingUpdate": {"maxUnavailable": "120%"}}), ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "120%": must not be greater than 100%']),
    (workload("Deployment", strategy={"type": "Slow"}), ['spec.strategy.type: Unsupported value: "Slow": supported values: "Recreate", "RollingUpdate"']),
    (workload("Deployment", progressDeadlineSeconds=5, minReadySeconds=5), ["spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds"]),
    (workload("Deployment", pod_spec(restartPolicy="Never")), [f'{POD}.restartPolicy: Unsupported value: "Never": supported values: "Always"']),
    (workload("Deployment", {"restartPolicy": "Always"}), [f"{POD}.containers: Required value"]),
    (workload("StatefulSet", podManagementPolicy="Odd"), ['spec.podManagementPolicy: Unsupported value: "Odd": supported values: "OrderedReady", "Parallel"']),
    (workload("DaemonSet", updateStrategy={"rollingUpdate": {"maxUnavailable": 0}}), ["spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0"]),
    (workload("ReplicaSet"), []),
    (job(), []),
    (job(pod_spec()), ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"']),
    (job(completionMode="Indexed", parallelism=2), ["spec.completions: Required value: when completion mode is Indexed"]),
    (job(backoffLimit=-1), ["spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0"]),
    (cron_job("*/5 0-6 1,15 jan-mar ?"), []),
    (cron_job("@hourly"), []),
    (cron_job("* * * *"), [SCHEDULE.format("* * * *", "expected exactly 5 fields, found 4: [* * * *]")]),
    (cron_job("61 * * * *"), [SCHEDULE.format("61 * * * *", "end of range (61) above maximum (59): 61")]),
    (cron_job("*/0 * * * *"), [SCHEDULE.format("*/0 * * * *", "step of range should be a positive number: */0")]),
    (cron_job("* * * * 5-2"), [SCHEDULE.format("* * * * 5-2", "beginning of range (5) beyond end of range (2): 5-2")]),
    (cron_job("@never"), [SCHEDULE.format("@never", "unrecognized descriptor: @never")]),
    (cron_job("TZ=UTC 0 * * * *"), [SCHEDULE.format("TZ=UTC 0 * * * *", "cannot use TZ or CRON_TZ in schedule, use timeZone field instead")]),
    (cron_job("0 * * * *", timeZone="Europe/Nowhere"), ['spec.timeZone: Invalid value: "Europe/Nowhere": unknown time zone Europe/Nowhere']),
    (cron_job("0 * * * *", timeZone="../etc/passwd"), ['spec.timeZone: Invalid value: "../etc/passwd": unknown time zone ../etc/passwd']),
    (pod(), []),
    (pod(containers=[{"name": "c"}]), ["spec.containers[0].image: Required value"]),
    (pod(containers=[CONTAINER, CONTAINER]), ['spec.containers[1].name: Duplicate value: "c"']),
    (pod(initContainers=[CONTAINER]), ['spec.initContainers[0].name: Duplicate value: "c"']),
    (pod(containers=[{**CONTAINER, "ports": [{"containerPort": 70000}]}]), ["spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive"]),
    (pod(containers=[{**CONTAINER, "ports": [{"name": "no_good", "containerPort": 1}]}]), ['spec.containers[0].ports[0].name: Invalid value: "no_good": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)']),
    (pod(containers=[{**CONTAINER, "volumeMounts": [{"name": "v", "mountPath": "/v"}]}]), ['spec.containers[0].volumeMounts[0].name: Not found: "v"']),
    (pod(containers=[{**CONTAINER, "env": [{"name": "A", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]}]), ['spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty']),
    (pod(containers=[{**CONTAINER, "resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1500m"}}}]), ['spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1500m']),
    (pod(containers=[{**CONTAINER, "resources": {"limits": {"cpu": "-1"}, "requests": {"cpu": "-1"}}}]), ['spec.containers[0].resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0', 'spec.containers[0].resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0']),
    (pod(containers=[{**CONTAINER, "livenessProbe": {"periodSeconds": -1}}]), ["spec.containers[0].livenessProbe: Required value: must specify a handler type", "spec.containers[0].livenessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0"]),
    (pod(volumes=[{"name": "v", "emptyDir": {}, "configMap": {"name": "x"}}]), ["spec.volumes[0].configMap: Forbidden: may not specify more than 1 volume type"]),
    (pod(volumes=[{"name": "v"}, {"name": "v"}]), ['spec.volumes[1].name: Duplicate value: "v"']),
    (pod(tolerations=[{"operator": "Equal"}]), ['spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"']),
    (service(ports=[{"port": 80}]), []),
    (service(), ["spec.ports: Required value"]),
    (service(clusterIP="None"), []),
    (service(type="ExternalName"), ["spec.externalName: Required value"]),
    (service(ports=[{"port": 80}, {"port": 81}]), ["spec.ports[0].name: Required value", "spec.ports[1].name: Required value"]),
    (service(ports=[{"name": "a", "port": 80}, {"name": "b", "port": 80}]), ['spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}']),
    (service(ports=[{"port": 0}]), ["spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive", "spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive"]),
    (service(ports=[{"port": 80, "nodePort": 30000}]), ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"]),
    (service(type="NodePort", ports=[{"port": 80, "nodePort": 80}]), ["spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767"]),
    (service(clusterIP="1.2.3.4", ports=[{"port": 80}]), ['spec.clusterIPs: Invalid value: ["1.2.3.4"]: failed to allocate IP 1.2.3.4: the provided IP (1.2.3.4) is not in the valid range. The range of valid IPs is 10.96.0.0/16']),
    (secret("kubernetes.io/tls"), ["data[tls.crt]: Required value", "data[tls.key]: Required value"]),
    (secret("kubernetes.io/basic-auth"), ["data[username]: Required value", "data[password]: Required value"]),
    (secret("kubernetes.io/basic-auth", username="eA=="), []),
    (secret("kubernetes.io/dockerconfigjson", **{".dockerconfigjson": "e30="}), []),
    (secret("kubernetes.io/dockerconfigjson", **{".dockerconfigjson": "eA=="}), ['data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": must be valid JSON']),
    (secret("Opaque", **{"..a": "eA=="}), ['data[..a]: Invalid value: "..a": must not start with \'..\'']),
    (ingress(path="/", pathType="Prefix"), []),
    (ingress(path="/"), ["spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified"]),
    (ingress(path="x", pathType="Exact"), ['spec.rules[0].http.paths[0].path: Invalid value: "x": must be an absolute path']),
    (ingress(path="/", pathType="Regex"), ['spec.rules[0].http.paths[0].pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix"']),
    (rbac("Role", rules=[{"verbs": [], "apiGroups": [""], "resources": ["pods"]}]), ["rules[0].verbs: Required value: verbs must contain at least one value"]),
    (rbac("Role", rules=[{"verbs": ["get"], "nonResourceURLs": ["/x"]}]), ['rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs']),
    (rbac("ClusterRole", rules=[{"verbs": ["get"], "nonResourceURLs": ["/x"]}]), []),
    (rbac("ClusterRoleBinding", roleRef=ROLE, subjects=[{"kind": "ServiceAccount", "name": "s"}]), ["subjects[0].namespace: Required value"]),
    (rbac("RoleBinding", roleRef=ROLE, subjects=[{"kind": "Robot", "name": "s"}]), ['subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"']),
    (rbac("ClusterRoleBinding", roleRef={**ROLE, "kind": "Role"}), ['roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"']),
]  # fmt: skip


@pytest.mark.parametrize(("body", "wanted"), CASES)
def test_an_object_is_refused_for_exactly_what_is_wrong_with_it(body: JsonObject, wanted: list[str]) -> None:
    assert created(body)[1] == wanted


def test_containers_of_a_statefulset_may_mount_what_its_claim_templates_give() -> None:
    mounts = [{"name": "data", "mountPath": "/data"}, {"name": "other", "mountPath": "/other"}]
    claim = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    spec = {"containers": [{**CONTAINER, "volumeMounts": mounts}]}
    refused = 'spec.template.spec.containers[0].volumeMounts[1].name: Not found: "other"'
    assert created(workload("StatefulSet", spec, volumeClaimTemplates=[claim]))[1] == [refused]


def test_several_errors_are_reported_together_in_the_recorded_order() -> None:
    body = workload("Deployment", {"containers": [{"name": "C"}], "restartPolicy": "Nope"}, replicas=-1)
    body["spec"]["template"]["metadata"]["labels"] = {"a": "c"}
    fields = [text.partition(":")[0] for text in created(body)[1]]
    assert fields == [
        "spec.replicas",
        "spec.template.metadata.labels",
        "spec.template.spec.containers[0].name",
        "spec.template.spec.containers[0].image",
        "spec.template.spec.restartPolicy",
        "spec.template.spec.restartPolicy",
    ]


def test_a_config_map_over_a_mebibyte_is_too_long() -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "big"}, "data": {"a": "x" * 1048577}}
    assert created(body)[1] == ["[]: Too long: may not be more than 1048576 bytes"]


def test_a_tls_secret_without_a_certificate_only_warns() -> None:
    from .vectors import context, kind_of

    body = secret("kubernetes.io/tls", **{"tls.crt": "", "tls.key": ""})
    obj, causes = created(body)
    strategy: Any = kind_of(body).strategy
    assert causes == []
    assert strategy.warnings(context(), obj, None) == ["tls: failed to find any PEM data in certificate input"]


@pytest.mark.parametrize(
    ("kind", "name", "fine"),
    [
        ("ConfigMap", "a.b-c", True), ("ConfigMap", "B_", False), ("Service", "web", True), ("Service", "1web", False),
        ("Namespace", "a.b", False), ("Namespace", "a1", True), ("ConfigMap", "x" * 254, False),
    ],
)  # fmt: skip
def test_names_follow_the_rule_of_their_kind(kind: str, name: str, fine: bool) -> None:
    from .vectors import kind_of

    errors = kind_of({"apiVersion": "v1", "kind": kind}).strategy.name_errors(name, generate_prefix=False)
    assert (errors == []) is fine


def test_a_prefix_for_generated_names_may_end_with_a_dash() -> None:
    from .vectors import kind_of

    strategy = kind_of({"apiVersion": "v1", "kind": "ConfigMap"}).strategy
    assert strategy.name_errors("web-", generate_prefix=True) == []
    assert strategy.name_errors("web-", generate_prefix=False) != []


def test_role_names_may_contain_colons_but_no_slash() -> None:
    from .vectors import kind_of

    strategy = kind_of({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role"}).strategy
    assert strategy.name_errors("system:x", generate_prefix=False) == []
    assert strategy.name_errors("a/b", generate_prefix=False) == ["may not contain '/'"]
