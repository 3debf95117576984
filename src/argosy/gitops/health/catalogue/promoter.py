"""GitOps Promoter's kinds: first the Ready condition, then what each kind reports about its work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from argosy.gitops.health.catalogue.rules import Table, at, listed, text
from argosy.gitops.health.verdict import Check, Health, degraded, healthy, progressing
from argosy.machinery.objects import JsonObject

GROUP: Final = "promoter.argoproj.io"
After = Callable[[JsonObject], Health]
"""A kind's message if it is Ready."""


@dataclass(frozen=True, slots=True)
class Words:
    """The messages of one kind; `refused` and `unknown` are followed by the condition's reason."""

    starting: str
    deleting: str
    unseen: str
    failed: str
    refused: str
    missing: str
    unknown: str = ""
    """"" if a Ready condition that is Unknown counts as ready."""
    conditions: tuple[str, ...] = ("Ready",)
    finalizers: Mapping[str, str] = field(default_factory=dict)
    """What waits for a finalizer, and what would be lost without it."""


def _check(words: Words, after: After) -> Check:
    def check(obj: JsonObject) -> Health:
        if at(obj, "metadata", "deletionTimestamp"):
            return progressing(_deleting(obj, words))
        if obj.get("status") is None:
            return progressing(words.starting)
        return _ready(obj, words) or after(obj)

    return check


def _deleting(obj: JsonObject, words: Words) -> str:
    held = [name for name in at(obj, "metadata", "finalizers") or () if name in words.finalizers]
    return " ".join((words.deleting, *(f"{name}: {words.finalizers[name]}" for name in held)))


def _ready(obj: JsonObject, words: Words) -> Health | None:
    """None if the object is ready."""
    found = [condition for condition in listed(obj) if condition.get("type") in words.conditions]
    generation = at(obj, "metadata", "generation")
    for condition in found:
        observed = condition.get("observedGeneration")
        if observed and generation and observed != generation:
            return progressing(words.unseen)
        if condition.get("status") == "False":
            reason = condition.get("reason") or "Unknown"
            start = words.failed if reason == "ReconciliationError" else f"{words.refused} ({reason})"
            return degraded(f"{start}: {condition.get('message') or 'Unknown error'}")
        if words.unknown and condition.get("status") == "Unknown":
            reason = condition.get("reason") or "Unknown"
            return progressing(f"{words.unknown} ({reason}): {condition.get('message') or 'Unknown'}")
    return None if found else progressing(words.missing)


def _tracking(name: str) -> Words:
    """The messages of the kinds that report `<Name> reconciliation failed`."""
    low = name if name.startswith("Argo") else name[0].lower() + name[1:]
    return Words(
        starting=f"Initializing {low}",
        deleting=f"{name} is being deleted",
        unseen=f"Waiting for {low} spec update to be observed",
        failed=f"{name} reconciliation failed",
        refused=f"{name} reconciliation failed",
        missing=f"{name} is not ready yet",
    )


def _gate(kind: str, name: str, failed: str, unknown: str = "status unknown") -> Words:
    return Words(
        starting=f"Initializing {name[0].lower() + name[1:]}",
        deleting=f"{kind} is being deleted",
        unseen=f"Waiting for {kind} spec update to be observed",
        failed=f"{name} {failed}",
        refused=f"{name} not ready",
        missing=f"{kind} Ready condition is missing",
        unknown=f"{name} {unknown}",
    )


def _provider(kind: str, name: str, low: str, finalizer: str) -> Words:
    """`low`: the name within a sentence."""
    return replace(
        _gate(kind, name, "validation failed", "readiness unknown"),
        starting=f"Initializing {low}",
        deleting=f"{kind} is being deleted.",
        finalizers={f"{kind.lower()}.{GROUP}/finalizer": finalizer},
    )


def _at_risk(waits: str, risk: str) -> str:
    return f"{waits} Risk if removed manually: {risk}"


# -- the kinds ---------------------------------------------------------------------------------------------------------


def _argocd_status(obj: JsonObject) -> Health:
    applications = at(obj, "status", "applicationsSelected")
    if not applications:
        return degraded("Argo CD commit status has no applications configured")
    return healthy(f"Argo CD commit status is healthy and is tracking {len(applications)} applications")


def _commit_status(obj: JsonObject) -> Health:
    sha, phase = at(obj, "status", "sha"), at(obj, "status", "phase")
    if sha is None or phase is None:
        return healthy("Commit status is healthy")
    return healthy(f"Commit status for commit {sha} reports {phase}")


