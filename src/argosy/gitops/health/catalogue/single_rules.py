"""Kinds with unique rules: a function each, as its project documents its status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from argosy.gitops.health.catalogue.rules import On, Table, at, by_condition, listed, message, text
from argosy.gitops.health.verdict import Check, Health, degraded, healthy, number, progressing, suspended
from argosy.machinery.objects import JsonObject


def deployment_config(obj: JsonObject) -> Health:
    """OpenShift's: both of two conditions, or no replicas at all."""
    waiting = progressing("replication controller is waiting for pods to run")
    replicas = at(obj, "status", "replicas")
    if at(obj, "status", "conditions") is None or replicas is None:
        return waiting
    met = sum(_is_rolled_out(condition) for condition in listed(obj))
    if met == 2 or replicas == 0:
        return healthy("replication controller successfully rolled out")
    return waiting if met == 1 else degraded("Deployment config is degraded")


def _is_rolled_out(condition: JsonObject) -> bool:
    done = condition.get("type") == "Progressing" and condition.get("reason") == "NewReplicationControllerAvailable"
    return (condition.get("type") == "Available" or done) and condition.get("status") == "True"


def crossplane(waiting: str) -> Check:
    """A resource of Crossplane's first AWS provider: Ready, Synced and whether reconciling is paused."""

    def check(obj: JsonObject) -> Health:
        if at(obj, "status", "conditions") is None:
            return progressing(f"Waiting for {waiting} to be created")
        found = {condition.get("type"): condition for condition in listed(obj)}
        ready, synced = found.get("Ready", {}), found.get("Synced", {})
        is_ready, is_synced = ready.get("status") == "True", synced.get("status") == "True"
        is_paused = synced.get("reason") == "ReconcilePaused"
        if is_ready and is_synced:
            return healthy(text(ready, "reason"))
        if is_paused and not is_synced:
            return suspended("ReconcilePaused")
        if is_synced and not is_ready and not is_paused:
            return progressing(f"Waiting for {waiting} to be available")
        return degraded(message(synced) if synced.get("reason") == "ReconcileError" else "")

    return check


_SHOOTS: Final[Mapping[str, Health]] = {
    "healthy": healthy("Component state: Healthy"),
    "progressing": progressing("Component state: Update in progress"),
    "unhealthy": degraded("Component state: Unhealthy"),
    "unknown": Health("Unknown", "Component state: Unknown"),
}


def shoot(obj: JsonObject) -> Health:
    label = at(obj, "metadata", "labels", "shoot.gardener.cloud/status")
    return _SHOOTS.get(str(label), progressing("Update in progress"))


def cluster_external_secret(obj: JsonObject) -> Health:
    """The last condition counts."""
    found = listed(obj)
    last: JsonObject = found[-1] if found else {}
    healths = {"Ready": "Healthy", "PartiallyReady": "Degraded", "NotReady": "Degraded"}
    if last.get("status") == "True" and last.get("type") in healths:
        return Health(healths[str(last["type"])], message(last))
    return progressing("Waiting for ClusterExternalSecret")


def virtual_machine_instance(obj: JsonObject) -> Health:
    phase = text(obj, "status", "phase")
    phases = {"Failed": "Degraded", "Succeeded": "Suspended", "Unknown": "Unknown"}
    if phase in (*phases, "Pending", "Scheduling", "Scheduled"):
        return Health(phases.get(phase, "Progressing"), phase)
    found = progressing(phase or "No status available")
    for condition in listed(obj):
        if condition.get("type") == "Paused" and condition.get("status") == "True":
            return suspended(message(condition))
        if condition.get("type") == "Ready":
            found = healthy("Running") if condition.get("status") == "True" else degraded(message(condition))
    return found


def kyverno_policy(obj: JsonObject) -> Health:
    wanted = {"type": "Ready", "status": "True", "reason": "Succeeded", "message": "Ready"}
    if any(wanted.items() <= condition.items() for condition in listed(obj)):
        return healthy("Policy is ready")
    return progressing("Waiting for Policy to be ready")


def keptn_analysis(obj: JsonObject) -> Health:
    passed = at(obj, "status", "pass")
    if passed is True:
        return healthy("Analysis is healthy")
    if at(obj, "status", "warning") is True:
        return healthy("Analysis is healthy with warnings")
    return degraded("Analysis is degraded") if passed is False else progressing("Analysis is progressing")


def keptn_metric(obj: JsonObject) -> Health:
    if text(obj, "status", "errMsg"):
        return degraded("KeptnMetric is degraded")
    has_value = at(obj, "status", "value") is not None
    return healthy("KeptnMetric is healthy") if has_value else progressing("KeptnMetric is progressing")


