"""Deployment, StatefulSet, DaemonSet, CronJob, Job."""

from __future__ import annotations

import copy
from datetime import UTC

from argosy.gitops.actions.action import (
    Action,
    ActionSet,
    KindActions,
    Parameter,
    Run,
    assign,
    part,
    under,
    whole_number,
)
from argosy.machinery.objects import JsonObject

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
PAUSE_ICON = "fa fa-fw fa-pause"
PLAY_ICON = "fa fa-fw fa-play"
NAME_LIMIT = 63
"""For a Job, whose name becomes a label value of its pods."""

FINISHED = ("Complete", "Failed", "FailureTarget", "SuccessCriteriaMet")


def restart(run: Run) -> None:
    under(run.obj, "spec", "template", "metadata", "annotations")[RESTARTED_AT] = run.timestamp()


def scale(run: Run) -> None:
    under(run.obj, "spec")["replicas"] = whole_number(run, "replicas")


def _scalable(obj: JsonObject) -> list[Action]:
    return [Action("restart"), Action("scale", parameters=(Parameter("replicas"),))]


def _deployment(obj: JsonObject) -> list[Action]:
    paused = part(obj, "spec").get("paused") is True
    return [
        Action("restart", icon="fa fa-fw fa-redo"),
        Action("scale", icon="fa fa-fw fa-plus-circle", parameters=(Parameter("replicas"),)),
        Action("pause", disabled=paused, icon="fa fa-fw fa-pause-circle"),
        Action("resume", disabled=not paused, icon="fa fa-fw fa-play-circle"),
    ]


def _switch(obj: JsonObject) -> Action:
    """Only the one that applies is offered."""
    if part(obj, "spec").get("suspend") is True:
        return Action("resume", icon=PLAY_ICON)
    return Action("suspend", icon=PAUSE_ICON)


def _cron_job(obj: JsonObject) -> list[Action]:
    return [Action("create-job", icon="fa fa-fw fa-plus", title="Create Job"), _switch(obj)]


def owner(obj: JsonObject) -> JsonObject:
    metadata = part(obj, "metadata")
    return {
        "apiVersion": obj.get("apiVersion"),
        "kind": obj.get("kind"),
        "name": metadata.get("name"),
        "uid": metadata.get("uid"),
        "blockOwnerDeletion": True,
        "controller": True,
    }


def derived_name(run: Run) -> str:
    """The source's name and a suffix: the given one, else the minute; cut to fit a label value."""
    suffix = run.suffix or run.now.astimezone(UTC).strftime("%y%m%d%H%M")
    name = str(part(run.obj, "metadata").get("name") or "")
    return f"{name[: NAME_LIMIT - len(suffix) - 1]}-{suffix}"


def create_job(run: Run) -> None:
    """As `kubectl create job --from` does."""
    template = copy.deepcopy(part(run.obj, "spec", "jobTemplate"))
    given = part(template, "metadata")
    metadata: JsonObject = {
        "name": derived_name(run),
        "annotations": {**part(given, "annotations"), "cronjob.kubernetes.io/instantiate": "manual"},
        "ownerReferences": [owner(run.obj)],
    }
    if namespace := part(run.obj, "metadata").get("namespace"):
        metadata["namespace"] = namespace
    if labels := part(given, "labels"):
        metadata["labels"] = labels
    run.created.append({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": part(template, "spec")})


def _over(obj: JsonObject) -> bool:
    found = part(obj, "status").get("conditions") or ()
    return any(item.get("type") in FINISHED and item.get("status") == "True" for item in found)


def _job(obj: JsonObject) -> list[Action]:
    return [] if _over(obj) else [_switch(obj), Action("terminate", icon="fa fa-fw fa-stop")]


def terminate(run: Run) -> None:
    """Marks the Job as failed for the Job controller; a finished one stays as it is."""
    if _over(run.obj):
        return
    status = under(run.obj, "status")
    condition = {
        "type": "FailureTarget",
        "status": "True",
        "reason": "ManuallyTerminated",
        "message": "Job was terminated explicitly through Argo CD",
        "lastTransitionTime": run.timestamp(),
    }
    status["conditions"] = [*(status.get("conditions") or ()), condition]


def _resume(run: Run) -> None:
    part(run.obj, "spec").pop("paused", None)


SUSPEND = assign("spec", "suspend", value=True)
RESUME = assign("spec", "suspend", value=False)

KINDS: KindActions = {
    ("apps", "Deployment"): ActionSet(
        _deployment,
        {
            "restart": restart,
            "scale": scale,
            "pause": assign("spec", "paused", value=True),
            "resume": _resume,
        },
    ),
    ("apps", "StatefulSet"): ActionSet(_scalable, {"restart": restart, "scale": scale}),
    ("apps", "DaemonSet"): ActionSet(lambda obj: [Action("restart")], {"restart": restart}),
    ("batch", "CronJob"): ActionSet(_cron_job, {"create-job": create_job, "suspend": SUSPEND, "resume": RESUME}),
    ("batch", "Job"): ActionSet(_job, {"terminate": terminate, "suspend": SUSPEND, "resume": RESUME}),
}