def _pull_request(obj: JsonObject) -> Health:
    number, state = at(obj, "status", "id"), at(obj, "status", "state")
    if number is None or state is None:
        return healthy("Pull request is healthy")
    return healthy(f"Pull request is {state} as PR {number}")


def _environments(done: str, name: str, passed: str) -> After:
    """A gate that has a phase for each branch."""

    def after(obj: JsonObject) -> Health:
        found = listed(obj, "status", "environments")
        if not found:
            return healthy(done)
        phases = [(str(one.get("branch") or "?"), one.get("phase") or "pending") for one in found]
        if failed := [branch for branch, phase in phases if phase == "failure"]:
            return degraded(f"{name} failed for branch(es): {', '.join(failed)}")
        if waiting := [branch for branch, phase in phases if phase != "success"]:
            return progressing(f"{name} pending for branch(es): {', '.join(waiting)}")
        return healthy(f"{passed} for {len(phases)} environment(s)")

    return after


def _short(sha: str) -> str:
    return sha[:7]


def _counted(statuses: list[JsonObject]) -> tuple[str, bool]:
    """`2 pending, 1 successful, 0 failed. ` with the keys of those that are not successful; and whether any is not."""
    keys = {
        phase: [text(one, "key") for one in statuses if one.get("phase") == phase]
        for phase in ("pending", "success", "failure")
    }
    summary = f"{len(keys['pending'])} pending, {len(keys['success'])} successful, {len(keys['failure'])} failed. "
    if keys["pending"]:
        summary += f"Pending commit statuses: {', '.join(keys['pending'])}. "
    if keys["failure"]:
        summary += f"Failed commit statuses: {', '.join(keys['failure'])}. "
    return summary, bool(keys["pending"] or keys["failure"])


def _transfer(obj: JsonObject) -> Health:
    active, proposed = (text(obj, "status", side, "dry", "sha") for side in ("active", "proposed"))
    for side, sha in (("active", active), ("proposed", proposed)):
        if not sha:
            return progressing(f"The {side} commit DRY SHA is missing or empty.")
    if proposed != active:
        summary, _ = _counted(listed(obj, "status", "proposed", "commitStatuses"))
        return progressing(f"Promotion in progress from '{_short(active)}' to '{_short(proposed)}': {summary}")
    summary, is_odd = _counted(listed(obj, "status", "active", "commitStatuses"))
    if is_odd:
        start = "Environment is up-to-date, but there are non-successful active commit statuses"
        return healthy(f"{start}: {summary}")
    return healthy(f"Environment is up-to-date on commit {_short(active)}.")


def _hydrated(environment: JsonObject) -> str:
    """The dry commit that the hydrator has processed: its note takes precedence over the branch."""
    return text(environment, "proposed", "note", "drySha") or text(environment, "proposed", "dry", "sha")


def _strategy(obj: JsonObject) -> Health:
    environments = listed(obj, "status", "environments")
    if not environments:
        return degraded("Promotion strategy has no environments configured")
    if (missing := _sha_missing(environments)) is not None:
        return missing
    if len({_hydrated(one) for one in environments}) > 1:
        return progressing(
            "Not all environments have the same proposed commit SHA. "
            "This likely means the hydrator has not run for all environments yet."
        )
    moving = next((one for one in environments if _sha(one, "proposed") != _sha(one, "active")), None)
    if moving is not None:
        summary, _ = _counted(listed(moving, "proposed", "commitStatuses"))
        change = f"from '{_short(_sha(moving, 'active'))}' to '{_short(_sha(moving, 'proposed'))}'"
        start = f"Promotion in progress for environment '{moving.get('branch')}' {change}: {summary}"
        return progressing(f"{start}Hydrator has processed dry commit '{_short(_hydrated(moving))}'. ")
    return _settled(environments)


def _sha(environment: JsonObject, side: str) -> str:
    return text(environment, side, "dry", "sha")


def _sha_missing(environments: list[JsonObject]) -> Health | None:
    for one in environments:
        for side, sha in (("active", _sha(one, "active")), ("proposed", _hydrated(one))):
            if not sha:
                where = f"in environment '{one.get('branch')}'"
                return progressing(f"The {side} commit DRY SHA is missing or empty {where}.")
    return None


