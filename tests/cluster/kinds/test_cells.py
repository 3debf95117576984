# ruff: noqa: E501 - one case a line reads better than wrapped ones
"""Cells whose rules have an order, or more than one form."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.cluster.kinds.cells.plain import human_duration
from argosy.machinery.objects import JsonObject, JsonValue

from .vectors import NOW, created, kind_of, kinds


def cells(obj: JsonObject) -> dict[str, JsonValue]:
    kind = kind_of(obj)
    row = kind.strategy.cells({**obj, "metadata": {"name": "x", **obj.get("metadata", {})}}, NOW)
    return dict(zip((column.name for column in kind.columns), row, strict=True))


@pytest.mark.parametrize(
    "kind", [kind for kind in kinds() if "list" in kind.verbs], ids=lambda kind: str(kind.resource.kind)
)
def test_every_kind_has_a_cell_for_each_column_even_of_an_empty_object(kind: Any) -> None:
    obj = kind.strategy.decode({"metadata": {"name": "x"}}).obj
    kind.strategy.default(obj)
    kind.strategy.canonicalize(obj)
    assert len(kind.strategy.cells(obj, NOW)) == len(kind.columns)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"), (-1, "0s"), (0, "0s"), (119, "119s"), (120, "2m"), (125, "2m5s"), (599, "9m59s"), (600, "10m"),
        (10799, "179m"), (10800, "3h"), (11000, "3h3m"), (28799, "7h59m"), (28800, "8h"), (172799, "47h"), (172800, "2d"),
        (180000, "2d2h"), (691199, "7d23h"), (691200, "8d"), (63071999, "729d"), (63072000, "2y"), (70000000, "2y80d"),
        (252288000, "8y"),
    ],
)  # fmt: skip
def test_ages_lose_their_second_unit_as_they_grow(seconds: int, text: str) -> None:
    assert human_duration(seconds) == text


def status(name: str, **state: Any) -> JsonObject:
    return {"name": name, "state": state, "ready": "running" in state, "restartCount": 0}


def pod(statuses: list[JsonObject], init: list[JsonObject] | None = None, **more: Any) -> JsonObject:
    spec = {
        "containers": [{"name": item["name"]} for item in statuses] or [{"name": "a"}],
        "initContainers": [{"name": item["name"], **more.pop("init_spec", {})} for item in init or ()],
    }
    state = {"phase": more.pop("phase", "Running"), "containerStatuses": statuses, "initContainerStatuses": init or []}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": more.pop("metadata", {}),
        "spec": spec,
        "status": {**state, **more},
    }


RUNNING = {"running": {"startedAt": "2026-01-02T03:00:00Z"}}


@pytest.mark.parametrize(
    ("obj", "text"),
    [
        (pod([], phase="Pending"), "Pending"),
        (pod([], phase="Failed", reason="Evicted"), "Evicted"),
        (pod([], phase="Pending", conditions=[{"type": "PodScheduled", "reason": "SchedulingGated"}]), "SchedulingGated"),
        (pod([status("a", waiting={"reason": "CrashLoopBackOff"})]), "CrashLoopBackOff"),
        (pod([status("a", terminated={"reason": "Completed", "exitCode": 0})], phase="Succeeded"), "Completed"),
        (pod([status("a", terminated={"exitCode": 3})]), "ExitCode:3"),
        (pod([status("a", terminated={"signal": 9, "exitCode": 137})]), "Signal:9"),
        (pod([status("a", waiting={"reason": "First"}), status("b", waiting={"reason": "Second"})]), "First"),
        (pod([status("a", terminated={"reason": "Completed"}), status("b", **RUNNING)], conditions=[{"type": "Ready", "status": "True"}]), "Running"),
        (pod([status("a", terminated={"reason": "Completed"}), status("b", **RUNNING)]), "NotReady"),
        (pod([], [status("i", running={})], phase="Pending"), "Init:0/1"),
        (pod([], [status("i", waiting={"reason": "ImagePullBackOff"})]), "Init:ImagePullBackOff"),
        (pod([], [status("i", waiting={"reason": "PodInitializing"})]), "Init:0/1"),
        (pod([], [status("i", terminated={"exitCode": 1, "reason": "Error"})]), "Init:Error"),
        (pod([], [status("i", terminated={"exitCode": 2})]), "Init:ExitCode:2"),
        (pod([status("a", **RUNNING)], metadata={"deletionTimestamp": "2026-01-02T03:04:00Z"}), "Terminating"),
        (pod([status("a", **RUNNING)], reason="NodeLost", metadata={"deletionTimestamp": "2026-01-02T03:04:00Z"}), "Unknown"),
        (pod([status("a", terminated={"reason": "Completed"})], phase="Succeeded", metadata={"deletionTimestamp": "2026-01-02T03:04:00Z"}), "Completed"),
    ],
)  # fmt: skip
def test_the_pod_status_cell_is_decided_in_upstreams_order(obj: JsonObject, text: str) -> None:
    assert cells(obj)["Status"] == text


def test_restarts_show_the_age_of_the_last_one() -> None:
    again = {
        **status("a", **RUNNING),
        "restartCount": 3,
        "lastState": {"terminated": {"finishedAt": "2026-01-02T03:03:35Z"}},
    }
    assert cells(pod([again]))["Restarts"] == "3 (30s ago)"
    assert cells(pod([status("a", **RUNNING)]))["Restarts"] == "0"


def test_a_finished_pod_marks_its_row() -> None:
    strategy = kind_of({"apiVersion": "v1", "kind": "Pod"}).strategy
    [condition] = strategy.row_conditions(pod([], phase="Succeeded"))
    assert (condition["type"], condition["status"], condition["reason"]) == ("Completed", "True", "Succeeded")
    assert strategy.row_conditions(pod([], phase="Running")) == []


@pytest.mark.parametrize(
    ("spec", "service_status", "text"),
    [
        ({"type": "ClusterIP"}, {}, "<none>"),
        ({"type": "ClusterIP", "externalIPs": ["1.1.1.1", "2.2.2.2"]}, {}, "1.1.1.1,2.2.2.2"),
        ({"type": "LoadBalancer"}, {}, "<pending>"),
        ({"type": "LoadBalancer"}, {"loadBalancer": {"ingress": [{"ip": "2.2.2.2"}, {"hostname": "b"}, {"ip": "1.1.1.1"}]}}, "1.1.1.1,2.2.2.2,b"),
        ({"type": "ExternalName", "externalName": "a.b"}, {}, "a.b"),
    ],
)  # fmt: skip
def test_the_external_address_of_a_service_depends_on_its_type(
    spec: JsonObject, service_status: JsonObject, text: str
) -> None:
    assert cells({"apiVersion": "v1", "kind": "Service", "spec": spec, "status": service_status})["External-IP"] == text


def test_node_ports_are_shown_with_their_ports() -> None:
    ports = [{"port": 80, "nodePort": 30080, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]
    assert cells({"apiVersion": "v1", "kind": "Service", "spec": {"ports": ports}})["Port(s)"] == "80:30080/TCP,53/UDP"


@pytest.mark.parametrize(
    ("spec", "job_status", "text"),
    [
        ({"completions": 3}, {"succeeded": 1}, "1/3"),
        ({"parallelism": 2}, {}, "0/1 of 2"),
        ({"parallelism": 1}, {"succeeded": 1}, "1/1"),
    ],
)
def test_job_completions_say_what_they_wait_for(spec: JsonObject, job_status: JsonObject, text: str) -> None:
    assert cells({"apiVersion": "batch/v1", "kind": "Job", "spec": spec, "status": job_status})["Completions"] == text


def test_hosts_and_endpoints_are_cut_after_three() -> None:
    rules = [{"host": f"h{index}"} for index in range(5)]
    ingress = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "spec": {"rules": rules}}
    assert cells(ingress)["Hosts"] == "h0,h1,h2 + 2 more..."
    subsets = [{"addresses": [{"ip": f"10.0.0.{index}"} for index in range(4)], "ports": [{"port": 80}]}]
    endpoints = {"apiVersion": "v1", "kind": "Endpoints", "subsets": subsets}
    assert cells(endpoints)["Endpoints"] == "10.0.0.0:80,10.0.0.1:80,10.0.0.2:80 + 1 more..."


def test_autoscaler_targets_show_what_is_unknown() -> None:
    body = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "h"}}
    obj, _ = created({**body, "spec": {"maxReplicas": 3, "scaleTargetRef": {"kind": "Deployment", "name": "d"}}})
    row = cells(obj)
    assert (row["Reference"], row["Targets"], row["MinPods"], row["MaxPods"]) == (
        "Deployment/d",
        "cpu: <unknown>/80%",
        "1",
        3,
    )


def test_a_signing_request_shows_its_condition() -> None:
    conditions = [{"type": "Approved"}]
    body = {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "spec": {}}
    assert cells(body)["Condition"] == "Pending"
    assert cells({**body, "status": {"conditions": conditions}})["Condition"] == "Approved"
    assert (
        cells({**body, "status": {"conditions": conditions, "certificate": "eA=="}})["Condition"] == "Approved,Issued"
    )
