"""Databases and search: Zalando and CloudNativePG, Percona, MariaDB, ClickHouse, Elastic, Solr, Atlas, ZooKeeper."""

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
    ready,
    reason,
    stale,
    states,
    text,
)
from argosy.gitops.health.verdict import Check, Health, degraded, healthy, number, progressing, suspended
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
    """Fewer nodes than wanted come first; if all exist the phase counts, and in phase Ready the colour."""
    there, phase, colour = (at(obj, "status", word) for word in ("availableNodes", "phase", "health"))
    if there is None:
        return _UNKNOWN_CLUSTER
    there = number(there)
    wanted = sum(number(item.get("count")) for item in listed(obj, "spec", "nodeSets"))
    if there < wanted:
        return progressing(f"The desired amount of availableNodes is {wanted} but the current amount is {there}")
    if there > wanted or phase is None or colour is None:
        return _UNKNOWN_CLUSTER
    if phase == "Ready" and colour in COLOURS:
        hint = "" if colour == "green" else ". Check the status of indices, replicas and shards"
        return Health(COLOURS[colour], f"Elasticsearch Cluster status is {colour.capitalize()}{hint}")
    if phase in ("ApplyingChanges", "MigratingData", "Invalid"):
        return Health("Degraded" if phase == "Invalid" else "Progressing", f"Elasticsearch phase is {phase}")
    return _UNKNOWN_CLUSTER


_UNKNOWN_CLUSTER = Health("Unknown", f"Elasticsearch Cluster status is unknown. {REPORT}")


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
    summary = at(obj, "status", "message")
    by_state = {
        "initializing": progressing(nodes),
        "ready": healthy(nodes),
        "paused": Health("Unknown", "Cluster is paused"),
        "stopping": degraded(f"Cluster is stopping ({nodes})"),
        "error": degraded(
            f"Cluster is on error: {', '.join(map(str, summary)) if isinstance(summary, list) else summary or ''}"
        ),
    }
    return by_state.get(state, Health("Unknown", f"Cluster status is unknown. {REPORT}"))


def mariadb(obj: JsonObject) -> Health:
    """The first condition that is not true; if all are, it is healthy with the last one's message."""
    if at(obj, "status", "conditions") is None:
        return progressing("No status info available")
    detail = ""
    for item in listed(obj):
        detail = message(item)
        if item.get("status") == "False":
            return degraded(detail) if reason(item) == "Failed" else progressing(detail)
    return healthy(detail)


def mariadb_backup(obj: JsonObject) -> Health:
    """Like the database's, but a failure is described by a scheduled run's message."""
    if at(obj, "status", "conditions") is None:
        return progressing("No status info available")
    summary = ""
    for item in listed(obj):
        summary = f"{reason(item)} {message(item)}"
        if item.get("status") == "False":
            return degraded(summary) if summary == "CronJobScheduled Failed" else progressing(summary)
    return healthy(summary)


def mariadb_job(obj: JsonObject) -> Health:
    """The reason of a true condition says how the job finished."""
    summary = "No status info available"
    for item in listed(obj):
        summary = f"{reason(item)} {message(item)}"
        if item.get("status") == "True" and reason(item) in _JOB_ENDS:
            return Health(_JOB_ENDS[reason(item)], summary)
    return progressing(summary)


def mariadb_object(obj: JsonObject) -> Health:
    """A database, user or grant: Ready; any other status than True is a failure."""
    detail = "No status info available"
    for item in listed(obj):
        detail = message(item)
        if item.get("type") == "Ready":
            return healthy(detail) if item.get("status") == "True" else degraded(detail)
    return progressing(detail)


_JOB_ENDS = {"JobComplete": "Healthy", "JobFailed": "Degraded"}


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


def atlas(obj: JsonObject) -> Health:
    """Ready by its reason; progress is described by the message."""
    found = having(obj, "Ready")
    if found is None:
        return progressing("Waiting for Atlas Operator")
    if found.get("status") == "True":
        return healthy(reason(found))
    moving = reason(found) == "Reconciling" or message(found) in ("Reconciling", "GettingDevDB")
    return progressing(reason(found)) if moving else degraded(reason(found))


prometheus: Check = by_condition(
    On("Available", "True", "Healthy", "All instances are available"),
    On("Available", "Degraded", "Progressing", lambda found: message(found) or reason(found)),
    On("Available", "False", "Degraded", lambda found: message(found) or reason(found)),
    waiting="Waiting for initialization",
)


def datadog_metric(obj: JsonObject) -> Health:
    """Healthy, unless an error is reported, or it is invalid."""
    if (error := having(obj, "Error", "True")) is not None:
        detail = at(error, "message")
        detail = "DatadogMetric reported an error" if detail is None else str(detail)
        return degraded(f"{reason(error)}: {detail}" if reason(error) else detail)
    if (invalid := having(obj, "Valid", "False")) is not None:
        detail = at(invalid, "message")
        return degraded("DatadogMetric is not valid" if detail is None else str(detail))
    return healthy("DatadogMetric is healthy")


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
    """A dashboard or folder: whether it was written to the instances. Any other condition that is True is an error."""
    for item in listed(obj):
        kind, status = text(item, "type"), text(item, "status")
        summary = f"{reason(item)} for {kind} because {message(item)}"
        if kind.endswith("Synchronized") and status == "True":
            return healthy(summary)
        if (kind.endswith("Synchronized") and status == "False") or status == "True":
            return degraded(summary)
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
    (MARIADB, "Backup"): mariadb_backup,
    (MARIADB, "SqlJob"): mariadb_job,
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