def _settled(environments: list[JsonObject]) -> Health:
    odd = []
    for one in environments:
        phases = [status.get("phase") for status in listed(one, "active", "commitStatuses")]
        failed, pending = phases.count("failure"), phases.count("pending")
        if failed or pending:
            odd.append(f"{one.get('branch')} ({failed} failed, {pending} pending)")
    if odd:
        start = "Environments are up-to-date, but some environments have non-successful commit statuses"
        return healthy(f"{start}: {', '.join(odd)}.")
    first = environments[0]
    start = f"All environments are up-to-date on commit '{_short(_sha(first, 'active'))}'"
    return healthy(f"{start}. Hydrator has processed dry commit '{_short(_hydrated(first))}'.")


_POLICY_FINALIZER: Final = f"changetransferpolicy.{GROUP}/pullrequest-finalizer"
_POLICY: Final = Words(
    starting="Initializing change transfer policy",
    deleting="Change transfer policy is being deleted.",
    unseen="Waiting for change transfer policy spec update to be observed",
    failed="Change transfer policy reconciliation failed",
    refused="Change transfer policy reconciliation failed",
    missing="Change transfer policy is not ready yet",
    finalizers={
        f"changetransferpolicy.{GROUP}/finalizer": _at_risk(
            "Waiting to clear related PullRequest finalizers and finish cleanup before this policy is removed.",
            f"The '{_POLICY_FINALIZER}' finalizer may not be cleaned up"
            " from PullRequests owned by this ChangeTransferPolicy.",
        )
    },
)
_PULL_REQUEST: Final = Words(
    starting="Initializing pull request",
    deleting="Pull request is being deleted.",
    unseen="Waiting for pull request spec update to be observed",
    failed="Pull request reconciliation failed",
    refused="Pull request reconciliation failed",
    missing="Pull request is not ready yet",
    conditions=("Reconciled", "Ready"),
    finalizers={
        f"pullrequest.{GROUP}/finalizer": _at_risk(
            "Waiting for SCM closure or reconciliation of the pull request.",
            "the real PR can stay open after the CR is gone.",
        ),
        _POLICY_FINALIZER: _at_risk(
            "Waiting for the ChangeTransferPolicy to observe PR identity and state.",
            "promotion status or history can be wrong or racy.",
        ),
    },
)
_NO_PROVIDER: Final = "GitRepository objects can reference a provider that no longer exists."
_PROVIDER: Final = _provider(
    "ScmProvider",
    "SCM provider",
    "SCM provider",
    _at_risk("Waiting until no GitRepository in this namespace still references this provider.", _NO_PROVIDER),
)
_CLUSTER_PROVIDER: Final = _provider(
    "ClusterScmProvider",
    "Cluster SCM provider",
    "cluster SCM provider",
    _at_risk("Waiting until no GitRepository still references this cluster-wide SCM provider.", _NO_PROVIDER),
)
_REPOSITORY: Final = _provider(
    "GitRepository",
    "Git repository",
    "Git repository",
    _at_risk(
        "Waiting until no non-deleting PullRequests still reference this repository.",
        "repository metadata may be removed while promotions still depend on it.",
    ),
)

CHECKS: Final[Table] = {
    (GROUP, "ArgoCDCommitStatus"): _check(_tracking("Argo CD commit status"), _argocd_status),
    (GROUP, "ChangeTransferPolicy"): _check(_POLICY, _transfer),
    (GROUP, "ClusterScmProvider"): _check(_CLUSTER_PROVIDER, lambda _: healthy("Cluster SCM provider is ready")),
    (GROUP, "CommitStatus"): _check(_tracking("Commit status"), _commit_status),
    (GROUP, "GitCommitStatus"): _check(
        _gate("GitCommitStatus", "Git commit validation", "failed"),
        _environments("Git commit validation reconciled", "Git commit validation", "Git commit validation passed"),
    ),
    (GROUP, "GitRepository"): _check(_REPOSITORY, lambda _: healthy("Git repository is ready")),
    (GROUP, "PromotionStrategy"): _check(_tracking("Promotion strategy"), _strategy),
    (GROUP, "PullRequest"): _check(_PULL_REQUEST, _pull_request),
    (GROUP, "ScmProvider"): _check(_PROVIDER, lambda _: healthy("SCM provider is ready")),
    (GROUP, "TimedCommitStatus"): _check(
        _gate("TimedCommitStatus", "Timed commit gate", "failed"),
        _environments("Timed commit gate reconciled", "Timed commit gate", "Timed commit gate satisfied"),
    ),
    (GROUP, "WebRequestCommitStatus"): _check(
        _gate("WebRequestCommitStatus", "Web request commit validation", "failed", "unknown"),
        _environments(
            "Web request commit validation reconciled", "Web request validation", "Web request validation passed"
        ),
    ),
}
