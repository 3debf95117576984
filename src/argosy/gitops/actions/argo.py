"""Rollout, AnalysisRun, Application, CronWorkflow, WorkflowTemplate, and the promoter's PullRequest."""

from __future__ import annotations

import copy

from argosy.gitops.actions.action import Action, ActionSet, KindActions, Run, assign, part, under
from argosy.gitops.actions.workloads import derived_name
from argosy.machinery.objects import JsonObject

GROUP = "argoproj.io"
OVER = ("Successful", "Failed", "Error", "Inconclusive")
INSTANCE = "workflows.argoproj.io/controller-instanceid"
SCHEDULED_TIME = "workflows.argoproj.io/scheduled-time"


def _promoted(obj: JsonObject) -> bool:
    status = part(obj, "status")
    return bool(status.get("currentPodHash") == status.get("stableRS"))


def _is_old(obj: JsonObject) -> bool:
    """Written by a controller before 0.10, whose observed generation is a hash or a number of its own."""
    observed = str(part(obj, "status").get("observedGeneration") or "")
    return not observed.isdigit() or int(observed) > int(part(obj, "metadata").get("generation") or 0)


def _paused(obj: JsonObject) -> bool:
    conditions = part(obj, "status").get("pauseConditions")
    return bool(part(obj, "spec").get("paused") if conditions is None else conditions)


def _steps(obj: JsonObject) -> int:
    return len(part(obj, "spec", "strategy", "canary").get("steps") or ())


def _steps_left(obj: JsonObject) -> bool:
    return 0 < _steps(obj) != int(part(obj, "status").get("currentStepIndex") or 0)


def _rollout(obj: JsonObject) -> list[Action]:
    promoted, aborted = _promoted(obj), bool(part(obj, "status").get("abort"))
    is_blue_green = part(obj, "spec", "strategy").get("blueGreen") is not None
    return [
        Action("restart", title="Restart Pods"),
        Action("pause", disabled=promoted or aborted or bool(part(obj, "spec").get("paused"))),
        Action("resume", disabled=not _paused(obj)),
        Action("abort", disabled=promoted or aborted),
        Action("retry", disabled=promoted or not aborted),
        Action("promote-full", disabled=promoted or (_is_old(obj) and is_blue_green)),
        Action("skip-current-step", disabled=not _steps_left(obj)),
    ]


def _restart(run: Run) -> None:
    under(run.obj, "spec")["restartAt"] = run.timestamp()


def _resume(run: Run) -> None:
    part(run.obj, "status").pop("pauseConditions", None)
    if part(run.obj, "spec").get("paused") is True:
        under(run.obj, "spec")["paused"] = False


def _retry(run: Run) -> None:
    part(run.obj, "status").pop("abort", None)


def _promote(run: Run) -> None:
    status = under(run.obj, "status")
    if not _is_old(run.obj):
        status["promoteFull"] = True
        return
    status.pop("abort", None)
    if steps := _steps(run.obj):
        status["currentStepIndex"] = steps


def _skip(run: Run) -> None:
    status = part(run.obj, "status")
    if not status or int(status.get("currentStepIndex") or 0) >= _steps(run.obj):
        return
    status.pop("pauseConditions", None)
    status["currentStepIndex"] = int(status.get("currentStepIndex") or 0) + 1


def _analysis_run(obj: JsonObject) -> list[Action]:
    over = part(obj, "status").get("phase") in OVER or part(obj, "spec").get("terminate") is True
    return [Action("terminate", disabled=over)]


def _automated(obj: JsonObject) -> bool:
    """Automated sync is on if it is present, unless `enabled` is false."""
    policy = part(obj, "spec", "syncPolicy")
    return policy.get("automated") is not None and part(policy, "automated").get("enabled") is not False


def _application(obj: JsonObject) -> list[Action]:
    title = "Disable Auto-Sync" if _automated(obj) else "Enable Auto-Sync"
    return [Action("toggle-auto-sync", icon="fa fa-fw fa-sync-alt", title=title)]


def _toggle(run: Run) -> None:
    """Only `enabled` changes: the sync options stay for the next time."""
    enabled = not _automated(run.obj)
    under(run.obj, "spec", "syncPolicy", "automated")["enabled"] = enabled


def _workflow(run: Run, labels: JsonObject, annotations: JsonObject, spec: JsonObject) -> JsonObject:
    metadata: JsonObject = {"name": derived_name(run), "labels": labels}
    if annotations:
        metadata["annotations"] = annotations
    if namespace := part(run.obj, "metadata").get("namespace"):
        metadata["namespace"] = namespace
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": metadata, "spec": spec}


def _owner(obj: JsonObject) -> JsonObject:
    metadata = part(obj, "metadata")
    named = {"apiVersion": obj.get("apiVersion"), "kind": obj.get("kind"), "name": metadata.get("name")}
    return {**named, "uid": metadata["uid"]} if metadata.get("uid") else named


def _from_cron(run: Run) -> None:
    given, metadata = part(run.obj, "spec", "workflowMetadata"), part(run.obj, "metadata")
    labels = {**part(given, "labels"), "workflows.argoproj.io/cron-workflow": metadata.get("name")}
    if instance := part(metadata, "labels").get(INSTANCE):
        labels[INSTANCE] = instance
    annotations = {**part(given, "annotations"), SCHEDULED_TIME: run.timestamp()}
    made = _workflow(run, labels, annotations, copy.deepcopy(part(run.obj, "spec", "workflowSpec")))
    made["metadata"]["ownerReferences"] = [_owner(run.obj)]
    if finalizers := given.get("finalizers"):
        made["finalizers"] = finalizers  # as upstream, outside of the metadata
    run.created.append(made)


def _from_template(run: Run) -> None:
    """The workflow refers to its template, and is deleted with it."""
    name = part(run.obj, "metadata").get("name")
    labels = {"workflows.argoproj.io/workflow-template": name}
    made = _workflow(run, labels, {}, {"workflowTemplateRef": {"name": name}})
    made["metadata"]["ownerReferences"] = [_owner(run.obj)]
    run.created.append(made)


def _creates(obj: JsonObject) -> list[Action]:
    return [Action("create-workflow", icon="fa fa-fw fa-plus", title="Create Workflow")]


def _pull_request(obj: JsonObject) -> list[Action]:
    is_open = part(obj, "spec").get("state") == "open"
    return [Action("merge", disabled=not is_open, icon="fa fa-fw fa-code-merge", title="Merge PR")]


KINDS: KindActions = {
    (GROUP, "Rollout"): ActionSet(
        _rollout,
        {
            "restart": _restart,
            "pause": assign("spec", "paused", value=True),
            "resume": _resume,
            "abort": assign("status", "abort", value=True),
            "retry": _retry,
            "promote-full": _promote,
            "skip-current-step": _skip,
        },
    ),
    (GROUP, "AnalysisRun"): ActionSet(_analysis_run, {"terminate": assign("spec", "terminate", value=True)}),
    (GROUP, "Application"): ActionSet(_application, {"toggle-auto-sync": _toggle}),
    (GROUP, "CronWorkflow"): ActionSet(_creates, {"create-workflow": _from_cron}),
    (GROUP, "WorkflowTemplate"): ActionSet(_creates, {"create-workflow": _from_template}),
    ("promoter.argoproj.io", "PullRequest"): ActionSet(
        _pull_request, {"merge": assign("spec", "state", value="merged")}
    ),
}
