"""Brokers and their contents: Strimzi, RabbitMQ, Confluent, Banzai, Flink, Spark, Numaflow."""

from __future__ import annotations

from argosy.gitops.health.catalogue.rules import (
    On,
    Table,
    at,
    by_condition,
    having,
    kind_of,
    listed,
    message,
    message_or_reason,
    stale,
    text,
)
from argosy.gitops.health.verdict import Check, Health, degraded, healthy, progressing, suspended
from argosy.machinery.objects import JsonObject

STRIMZI = {
    "Kafka": "Waiting for Kafka Cluster",
    "KafkaBridge": "Waiting for KafkaBridge",
    "KafkaConnect": "Waiting for Kafka Connect",
    "KafkaConnector": "Waiting for KafkaConnector",
    "KafkaTopic": "Waiting for Kafka Topic",
    "KafkaUser": "Waiting for Kafka User",
}
RABBITMQ = ("Binding", "Exchange", "Permission", "Policy", "Queue", "Shovel", "User", "Vhost")
CONFLUENT = ("Connect", "ControlCenter", "Kafka", "KsqlDB", "SchemaRegistry", "Zookeeper")
PROGRESSIVE_RESULT = "numaplane.numaproj.io/progressive-result-state"


def strimzi(waiting: str) -> Check:
    return by_condition(
        On("NotReady", "True", "Progressing", waiting, ("Creating",)),
        On("NotReady", "True", "Degraded"),
        On("ReconciliationPaused", "True", "Suspended", lambda found: message(found) or "Reconciliation is paused"),
        On("Ready", "True", "Healthy", ""),
        waiting=waiting,
    )


def rabbitmq_object(kind: str) -> Check:
    name = kind.lower()
    return by_condition(
        On("Ready", "True", "Healthy", f"RabbitMQ {name} ready", ("SuccessfulCreateOrUpdate",)),
        On("Ready", "False", "Degraded", f"RabbitMQ {name} failed to be created or updated", ("FailedCreateOrUpdate",)),
        waiting=f"RabbitMQ {name} status is unknown",
        otherwise="Unknown",
    )


def rabbitmq_cluster(obj: JsonObject) -> Health:
    refused = having(obj, "ReconcileSuccess", "False")
    if refused is not None:
        return degraded(message(refused))
    available, replicas = having(obj, "ClusterAvailable"), having(obj, "AllReplicasReady")
    if available is None and replicas is None:
        return progressing("Waiting for RabbitMQ Operator")
    found = [text(item, "status") for item in (available, replicas)]
    if any(status not in ("True", "False") for status in found):
        return progressing("Waiting for RabbitMQ cluster readiness (conditions unknown)")
    if found[0] == "False":
        return progressing("Waiting for RabbitMQ cluster formation")
    return (
        progressing("Waiting for RabbitMQ instances ready")
        if found[1] == "False"
        else healthy("RabbitMQ cluster ready")
    )


def confluent(obj: JsonObject) -> Health:
    phase = text(obj, "status", "phase")
    if phase == "RUNNING":
        return healthy(f"{kind_of(obj)} running")
    if phase in ("FAILED", "ERROR"):
        return degraded(f"{kind_of(obj)} failed")
    return progressing(f"{kind_of(obj)} provisioning" if phase else f"Waiting for {kind_of(obj)}")


def flink(obj: JsonObject) -> Health:
    """The requested job is deployed (older operators: success); otherwise the job manager's state counts."""
    reconciled = at(obj, "status", "reconciliationStatus")
    manager = text(obj, "status", "jobManagerDeploymentStatus")
    if reconciled is None:
        return progressing("Waiting for Flink operator")
    if at(reconciled, "success") not in (None, False) or text(reconciled, "state") == "DEPLOYED":
        return healthy()
    if manager in ("DEPLOYED_NOT_READY", "DEPLOYING"):
        return progressing("Waiting for deploying")
    return degraded(text(reconciled, "error")) if manager == "ERROR" else progressing("Waiting for Flink operator")


def numaflow(obj: JsonObject) -> Health:
    """Pipeline and MonoVertex name no failing part; a buffer service or vertex shows its part's message."""
    kind = kind_of(obj)
    if not obj.get("status") or stale(obj):
        return progressing(f"Waiting for {kind} status")
    if (at(obj, "metadata", "labels") or {}).get(PROGRESSIVE_RESULT) == "failed":
        return degraded("Failed progressive upgrade")
    phase = text(obj, "status", "phase")
    if phase == "Failed":
        return degraded(text(obj, "status", "message") or f"{kind} failed")
    if phase in ("Paused", "Pausing"):
        return healthy(f"{kind} is {phase.lower()}")
    failing = next((item for item in listed(obj) if item.get("status") == "False"), None)
    if failing is None:
        return healthy(f"{kind} is healthy")
    is_pipeline = kind in ("Pipeline", "MonoVertex")
    return degraded("Subresources are unhealthy" if is_pipeline else message_or_reason(failing))


def numaplane(obj: JsonObject) -> Health:
    """A rollout of one of these: its phase, then whether its child is deployed and healthy."""
    kind, phase = kind_of(obj), text(obj, "status", "phase")
    if not obj.get("status") or stale(obj):
        return progressing(f"Waiting for {kind} status")
    if phase == "Failed":
        return degraded(text(obj, "status", "message") or f"{kind} failed")
    for item in listed(obj):
        if item.get("type") == "ProgressiveUpgradeSucceeded" and item.get("status") == "False":
            return degraded(f"{kind} Progressive upgrade failed")
    if phase == "Paused":
        return suspended(f"{kind} is paused")
    child = having(obj, "ChildResourceHealthy") or having(obj, "ChildResourcesHealthy")
    if child is not None and child.get("status") == "False":
        moving = child.get("reason") in ("Progressing", "PipelineUnknown", "MonoVertexUnknown", "IsbSvcUnknown")
        return progressing(message(child)) if moving else degraded(message(child))
    return (
        healthy(f"{kind} is healthy") if phase in ("Deployed", "Running") else progressing(f"Waiting for {kind} status")
    )


CHECKS: Table = {
    **{("kafka.strimzi.io", kind): strimzi(waiting) for kind, waiting in STRIMZI.items()},
    **{("rabbitmq.com", kind): rabbitmq_object(kind) for kind in RABBITMQ},
    ("rabbitmq.com", "RabbitmqCluster"): rabbitmq_cluster,
    **{("platform.confluent.io", kind): confluent for kind in CONFLUENT},
    ("flink.apache.org", "FlinkDeployment"): flink,
    **{
        ("numaflow.numaproj.io", kind): numaflow
        for kind in ("InterStepBufferService", "MonoVertex", "Pipeline", "Vertex")
    },
}