def airlock(obj: JsonObject) -> Health:
    """Microgateway: policies have a status for each ancestor, other kinds have none."""
    kind = text(obj, "kind") or "Policy"
    if not kind.endswith("Policy"):
        return healthy(f"{kind} is healthy")
    ancestors, generation = listed(obj, "status", "ancestors"), at(obj, "metadata", "generation")
    for ancestor in ancestors if generation is not None else ():
        if any(condition.get("observedGeneration") != generation for condition in listed(ancestor, "conditions")):
            return progressing(f"Waiting for Ancestor {_ancestor(ancestor)} to update {kind} status")
    found = progressing(f"Waiting for {kind} status")
    for ancestor in ancestors:
        conditions = listed(ancestor, "conditions")
        for condition in conditions:
            if condition.get("type") in ("Accepted", "ResolvedRefs") and condition.get("status") != "True":
                return degraded(f"Ancestor {_ancestor(ancestor)}: {message(condition)}")
        if any(condition.get("type") == "Accepted" for condition in conditions):
            found = healthy(f"{kind} is healthy")
        else:
            found = degraded(f"Ancestor {_ancestor(ancestor)}: {kind} is not accepted")
    return found


def _ancestor(ancestor: JsonObject) -> str:
    return text(ancestor, "ancestorRef", "name")


def open_faas(obj: JsonObject) -> Health:
    for condition in listed(obj):
        kind, status = condition.get("type"), condition.get("status")
        if (kind, status) in (("Ready", "False"), ("Stalled", "True")):
            return degraded(message(condition))
        if (kind, status) == ("Ready", "True"):
            has_replicas = number(at(obj, "status", "replicas")) > 0
            return healthy(message(condition)) if has_replicas else suspended("No replicas available")
    return progressing("Waiting for Function")


def subscription(obj: JsonObject) -> Health:
    """An operator's subscription (OLM): all conditions, then its state; a plan that needs approval is healthy."""
    if at(obj, "status", "conditions") is None:
        return progressing("An install plan for a subscription is pending installation")
    is_manual, bad, pending, summary = _waits_for_approval(obj), 0, 0, ""
    for index, condition in enumerate(listed(obj), start=1):
        kind, status = text(condition, "type"), text(condition, "status")
        if is_manual and kind == "InstallPlanPending":
            continue
        summary += f"{index}: {kind} | {status}\n"
        if kind == "InstallPlanPending":
            pending += status == "True"
        elif kind == "InstallPlanMissing":
            bad += condition.get("reason") != "ReferencedInstallPlanNotFound"
        elif kind in ("CatalogSourcesUnhealthy", "InstallPlanFailed", "ResolutionFailed"):
            bad += status == "True"
    state, detail = _reported_state(obj, is_manual=is_manual)
    bad += state == "Degraded"
    pending += state == "Progressing"
    return Health("Degraded" if bad else "Progressing" if pending else "Healthy", summary + detail)


def _waits_for_approval(obj: JsonObject) -> bool:
    if at(obj, "spec", "installPlanApproval") != "Manual" or at(obj, "status", "installedCSV") is None:
        return False
    wanted = {"type": "InstallPlanPending", "status": "True", "reason": "RequiresApproval"}
    return any(wanted.items() <= condition.items() for condition in listed(obj))


def _reported_state(obj: JsonObject, *, is_manual: bool) -> tuple[str, str]:
    state = at(obj, "status", "state")
    if state is None:
        return "Progressing", ".status.state not yet known\n"
    if state == "UpgradePending" and is_manual:
        note = "(manual InstallPlan approval pending; treated as healthy)"
        return "Healthy", f".status.state is 'UpgradePending' {note}\n"
    healths = {"": "Progressing", "UpgradeAvailable": "Progressing", "UpgradePending": "Progressing"}
    return {**healths, "UpgradeFailed": "Degraded"}.get(state, "Healthy"), f".status.state is '{state}'\n"


def service_instance(obj: JsonObject) -> Health:
    """Proclaim's: adopted, advertised, discoverable."""
    found = {condition.get("type"): condition for condition in listed(obj)}
    adopted, advertised, discovered = (found.get(kind, {}) for kind in ("Adopted", "Advertised", "Discoverable"))
    if adopted.get("status") == "False":
        return degraded(message(adopted))
    if advertised.get("reason") in ("AdvertiseError", "UnadvertiseError"):
        return degraded(message(advertised))
    if discovered.get("reason") == "DiscoveryError":
        return Health("Unknown", message(discovered))
    return Health("Healthy" if discovered.get("status") == "True" else "Progressing", message(discovered))


def knative_service(obj: JsonObject) -> Health:
    if at(obj, "status", "conditions") is None:
        return progressing("Waiting for status update.")
    good, bad, unsure, summary = 0, 0, 0, ""
    for condition in listed(obj):
        status, kind = condition.get("status"), condition.get("type")
        if status == "True":
            good += kind in ("ConfigurationsReady", "RoutesReady", "Ready")
        elif status in ("False", "Unknown"):
            bad, unsure = bad + (status == "False"), unsure + (status == "Unknown")
            since = f", since {condition['reason']}." if condition.get("reason") else ""
            detail = f" {condition['message']}" if condition.get("message") else ""
            summary += f"{kind} is {status}{since}{detail}\n"
    if good == 3 and not bad and not unsure:
        return healthy("Knative Service is healthy.")
    return degraded(summary) if bad else progressing(summary)


