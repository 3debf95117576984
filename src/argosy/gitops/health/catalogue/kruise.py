"""OpenKruise: its workloads, whose partition may hold back a rollout, its jobs, and its game servers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from argosy.gitops.health.catalogue.rules import Table, at, listed, text
from argosy.gitops.health.verdict import Check, Health, degraded, healthy, number, progressing, suspended
from argosy.machinery.objects import JsonObject

Counts = Callable[[JsonObject, JsonObject], Health | None]
"""The health by the numbers in a status, for a given strategy; None if nothing is certain yet."""


def _set(name: str, updated: str, strategy: tuple[str, ...], counts: Counts) -> Check:
    """A workload: paused, held back by its partition, or by its numbers. `updated` is the required number."""

    def check(obj: JsonObject) -> Health:
        status = obj.get("status")
        waiting = progressing("Waiting for initialization")
        if status is None or at(obj, "metadata", "generation") != status.get("observedGeneration"):
            return waiting
        update = at(obj, "spec", *strategy) or {}
        if update.get("paused") is True or status.get(updated) is None:
            return suspended(f"{name} is paused")
        return counts({**update, "generation": at(obj, "metadata", "generation")}, status) or waiting

    return check


def _holds_back(update: JsonObject, unset: bool) -> bool:
    """A non-zero partition, on an object that was changed; `unset`: whether a missing one counts too."""
    partition = update.get("partition")
    return partition != 0 and (unset or partition is not None) and number(update["generation"]) > 1


def _by_availability(name: str, is_enough: Callable[[JsonObject, JsonObject], bool]) -> Counts:
    def counts(update: JsonObject, status: JsonObject) -> Health | None:
        if _holds_back(update, unset=True):
            return suspended(f"{name} needs manual intervention") if is_enough(update, status) else None
        if status.get("updatedAvailableReplicas") == status.get("replicas"):
            return healthy(f"All {name} workloads are ready and updated")
        return degraded("Some replicas are not ready or available")

    return counts


def _clones_are_updated(_: JsonObject, status: JsonObject) -> bool:
    return number(status.get("updatedReplicas")) >= number(status.get("expectedUpdatedReplicas"))


def _pods_are_updated(update: JsonObject, status: JsonObject) -> bool:
    return number(status.get("updatedReplicas")) > number(status.get("replicas")) - number(update.get("partition"))


def _daemons(update: JsonObject, status: JsonObject) -> Health | None:
    updated, wanted = number(status.get("updatedNumberScheduled")), number(status.get("desiredNumberScheduled"))
    if _holds_back(update, unset=False):
        is_enough = updated > wanted - number(update.get("partition"))
        return suspended("Daemonset needs manual intervention") if is_enough else None
    if updated != wanted:
        return None
    if status.get("numberAvailable") == wanted:
        return healthy("All Daemonset workloads are ready and updated")
    is_down = status.get("numberUnavailable") == wanted
    return degraded("Some pods are not ready or available") if is_down else None


def advanced_cron_job(obj: JsonObject) -> Health:
    is_new = not at(obj, "status", "lastScheduleTime")
    if is_new and at(obj, "spec", "paused") is True:
        return suspended("AdvancedCronJob is Paused")
    if at(obj, "status", "active"):
        return progressing("AdvancedCronJobs has active jobs")
    if is_new:
        return degraded("AdvancedCronJobs has not run successfully")
    return healthy("AdvancedCronJobs has run successfully")


def broadcast_job(obj: JsonObject) -> Health:
    status = obj.get("status") or {}
    phase = status.get("phase")
    if phase == "completed" and status.get("desired") == status.get("succeeded"):
        return healthy("BroadcastJob is completed successfully")
    if phase == "failed" and status.get("failed") != 0:
        return degraded("BroadcastJob failed")
    if phase == "paused" and at(obj, "spec", "paused") is True:
        return suspended("BroadcastJob is Paused")
    return progressing("BroadcastJob is still running")


def game_server(obj: JsonObject) -> Health:
    if obj.get("status") is None:
        return Health("Unknown", "Waiting for GameServer to be ready")
    now, wanted = at(obj, "status", "currentState"), at(obj, "status", "desiredState")
    if now != wanted:
        return progressing(f"State change: {now or 'Unknown'} \N{RIGHTWARDS ARROW} {wanted or 'Unknown'}")
    for condition in listed(obj, "status", "podStatus", "conditions"):
        if condition.get("type") == "KruisePodReady" and condition.get("status") != "True":
            return degraded("Pod is not ready: KruisePodReady")
    return healthy("GameServer is Ready") if now == "Ready" else Health("Unknown", "Waiting for GameServer to be ready")


def game_server_set(obj: JsonObject) -> Health:
    status, waiting = obj.get("status"), progressing("Waiting for GameServerSet initialization")
    if status is None or at(obj, "metadata", "generation") != status.get("observedGeneration"):
        return waiting
    update = at(obj, "spec", "updateStrategy", "rollingUpdate") or {}
    if update.get("paused") is True:
        return suspended("GameServerSet is paused")
    replicas, ready = number(status.get("replicas")), number(status.get("readyReplicas"))
    partition = number(update.get("partition"))
    if partition != 0 and number(status.get("updatedReplicas")) >= replicas - partition:
        return suspended(f"Partition={text(update, 'partition')}, waiting for manual intervention")
    if number(status.get("updatedReadyReplicas")) == replicas:
        return healthy("All GameServerSet replicas are updated and ready")
    return progressing(f"ReadyReplicas {ready}/{replicas}, still progressing") if ready < replicas else waiting


_ROLLING: Final = ("updateStrategy", "rollingUpdate")
CHECKS: Final[Table] = {
    ("apps.kruise.io", "AdvancedCronJob"): advanced_cron_job,
    ("apps.kruise.io", "BroadcastJob"): broadcast_job,
    ("apps.kruise.io", "CloneSet"): _set(
        "Cloneset",
        "updatedAvailableReplicas",
        ("updateStrategy",),
        _by_availability("Cloneset", _clones_are_updated),
    ),
    ("apps.kruise.io", "DaemonSet"): _set("Daemonset", "updatedNumberScheduled", _ROLLING, _daemons),
    ("apps.kruise.io", "StatefulSet"): _set(
        "Statefulset", "updatedAvailableReplicas", _ROLLING, _by_availability("Statefulset", _pods_are_updated)
    ),
    ("game.kruise.io", "GameServer"): game_server,
    ("game.kruise.io", "GameServerSet"): game_server_set,
}
