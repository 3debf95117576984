"""Databases and search: Zalando and CloudNativePG, Percona, MariaDB, ClickHouse, Elastic, Solr, Atlas, ZooKeeper."""

from __future__ import annotations

from argosy.gitops.health.catalogue.rules import (
    On,
    Table,
    about_kind,
    at,
    by_condition,
    having,
    kind_of,
    listed,
    message,
    ready,
    reason,
    stale,
    states,
    text,
)
from argosy.gitops.health.verdict import Check, Health, degraded, healthy, progressing, suspended
from argosy.machinery.objects import JsonObject

REPORT = (
    "Ensure your ArgoCD is current and then check for/file a bug report: https://github.com/argoproj/argo-cd/issues"
)
COLOURS = {"green": "Healthy", "yellow": "Progressing", "red": "Degraded"}
MARIADB = "k8s.mariadb.com"
MONGO_STATES = states(Healthy="ready", Progressing="initializing stopping", Suspended="paused", Degraded="error")


def zalando_postgres(obj: JsonObject) -> Health:
    state = text(obj, "status", "PostgresClusterStatus")
    if not state:
        return progressing("Waiting for postgres cluster status...")
    if state.endswith("Failed") or state == "Invalid":
        return degraded(state)
    return healthy(state) if state == "Running" else progressing(state)


def elasticsearch(obj: JsonObject) -> Health:
    phase, colour = text(obj, "status", "phase"), text(obj, "status", "health")
    if phase == "Invalid":
        return degraded("Elasticsearch phase is Invalid")
    if phase and phase != "Ready":
        return progressing(f"Elasticsearch phase is {phase}")
    if not phase or colour not in COLOURS:
        return Health("Unknown", f"Elasticsearch Cluster status is unknown. {REPORT}")
    if colour == "green":
        wanted = sum(int(item.get("count") or 0) for item in listed(obj, "spec", "nodeSets"))
        there = int(at(obj, "status", "availableNodes") or 0)
        if wanted != there:
            return progressing(f"The desired amount of availableNodes is {wanted} but the current amount is {there}")
        return healthy("Elasticsearch Cluster status is Green")
    return Health(
        COLOURS[colour],
        f"Elasticsearch Cluster status is {colour.capitalize()}. Check the status of indices, replicas and shards",
    )


def elastic_part(obj: JsonObject) -> Health:
    """Logstash or a Beat: a colour."""
    colour = text(obj, "status", "health")
    if colour not in COLOURS:
        return progressing(f"Waiting for {kind_of(obj)}")
    return Health(COLOURS[colour], f"{kind_of(obj)} status is {colour.capitalize()}")


def mongodb(obj: JsonObject) -> Health:
    state = text(obj, "status", "state")
    nodes = f"{at(obj, 'status', 'ready') or 0}/{at(obj, 'status', 'size') or 0} node(s) are ready"
    return Health(MONGO_STATES.get(state, "Unknown"), nodes)


def xtradb(obj: JsonObject) -> Health:
    state = text(obj, "status", "state")
    nodes = f"{at(obj, 'status', 'ready') or 0}/{at(obj, 'status', 'size') or 0} node(s) are ready"
    told = at(obj, "status", "message")
    by_state = {
        "initializing": progressing(nodes),
        "ready": healthy(nodes),
        "paused": Health("Unknown", "Cluster is paused"),
        "stopping": degraded(f"Cluster is stopping ({nodes})"),
        "error": degraded(
            f"Cluster is on error: {', '.join(map(str, told)) if isinstance(told, list) else told or ''}"
        ),
    }
    return by_state.get(state, Health("Unknown", f"Cluster status is unknown. {REPORT}"))


def mariadb(obj: JsonObject) -> Health:
    """Not ready is a step of the way, unless the operator says it failed."""
    found = having(obj, "Ready")
    if found is None:
        return progressing("No status info available")
    if found.get("status") == "True":
        return healthy(message(found))
    return degraded(message(found)) if reason(found).endswith("Failed") else progressing(message(found))


def mariadb_job(obj: JsonObject) -> Health:
    """A backup or SQL job: failure is told by the reason or the message, whatever the status."""
    found = having(obj, "Complete")
    if found is None:
        return progressing(f"Waiting for {kind_of(obj)}")
    told = f"{reason(found)} {message(found)}"
    if "Failed" in told:
        return degraded(told)
    if found.get("status") == "True":
        return healthy(told)
    moving = message(found) in ("Running", "Scheduled", "Not complete", "Suspended") or reason(found).endswith(
        "Running"
    )
    return progressing(told) if moving else degraded(told)


