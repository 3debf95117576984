"""Databases, brokers, storage and data jobs with unique rules: a function each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from argosy.gitops.health.catalogue.rules import Table, at, listed, message, text
from argosy.gitops.health.verdict import Health, degraded, healthy, number, progressing, suspended
from argosy.machinery.objects import JsonObject


def elastic_beat(obj: JsonObject) -> Health:
    health, nodes = at(obj, "status", "health"), at(obj, "status", "expectedNodes")
    if health is None and nodes is None:
        return _UNKNOWN_BEAT
    if health in ("red", "green"):
        colour = str(health).title()
        return Health("Degraded" if health == "red" else "Healthy", f"Elastic Beat status is {colour}")
    there = at(obj, "status", "availableNodes")
    if health == "yellow" and there is not None and nodes is not None:
        return progressing(f"Elastic Beat status is deploying, there is {there} instance(s) on {nodes} expected")
    return progressing("Elastic Beat phase is progressing") if health in (None, "yellow") else _UNKNOWN_BEAT


_UNKNOWN_BEAT: Final = Health(
    "Unknown",
    "Elastic Beat status is unknown. Ensure your ArgoCD is current and then check for/file a bug report: "
    "https://github.com/argoproj/argo-cd/issues",
)


def rook_cassandra(obj: JsonObject) -> Health:
    racks = at(obj, "status", "racks")
    if not isinstance(racks, dict):
        return progressing("Waiting for Cassandra Cluster")
    counts = [(at(rack, "members"), at(rack, "readyMembers")) for rack in racks.values()]
    good = all(members is None or ready is None or members == ready for members, ready in counts)
    return healthy() if good else progressing("Waiting for Cassandra Cluster")


def clickhouse_keeper(obj: JsonObject) -> Health:
    status = at(obj, "status", "status")
    if status is None:
        return progressing("ClickHouseKeeper status not yet available")
    if status == "Completed":
        return healthy("ClickHouseKeeper installation completed successfully")
    if status == "InProgress":
        return progressing("ClickHouseKeeper installation in progress")
    return degraded(f"ClickHouseKeeper status: {status}")


def kafka_cluster(obj: JsonObject) -> Health:
    """Banzai Cloud's: every broker's configuration and balance, then the cluster."""
    waiting, state = progressing("Waiting for KafkaCluster"), at(obj, "status", "state")
    if state == "ClusterRollingUpgrading":
        return progressing("Kafka Cluster is Rolling Upgrading.")
    brokers = at(obj, "status", "brokersState")
    if brokers is None:
        return waiting
    if not all(_is_good_broker(broker) for broker in brokers.values()):
        return degraded("Broker Config is out of Sync or CruiseControlState is not Ready")
    topic = at(obj, "status", "cruiseControlTopicStatus")
    if topic == "CruiseControlTopicReady" and state == "ClusterRunning":
        return healthy("Kafka Brokers, CruiseControl and cluster are in Healthy State.")
    if topic in (None, "CruiseControlTopicNotReady") and state == "ClusterReconciling":
        return progressing("Kafka Cluster is Reconciling.")
    return waiting


def _is_good_broker(broker: Any) -> bool:
    done = at(broker, "gracefulActionState", "cruiseControlState")
    scaled = done in ("GracefulUpscaleSucceeded", "GracefulDownscaleSucceeded")
    return scaled and at(broker, "configurationState") == "ConfigInSync"


def storage_cluster(obj: JsonObject) -> Health:
    healths = {"Degraded": "Degraded", "Progressing": "Progressing", "Available": "Healthy"}
    true = {one.get("type"): message(one) for one in listed(obj) if one.get("status") == "True"}
    found = next((Health(health, true[kind]) for kind, health in healths.items() if kind in true), None)
    return found or Health("Unknown", "StorageCluster is in an unknown state.")


def connector(obj: JsonObject) -> Health:
    state, failed = at(obj, "status", "state"), at(obj, "status", "failedTasksCount")
    if state == "CREATED" and at(obj, "status", "connectorState") == "RUNNING" and failed is None:
        return healthy("Connector running")
    if state == "ERROR":
        found = listed(obj)
        return degraded(message(found[0]) if found else "No conditions available")
    if state is not None and number(failed) > 0:
        return degraded("Connector has failed tasks")
    return progressing("Waiting for Kafka Connector")


_PHASES: Final[Mapping[str, str]] = {
    "Cluster in healthy state": "Healthy",
    **dict.fromkeys(
        (
            "Setting up primary",
            "Creating a new replica",
            "Upgrading cluster",
            "Waiting for the instances to become active",
            "Promoting to primary cluster",
        ),
        "Progressing",
    ),
    **dict.fromkeys(
        (
            "Switchover in progress",
            "Failing over",
            "Upgrading Postgres major version",
            "Cluster upgrade delayed",
            "Waiting for user action",
            "Primary instance is being restarted in-place",
            "Primary instance is being restarted without a switchover",
            "Cluster cannot execute instance online upgrade due to missing architecture binary",
            "Online upgrade in progress",
            "Applying configuration",
        ),
        "Degraded",
    ),
    **dict.fromkeys(
        (
            "Unable to create required cluster objects",
            "Cluster cannot proceed to reconciliation due to an unknown plugin being required",
            "Cluster has incomplete or invalid image catalog",
            "Cluster is unrecoverable and needs manual intervention",
        ),
        "Suspended",
    ),
}


def cloud_native_postgres(obj: JsonObject) -> Health:
    if at(obj, "metadata", "annotations", "cnpg.io/reconciliationLoop") == "disabled":
        return suspended("Cluster reconciliation is suspended")
    summary = text(obj, "status", "phaseReason")
    if at(obj, "status", "conditions") is None:
        return progressing(summary)
    for condition in listed(obj):
        if condition.get("type") == "cnpg.io/hibernation":
            is_asleep = condition.get("status") == "True"
            return suspended(message(condition)) if is_asleep else degraded(message(condition))
    return Health(_PHASES.get(text(obj, "status", "phase"), "Unknown"), summary)


def volume_snapshot(obj: JsonObject) -> Health:
    if at(obj, "status", "readyToUse"):
        return healthy("Ready to use")
    if at(obj, "status", "error") is not None:
        return degraded(text(obj, "status", "error", "message"))
    return progressing("Waiting for status")


_SPARK: Final[Mapping[str, Health]] = {
    "": progressing("SparkApplication was added, enqueuing it for submission"),
    "SUBMITTED": progressing("SparkApplication was submitted successfully"),
    "COMPLETED": healthy("SparkApplication was Completed"),
    "PENDING_RERUN": progressing("SparkApplication is Pending Rerun"),
    "INVALIDATING": Health("Missing", "SparkApplication is in InvalidatingState"),
    "SUCCEEDING": progressing(
        "The driver pod has been completed successfully. The executor pods terminate and are cleaned up.\n"
        + " " * 32
        + "Under this circumstances, we assume the executor pod are completed."
    ),
    "UNKNOWN": progressing(
        "SparkApplication is in UnknownState because either driver pod or one or all executor pods in unknown state  "
    ),
}


def spark_application(obj: JsonObject) -> Health:
    state = at(obj, "status", "applicationState", "state")
    if state == "RUNNING" and _has_executors(obj):
        return healthy("SparkApplication is Running")
    if state in ("FAILED", "SUBMISSION_FAILED", "FAILING"):
        return degraded(text(obj, "status", "applicationState", "errorMessage"))
    return _SPARK.get("?" if state is None else state, progressing("Waiting for Executor pods"))


def _has_executors(obj: JsonObject) -> bool:
    """As many run as are requested: a number, a range, or at least one if neither is given."""
    states = at(obj, "status", "executorState")
    if states is None:
        return False
    count = sum(state == "RUNNING" for state in states.values())
    wanted = at(obj, "spec", "executor", "instances")
    if wanted is not None and wanted == count:
        return True
    if (limits := _executor_range(obj)) is not None:
        least, most = limits
        return bool(least <= count <= most)
    return at(obj, "spec", "dynamicAllocation") is None and wanted is None and count >= 1


def _executor_range(obj: JsonObject) -> tuple[float, float] | None:
    allocation, conf = at(obj, "spec", "dynamicAllocation"), at(obj, "spec", "sparkConf")
    if at(allocation, "enabled"):
        return number(at(allocation, "minExecutors")), number(at(allocation, "maxExecutors")) or math.inf
    for prefix in ("spark.streaming.dynamicAllocation", "spark.dynamicAllocation"):
        if at(conf, f"{prefix}.enabled") == "true":
            most = at(conf, f"{prefix}.maxExecutors")
            return number(at(conf, f"{prefix}.minExecutors")), math.inf if most is None else number(most)
    return None


def zookeeper(obj: JsonObject) -> Health:
    ready = at(obj, "status", "readyReplicas")
    if obj.get("status") is not None and ready != 0 and ready == at(obj, "status", "replicas"):
        return healthy("All ZK Nodes have joined the ensemble")
    return progressing("Waiting for ZK Nodes to join the ensemble")


CHECKS: Final[Table] = {
    ("beat.k8s.elastic.co", "Beat"): elastic_beat,
    ("cassandra.rook.io", "Cluster"): rook_cassandra,
    ("clickhouse-keeper.altinity.com", "ClickHouseKeeperInstallation"): clickhouse_keeper,
    ("kafka.banzaicloud.io", "KafkaCluster"): kafka_cluster,
    ("ocs.openshift.io", "StorageCluster"): storage_cluster,
    ("platform.confluent.io", "Connector"): connector,
    ("postgresql.cnpg.io", "Cluster"): cloud_native_postgres,
    ("snapshot.storage.k8s.io", "VolumeSnapshot"): volume_snapshot,
    ("snapshot.storage.k8s.io", "VolumeSnapshotContent"): volume_snapshot,
    ("sparkoperator.k8s.io", "SparkApplication"): spark_application,
    ("zookeeper.pravega.io", "ZookeeperCluster"): zookeeper,
}
