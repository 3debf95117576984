"""Backups, volumes and object stores: Astra, Trident, Rook, CDI, snapshots, MinIO."""

from __future__ import annotations

from argosy.gitops.health.catalogue.rules import (
    Table,
    at,
    by_value,
    field,
    having,
    kind_of,
    message,
    states,
    text,
)
from argosy.gitops.health.verdict import Check, Health, degraded, healthy, progressing, suspended
from argosy.machinery.objects import JsonObject

ASTRA = "astra.netapp.io"
TENANT_FAILURES = (
    "Statefulset not controlled by operator",
    "Another MinIO Tenant already exists in the namespace",
    "Tenant credentials are not set properly",
    "Different versions across MinIO Pools",
    "Pool Decommissioning Not Allowed",
)


def astra_run(obj: JsonObject) -> Health:
    """A backup or one of its parts: a state, which for a failure is the entire message."""
    state = text(obj, "status", "state")
    if not state:
        return progressing("No status available")
    if state in ("Failed", "Error"):
        return degraded(state)
    return Health("Healthy" if state == "Completed" else "Progressing", f"{kind_of(obj)} {state}")


def astra_application(obj: JsonObject) -> Health:
    found = having(obj, "Ready")
    if found is None:
        return progressing("No status available")
    if found.get("status") == "True":
        return healthy(f"Astra Application Ready, protectionState: {text(obj, 'status', 'protectionState')}")
    return degraded(f"Astra Application Degraded, message: {message(found)}")


def exec_hook(obj: JsonObject) -> Health:
    enabled = at(obj, "spec", "enabled")
    if enabled is None:
        return progressing("No status available")
    return healthy("ExecHook enabled") if enabled else suspended("ExecHook disabled")


def protection_schedule(obj: JsonObject) -> Health:
    last = text(obj, "status", "lastScheduleTime")
    return healthy(f"Protection policy lastScheduleTime: {last}" if last else "Protection policy not yet executed")


def data_volume(obj: JsonObject) -> Health:
    """A running condition with the reason Error outweighs the phase, which stays at its last step."""
    phase, running = text(obj, "status", "phase"), having(obj, "Running")
    if not phase:
        return progressing("No status available")
    if phase == "Succeeded":
        return healthy(phase)
    if running is not None and running.get("status") == "False" and running.get("reason") == "Error":
        return degraded(message(running))
    return degraded(phase) if phase == "Failed" else progressing(phase)


def ceph_cluster(obj: JsonObject) -> Health:
    """Ceph's own health, with details; only if it is good does the state count."""
    status = obj.get("status")
    if status is None:
        return progressing("Waiting for status to be reported")
    state, ceph = at(status, "state"), at(status, "ceph", "health")
    health = {"HEALTH_ERR": "Degraded", "HEALTH_WARN": "Degraded", "HEALTH_OK": "Healthy"}.get(ceph, "Progressing")
    summary = [] if ceph is None else [f"Ceph health is {ceph}{_details(at(status, 'ceph', 'details') or {})}"]
    if state is not None and health == "Healthy":
        summary.append(f"Ceph cluster state is {state}")
        health = {"Created": "Healthy", "Connected": "Healthy", "Error": "Degraded"}.get(state, "Progressing")
    return Health(health, " - ".join(filter(None, [*summary, text(status, "message")])))


def _details(found: JsonObject) -> str:
    details = [text(found, name, "message") for name in sorted(found) if at(found, name, "message") is not None]
    return f" ({'; '.join(details)})" if details else ""


def ceph_object_store(obj: JsonObject) -> Health:
    phase, endpoint = text(obj, "status", "phase"), text(obj, "status", "info", "endpoint")
    if not phase:
        return progressing("Waiting for status to be reported")
    summary = f"Ceph object store phase is {phase}"
    if phase == "Ready":
        return healthy(summary + (f" - endpoint: {endpoint}" if endpoint else ""))
    return degraded(summary) if phase in ("Failure", "Failed", "Error") else progressing(summary)


def trident_backend(obj: JsonObject) -> Health:
    outcome, details = text(obj, "status", "lastOperationStatus"), text(obj, "status", "message")
    if outcome == "Failed":
        return degraded(details)
    return healthy(details) if outcome == "Success" else progressing("Waiting for backend creation")


def trident(obj: JsonObject) -> Health:
    state, details = text(obj, "status", "status"), text(obj, "status", "message")
    if state in ("Failed", "Error"):
        return degraded(details)
    return healthy(details) if state == "Installed" else progressing("Waiting for trident installation")


def bucket_claim(obj: JsonObject) -> Health:
    phase = at(obj, "status", "phase")
    if phase is None:
        return progressing(f"Waiting for {'status' if obj.get('status') is None else 'phase'} to be reported")
    return Health(
        {"Bound": "Healthy", "Failed": "Degraded"}.get(phase, "Progressing"), f"Object bucket claim phase is {phase}"
    )


app_vault: Check = by_value(
    ("status", "state"),
    states(Healthy="available", Degraded="failed"),
    lambda obj: f"AppVault {text(obj, 'status', 'state').capitalize()}",
    "No status available",
)

tenant: Check = by_value(
    ("status", "currentState"),
    {"Initialized": "Healthy", **dict.fromkeys(TENANT_FAILURES, "Degraded")},
    field("status", "currentState"),
    "No status info available",
)


CHECKS: Table = {
    (ASTRA, "AppVault"): app_vault,
    (ASTRA, "Application"): astra_application,
    (ASTRA, "ExecHook"): exec_hook,
    (ASTRA, "Schedule"): protection_schedule,
    **{
        (ASTRA, kind): astra_run
        for kind in ("Backup", "ExecHooksRun", "ResourceBackup", "ResticVolumeBackup", "Snapshot")
    },
    ("cdi.kubevirt.io", "DataVolume"): data_volume,
    ("ceph.rook.io", "CephCluster"): ceph_cluster,
    ("ceph.rook.io", "CephObjectStore"): ceph_object_store,
    ("minio.min.io", "Tenant"): tenant,
    ("objectbucket.io", "ObjectBucketClaim"): bucket_claim,
    ("trident.netapp.io", "TridentBackendConfig"): trident_backend,
    ("trident.netapp.io", "TridentOrchestrator"): trident,
}