def clickhouse(obj: JsonObject) -> Health:
    title = "ClickHouse Keeper" if "Keeper" in kind_of(obj) else "ClickHouse"
    state = text(obj, "status", "status")
    if not state:
        return progressing(f"{title} status not yet available")
    if state == "Completed":
        return healthy(f"{title} installation completed successfully")
    if state == "InProgress":
        return progressing(f"{title} installation in progress")
    return Health("Progressing" if state == "Terminating" else "Degraded", f"{title} status: {state}")


def solr(obj: JsonObject) -> Health:
    if not obj.get("status"):
        return progressing("Waiting for solr to exist")
    nodes = listed(obj, "status", "solrNodes")
    there, wanted = at(obj, "status", "readyReplicas") or 0, at(obj, "spec", "replicas") or 1
    if there >= wanted and all(node.get("ready") for node in nodes):
        return healthy("Solr is ready")
    return progressing("Not all replicas are ready")


atlas: Check = ready("Waiting for Atlas to reconcile", say=reason, busy=("Reconciling",))
mariadb_object: Check = ready(about_kind("Waiting for {kind}"))

prometheus: Check = by_condition(
    On("Available", "True", "Healthy", "All instances are available"),
    On("Available", "Degraded", "Progressing", lambda found: message(found) or reason(found)),
    On("Available", "False", "Degraded", lambda found: message(found) or reason(found)),
    waiting="Waiting for initialization",
)

datadog_metric: Check = by_condition(
    On("Error", "True", "Degraded", lambda found: f"{reason(found)}: {message(found)}"),
    On("Valid", "False", "Degraded"),
    On("Valid", "True", "Healthy", "DatadogMetric is healthy"),
    waiting="Waiting for DatadogMetric",
)


def victoria_metrics(obj: JsonObject) -> Health:
    state = text(obj, "status", "updateStatus")
    if stale(obj) or not state:
        return progressing("Waiting for the operator to reconcile")
    if state == "operational":
        return healthy("All components are operational")
    if state == "failed":
        return degraded(text(obj, "status", "reason") or "Reconciliation failed")
    if state == "paused":
        return suspended("Reconciliation is paused")
    return progressing("Reconciliation in progress")


def grafana(obj: JsonObject) -> Health:
    stage, outcome = text(obj, "status", "stage"), text(obj, "status", "stageStatus")
    if not stage:
        return progressing("Waiting for Grafana status info")
    if outcome == "failed":
        return degraded(f"Failed at stage {stage}")
    return healthy() if stage == "complete" and outcome == "success" else progressing(stage)


def grafana_content(obj: JsonObject) -> Health:
    """A dashboard or folder: was it written to the instances? Any other condition that is True is a complaint."""
    for item in listed(obj):
        kind, status = text(item, "type"), text(item, "status")
        told = f"{reason(item)} for {kind} because {message(item)}"
        if kind.endswith("Synchronized") and status == "True":
            return healthy(told)
        if (kind.endswith("Synchronized") and status == "False") or status == "True":
            return degraded(told)
    return progressing()


def grafana_datasource(obj: JsonObject) -> Health:
    if at(obj, "status", "NoMatchingInstances"):
        return degraded("can't find matching grafana instance")
    return healthy() if text(obj, "status", "uid") and text(obj, "status", "hash") else progressing()


CHECKS: Table = {
    ("acid.zalan.do", "postgresql"): zalando_postgres,
    ("elasticsearch.k8s.elastic.co", "Elasticsearch"): elasticsearch,
    ("logstash.k8s.elastic.co", "Logstash"): elastic_part,
    ("psmdb.percona.com", "PerconaServerMongoDB"): mongodb,
    ("pxc.percona.com", "PerconaXtraDBCluster"): xtradb,
    (MARIADB, "MariaDB"): mariadb,
    ("mariadb.mmontes.io", "MariaDB"): mariadb,
    **{(MARIADB, kind): mariadb_job for kind in ("Backup", "SqlJob")},
    **{(MARIADB, kind): mariadb_object for kind in ("Database", "Grant", "User")},
    ("clickhouse.altinity.com", "ClickHouseInstallation"): clickhouse,
    ("solr.apache.org", "SolrCloud"): solr,
    ("db.atlasgo.io", "AtlasMigration"): atlas,
    ("db.atlasgo.io", "AtlasSchema"): atlas,
    ("monitoring.coreos.com", "Prometheus"): prometheus,
    ("datadoghq.com", "DatadogMetric"): datadog_metric,
    ("operator.victoriametrics.com", "*"): victoria_metrics,
    ("grafana.integreatly.org", "Grafana"): grafana,
    ("grafana.integreatly.org", "GrafanaDashboard"): grafana_content,
    ("grafana.integreatly.org", "GrafanaFolder"): grafana_content,
    ("grafana.integreatly.org", "GrafanaDatasource"): grafana_datasource,
    ("grafana-org-operator.kubitus-project.gitlab.io", "*"): ready("Waiting ..."),
}
