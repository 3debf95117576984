"""The health of one object (spec 9): the built-in checks, and those for this project's kinds.

Order of lookup (9.1): exact kinds, including the catalogue's, then the catalogue's wildcard groups. Users' own checks
come before all of them: `judging` runs them, `custom` parses their results.
"""

from __future__ import annotations

from argosy.gitops.health.autoscaling import autoscaler
from argosy.gitops.health.catalogue import CATALOGUE, by_wildcard
from argosy.gitops.health.pods import pod
from argosy.gitops.health.project_kinds import CHECKS as PROJECT_CHECKS
from argosy.gitops.health.simple import CHECKS as SIMPLE_CHECKS
from argosy.gitops.health.verdict import Check, Health
from argosy.gitops.health.workloads import daemon_set, deployment, job, replica_set, stateful_set
from argosy.machinery.objects import JsonObject, group_version

HOOK_FINALIZER = "argocd.argoproj.io/hook-finalizer"

CHECKS: dict[tuple[str, str], tuple[tuple[str, ...], Check]] = {
    ("apps", "Deployment"): (("v1",), deployment),
    ("apps", "StatefulSet"): (("v1",), stateful_set),
    ("apps", "DaemonSet"): (("v1",), daemon_set),
    ("apps", "ReplicaSet"): (("v1",), replica_set),
    ("batch", "Job"): (("v1",), job),
    ("", "Pod"): (("v1",), pod),
    ("autoscaling", "HorizontalPodAutoscaler"): (("v1", "v2"), autoscaler),
    **SIMPLE_CHECKS,
    **PROJECT_CHECKS,
    **CATALOGUE,
}
"""(group, kind): accepted versions (empty means all), and the check."""


def health_of(obj: JsonObject) -> Health | None:
    """None for a kind without a check: it does not count. For a malformed object a check returns Unknown."""
    return pending_deletion(obj) or judged(obj)


def pending_deletion(obj: JsonObject) -> Health | None:
    """Takes precedence over every check, including users': the object is being deleted."""
    metadata = obj.get("metadata") or {}
    if metadata.get("deletionTimestamp") and HOOK_FINALIZER not in (metadata.get("finalizers") or ()):
        return Health("Progressing", "Pending deletion")
    return None


def judged(obj: JsonObject) -> Health | None:
    """By the kind's check alone; None for a kind without one."""
    metadata = obj.get("metadata") or {}
    group, version = group_version(str(obj.get("apiVersion") or ""))
    kind = str(obj.get("kind") or "")
    found = CHECKS.get((group, kind)) or by_wildcard(group, kind)
    if found is None:
        return None
    versions, check = found
    if versions and version not in versions:
        return Health("Unknown", f"unsupported {kind} GVK: {group}/{version}, Kind={kind}")
    try:
        verdict = check(obj)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return Health("Unknown", f"{kind} {metadata.get('name')}: its status cannot be read: {error}")
    # Messages are copied from the object, and may contain anything.
    return verdict if isinstance(verdict.message, str) else verdict._replace(message=str(verdict.message))


__all__ = ["CHECKS", "Health", "health_of", "judged", "pending_deletion"]