def stack_install(obj: JsonObject) -> Health:
    detail = "Waiting for stack to be installed"
    for condition in listed(obj, "status", "conditionedStatus", "conditions"):
        if condition.get("type") == "Ready":
            detail = text(condition, "reason")
            if condition.get("status") == "True":
                return healthy(detail)
    return progressing(detail)


def karmada(*, needs_clusters: bool) -> Check:
    def check(obj: JsonObject) -> Health:
        waiting = progressing("Current resource status is insufficient")
        clusters, found = at(obj, "spec", "clusters"), listed(obj, "status", "aggregatedStatus")
        if not found or (clusters is None and needs_clusters):
            return waiting
        if clusters is not None and (not clusters or len(clusters) != len(found)):
            return waiting
        for one in found:
            is_lost = one.get("health") == "Unknown" and one.get("applied") is not True
            if one.get("health") == "Unhealthy" or is_lost:
                return degraded("Current resource status is unhealthy")
        return healthy()

    return check


def node_claim(obj: JsonObject) -> Health:
    """Karpenter's: the first of these that is reported, in this order."""
    generation, observed = at(obj, "metadata", "generation"), at(obj, "status", "observedGeneration")
    if None not in (generation, observed) and generation != observed:
        return progressing("Waiting for NodeClaim spec to be reconciled")
    return _claimed(obj)


_claimed: Final = by_condition(
    On("Disrupting", "True", "Suspended"),
    On("Ready", "True", "Healthy"),
    On("Ready", "False", "Degraded"),
    On("Initialized", "True", "Progressing", "Node initialized, waiting for Ready"),
    On("Registered", "True", "Progressing", "Node registered, waiting for initialization"),
    On("Launched", "True", "Progressing", "Node launched, waiting for registration"),
    waiting="Waiting for NodeClaim to be launched",
)


_coralogix: Final = by_condition(
    On("RemoteSynced", "True", "Healthy", "Resource is ready"),
    On("RemoteSynced", "False", "Degraded"),
    waiting="Waiting for status to be updated",
)


CHECKS: Final[Table] = {
    ("apps.openshift.io", "DeploymentConfig"): deployment_config,
    ("argoproj.io", "EventBus"): by_condition(
        On("Deployed", "False", "Degraded", lambda one: message(one) or text(one, "reason")),
        On("Deployed", "True", "Healthy", lambda one: message(one) or text(one, "reason")),
        waiting="Waiting for initialization",
    ),
    ("camel.apache.org", "Integration"): by_condition(
        On("Ready", "False", "Degraded"), On("Ready", "True", "Healthy"), waiting="Waiting for Integration"
    ),
    ("cloudfront.aws.crossplane.io", "Distribution"): crossplane("distribution"),
    ("coralogix.com", "Alert"): _coralogix,
    ("coralogix.com", "RecordingRuleGroupSet"): _coralogix,
    ("core.gardener.cloud", "Shoot"): shoot,
    ("external-secrets.io", "ClusterExternalSecret"): cluster_external_secret,
    ("karpenter.sh", "NodeClaim"): node_claim,
    ("kubevirt.io", "VirtualMachineInstance"): virtual_machine_instance,
    ("kyverno.io", "Policy"): kyverno_policy,
    ("metrics.keptn.sh", "Analysis"): keptn_analysis,
    ("metrics.keptn.sh", "KeptnMetric"): keptn_metric,
    ("microgateway.airlock.com", "*"): airlock,
    ("openfaas.com", "Function"): open_faas,
    ("operators.coreos.com", "Subscription"): subscription,
    ("proclaim.dogmatiq.io", "DNSSDServiceInstance"): service_instance,
    ("iam.aws.crossplane.io", "Policy"): crossplane("Policy"),
    ("iam.aws.crossplane.io", "Role"): crossplane("Role"),
    ("iam.aws.crossplane.io", "RolePolicyAttachment"): crossplane("RolePolicyAttachment"),
    ("rds.aws.crossplane.io", "DBCluster"): crossplane("DBCluster"),
    ("rds.aws.crossplane.io", "DBInstance"): crossplane("DBInstance"),
    ("s3.aws.crossplane.io", "Bucket"): crossplane("Bucket"),
    ("route53.aws.crossplane.io", "ResourceRecordSet"): crossplane("resourcrecordset"),
    ("serving.knative.dev", "Service"): knative_service,
    ("stacks.crossplane.io", "ClusterStackInstall"): stack_install,
    ("work.karmada.io", "ClusterResourceBinding"): karmada(needs_clusters=True),
    ("work.karmada.io", "ResourceBinding"): karmada(needs_clusters=False),
}
