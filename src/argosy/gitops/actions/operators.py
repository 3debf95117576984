"""Kinds of other operators: KEDA, External Secrets, CloudNativePG, MariaDB, Percona, Strimzi."""

from __future__ import annotations

from argosy.gitops.actions.action import (
    Action,
    ActionError,
    ActionSet,
    KindActions,
    Parameter,
    Run,
    annotate,
    annotate_now,
    assign,
    drop_annotations,
    part,
    under,
    whole_number,
)
from argosy.gitops.actions.workloads import RESTARTED_AT, RESUME, SUSPEND
from argosy.machinery.objects import JsonObject

PAUSED = "autoscaling.keda.sh/paused"
PAUSED_REPLICAS = "autoscaling.keda.sh/paused-replicas"
FORCE_SYNC = "force-sync"
RECONCILIATION = "cnpg.io/reconciliationLoop"
RELOADED_AT = "cnpg.io/reloadedAt"
ROLLING_UPDATE = "strimzi.io/manual-rolling-update"
PAUSE_ICON = "fa fa-fw fa-pause-circle"
PLAY_ICON = "fa fa-fw fa-play-circle"


def _annotations(obj: JsonObject) -> JsonObject:
    return part(obj, "metadata", "annotations")


def _scaled(obj: JsonObject) -> list[Action]:
    found = _annotations(obj)
    paused = found.get(PAUSED) == "true" or PAUSED_REPLICAS in found
    return [
        Action("pause", disabled=paused, icon=PAUSE_ICON),
        Action("resume", disabled=not paused, icon=PLAY_ICON),
    ]


def _scaled_object(obj: JsonObject) -> list[Action]:
    """A pause at a count may be given another count; a plain pause must end first."""
    at_count = Action(
        "paused-replicas",
        disabled=_annotations(obj).get(PAUSED) == "true",
        icon=PAUSE_ICON,
        parameters=(Parameter("replicas", "0"),),
    )
    return [*_scaled(obj), at_count]


def _pause_at(run: Run) -> None:
    count = whole_number(run, "replicas", " (must be >= 0)")
    under(run.obj, "metadata", "annotations")[PAUSED_REPLICAS] = str(count)


def _unpause(run: Run) -> None:
    drop_annotations(run.obj, PAUSED, PAUSED_REPLICAS)


def _offer(*names: str) -> list[Action]:
    return [Action(name) for name in names]


def _postgres(obj: JsonObject) -> list[Action]:
    """Either suspend or resume: of the operator's reconciliation, not of the database."""
    stopped = _annotations(obj).get(RECONCILIATION) == "disabled"
    switch = (
        Action("resume", icon="fa fa-fw fa-play", title="Resume Reconciliation")
        if stopped
        else Action("suspend", icon="fa fa-fw fa-pause", title="Suspend Reconciliation")
    )
    return [
        Action("restart", icon="fa fa-fw fa-recycle", title="Rollout restart Cluster"),
        Action("reload", icon="fa fa-fw fa-rotate-right", title="Reload all Configuration"),
        Action(
            "promote",
            disabled=len(_healthy(obj)) < 2,
            icon="fa fa-fw fa-angles-up",
            title="Promote Replica to Primary",
            parameters=(Parameter("instance", "any"),),
        ),
        switch,
    ]


def _healthy(obj: JsonObject) -> list[str]:
    return [str(name) for name in part(obj, "status", "instancesStatus").get("healthy") or ()]


def _promote(run: Run) -> None:
    """The operator follows the target in its status; a number is an instance of this cluster."""
    wanted = run.parameters.get("instance", "")
    target = _target(run.obj, wanted)
    if target is None:
        raise ActionError(f"Could not find a healthy instance matching the criteria: {wanted}")
    status = under(run.obj, "status")
    status["targetPrimary"], status["targetPrimaryTimestamp"] = target, run.timestamp()
    status["phase"], status["phaseReason"] = "Switchover in progress", f"Switching over to {target}"


def _target(obj: JsonObject, wanted: str) -> str | None:
    healthy, current = _healthy(obj), part(obj, "status").get("currentPrimary")
    if wanted == "any":
        after = healthy.index(current) + 1 if current in healthy else 0
        return healthy[after % len(healthy)] if healthy else None
    name = f"{part(obj, 'metadata').get('name') or ''}-{wanted}" if wanted.isdigit() else wanted
    return name if name in healthy else None


def _suspendable(obj: JsonObject) -> list[Action]:
    asleep = part(obj, "spec").get("suspend") is True
    return [Action("suspend", disabled=asleep), Action("resume", disabled=not asleep)]


def _mongodb(obj: JsonObject) -> list[Action]:
    paused = part(obj, "spec").get("pause") is True
    return [
        Action("pause", disabled=paused, icon=PAUSE_ICON),
        Action("unpause", disabled=not paused, icon=PLAY_ICON),
    ]


def _pod_set(obj: JsonObject) -> list[Action]:
    return [Action("rolling-update", disabled=_annotations(obj).get(ROLLING_UPDATE) == "true")]


KINDS: KindActions = {
    ("keda.sh", "ScaledJob"): ActionSet(_scaled, {"pause": annotate(PAUSED, "true"), "resume": _unpause}),
    ("keda.sh", "ScaledObject"): ActionSet(
        _scaled_object, {"pause": annotate(PAUSED, "true"), "paused-replicas": _pause_at, "resume": _unpause}
    ),
    **{
        ("external-secrets.io", kind): ActionSet(lambda obj: _offer("refresh"), {"refresh": annotate_now(FORCE_SYNC)})
        for kind in ("ExternalSecret", "ClusterExternalSecret")
    },
    ("external-secrets.io", "PushSecret"): ActionSet(lambda obj: _offer("push"), {"push": annotate_now(FORCE_SYNC)}),
    ("postgresql.cnpg.io", "Cluster"): ActionSet(
        _postgres,
        {
            "promote": _promote,
            "reload": annotate_now(RELOADED_AT),
            "restart": annotate_now(RESTARTED_AT),
            "suspend": annotate(RECONCILIATION, "disabled"),
            "resume": lambda run: drop_annotations(run.obj, RECONCILIATION),
        },
    ),
    ("k8s.mariadb.com", "MariaDB"): ActionSet(_suspendable, {"suspend": SUSPEND, "resume": RESUME}),
    ("psmdb.percona.com", "PerconaServerMongoDB"): ActionSet(
        _mongodb, {"pause": assign("spec", "pause", value=True), "unpause": assign("spec", "pause", value=False)}
    ),
    ("core.strimzi.io", "StrimziPodSet"): ActionSet(_pod_set, {"rolling-update": annotate(ROLLING_UPDATE, "true")}),
}
