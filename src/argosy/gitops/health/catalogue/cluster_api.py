"""Cluster API: clusters, machines and their owners. The phase counts, and also Ready if it is reported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from argosy.gitops.health.catalogue.rules import On, Table, at, by_condition, listed, message, text
from argosy.gitops.health.verdict import Health, degraded, healthy, progressing, suspended
from argosy.machinery.objects import JsonObject

GROUP: Final = "cluster.x-k8s.io"


def cluster(obj: JsonObject) -> Health:
    if at(obj, "spec", "paused"):
        return suspended("Cluster is paused")
    for condition in listed(obj):
        if _is_not_ready(condition) and condition.get("severity") != "Info":
            return degraded(message(condition))
    phases = {"Provisioned": healthy("Cluster is running"), "Failed": degraded()}
    return phases.get(text(obj, "status", "phase"), progressing("Waiting for clusters"))


def machine(obj: JsonObject) -> Health:
    phase = text(obj, "status", "phase")
    if phase == "Running":
        return healthy("Machine is running")
    found = next((condition for condition in listed(obj) if _is_not_ready(condition)), None)
    summary = "Condition is unknown" if found is None else message(found)
    return degraded(summary) if phase == "Failed" else progressing(summary)


_DEPLOYMENTS: Final[Mapping[str, Health]] = {
    "Running": healthy("Machines are running under this deployment"),
    "ScalingUp": progressing("Cluster is spawning machines"),
    "ScalingDown": progressing("Cluster is stopping machines"),
    "Failed": degraded("MachineDeployment is failed"),
}


def machine_deployment(obj: JsonObject) -> Health:
    if at(obj, "spec", "paused"):
        return suspended("MachineDeployment is paused")
    return _DEPLOYMENTS.get(text(obj, "status", "phase"), progressing("Waiting for machines"))


def machine_pool(obj: JsonObject) -> Health:
    phase = text(obj, "status", "phase")
    status = {"Running": "Healthy", "Scaling": "Healthy", "Failed": "Degraded", "Unknown": "Degraded"}
    summary = f"MachinePool is {phase}" if phase else ""
    missing = [_missing(condition) for condition in listed(obj) if condition.get("status") == "False"]
    if missing:
        summary += f": {', '.join(missing)}"
    return Health(status.get(phase, "Progressing"), summary)


def _missing(condition: JsonObject) -> str:
    reason = condition.get("reason")
    return f"Not {condition.get('type')}" + (f" ({reason})" if reason is not None else "")


def health_check(obj: JsonObject) -> Health:
    now = at(obj, "status", "currentHealthy")
    if now is None:
        return progressing()
    return healthy() if at(obj, "status", "expectedMachines") == now else degraded()


def _is_not_ready(condition: JsonObject) -> bool:
    return condition.get("type") == "Ready" and condition.get("status") == "False"


CHECKS: Final[Table] = {
    (GROUP, "Cluster"): cluster,
    (GROUP, "Machine"): machine,
    (GROUP, "MachineDeployment"): machine_deployment,
    (GROUP, "MachinePool"): machine_pool,
    (GROUP, "MachineHealthCheck"): health_check,
    ("addons.cluster.x-k8s.io", "ClusterResourceSet"): by_condition(
        On("ResourcesApplied", "True", "Healthy", "cluster resource set is applied"),
        On("ResourcesApplied", "False", "Degraded"),
        waiting="Initializing cluster resource set",
    ),
}
