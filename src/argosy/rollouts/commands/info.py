"""A Rollout for display: its numbers, and the tree of its objects. Section 13, "get rollout"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.rollouts import Rollout
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject
from argosy.rollouts.arithmetic.limits import largest_weight
from argosy.rollouts.arithmetic.sums import pod_hash_of
from argosy.rollouts.arithmetic.weights import current_set_weight, current_step
from argosy.rollouts.resources import REVISION, SCALE_DOWN_DEADLINE, TEMPLATE_NAME
from argosy.rollouts.status.phase import shown_phase
from argosy.rollouts.status.waiting import waiting_for

OK, BAD, WARNING, PROGRESSING, WAITING, UNKNOWN, PAUSED, NEUTRAL = "✔✖⚠◌◷?॥•"
ROLLOUT_ICONS = {
    "Progressing": PROGRESSING,
    "Error": WARNING,
    "InvalidSpec": WARNING,
    "Paused": PAUSED,
    "Healthy": OK,
    "Degraded": BAD,
    "Unknown": UNKNOWN,
    "ScaledDown": NEUTRAL,
}
SET_ICONS = {"Progressing": PROGRESSING, "Healthy": OK, "ReplicaFailure": BAD, "ScaledDown": NEUTRAL}
RUN_ICONS = {
    "Successful": OK,
    "Inconclusive": UNKNOWN,
    "Failed": BAD,
    "Error": WARNING,
    "Running": PROGRESSING,
    "Pending": WAITING,
}
POD_ICONS = {
    "Pending": PROGRESSING,
    "Terminating": PROGRESSING,
    "ContainerCreating": PROGRESSING,
    "Running": OK,
    "Completed": OK,
    "Failed": BAD,
    "InvalidImageName": BAD,
    "CrashLoopBackOff": BAD,
    "ImagePullBackOff": WARNING,
    "RegistryUnavailable": WARNING,
    "Unknown": UNKNOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A line of the tree."""

    kind: str
    name: str
    created: str
    status: str
    icon: str
    notes: tuple[str, ...] = ()
    deadline: str = ""
    revision: int = 0
    images: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    replicas: int = 0
    available: int = 0
    children: tuple[Node, ...] = ()
    raw: JsonObject = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    name: str
    namespace: str
    created: str
    status: str
    message: str
    icon: str
    strategy: str
    waiting: str = ""
    """What it waits for, and until when."""
    step: str = ""
    set_weight: str = ""
    actual_weight: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    sets: tuple[Node, ...] = ()
    experiments: tuple[Node, ...] = ()
    runs: tuple[Node, ...] = ()

    @property
    def images(self) -> list[tuple[str, list[str]]]:
        """Images that run, with their roles, sorted alphabetically if an image has several."""
        found: dict[str, list[str]] = {}
        inner = [one for experiment in self.experiments for one in experiment.children if one.kind == "ReplicaSet"]
        for one in (*self.sets, *inner):
            for image in one.images if one.replicas else ():
                found[image] = sorted({*found[image], *one.tags}) if image in found else list(one.tags)
        return sorted(found.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects:
    """All objects of a namespace, as JSON."""

    sets: Sequence[JsonObject] = ()
    pods: Sequence[JsonObject] = ()
    runs: Sequence[JsonObject] = ()
    experiments: Sequence[JsonObject] = ()


def info_of(rollout: Rollout, objects: Objects) -> Info:
    phase, message = shown_phase(rollout)
    status = rollout.status
    sets = _sets(rollout.uid, rollout, objects)
    canary = rollout.spec.strategy.canary
    step = ""
    if canary is not None and canary.steps and status.current_step_index is not None:
        step = f"{status.current_step_index}/{len(canary.steps)}"
    return Info(
        name=rollout.name,
        namespace=rollout.namespace,
        created=rollout.metadata.creation_timestamp,
        status=phase,
        message=message,
        icon=ROLLOUT_ICONS.get(phase, " "),
        strategy=_strategy(rollout),
        waiting=waiting_for(rollout),
        step=step,
        set_weight=str(current_set_weight(rollout)) if canary is not None else "",
        actual_weight=str(_actual_weight(rollout, sets)) if canary is not None else "",
        counts={
            "Desired": rollout.replicas,
            "Current": status.replicas,
            "Updated": status.updated_replicas,
            "Ready": status.ready_replicas,
            "Available": status.available_replicas,
        },
        sets=sets,
        experiments=_experiments(rollout, objects),
        runs=_runs(rollout.uid, objects),
    )


def _strategy(rollout: Rollout) -> str:
    if rollout.spec.strategy.canary is not None:
        return "Canary"
    return "BlueGreen" if rollout.spec.strategy.blue_green is not None else ""


def _actual_weight(rollout: Rollout, sets: Iterable[Node]) -> int:
    step, _ = current_step(rollout)
    whole, status, canary = largest_weight(rollout), rollout.status, rollout.spec.strategy.canary
    if step is None:
        return whole
    if not status.available_replicas or canary is None:
        return 0
    if canary.traffic_routing is None:
        found = next((one for one in sets if "canary" in one.tags), None)
        return found.available * whole // status.available_replicas if found is not None else 0
    weights = status.canary.weights
    return weights.canary.weight if weights is not None else current_set_weight(rollout)


def owned(objects: Iterable[JsonObject], uid: str) -> list[JsonObject]:
    return [
        obj for obj in objects if any(one.get("uid") == uid for one in obj["metadata"].get("ownerReferences") or ())
    ]


def _meta(obj: JsonObject) -> dict[str, Any]:
    metadata = obj["metadata"]
    revision = str((metadata.get("annotations") or {}).get(REVISION) or "")
    return {
        "name": metadata["name"],
        "created": str(metadata.get("creationTimestamp") or ""),
        "revision": int(revision) if revision.isdecimal() else 0,
        "raw": obj,
    }


def _sets(uid: str, rollout: Rollout | None, objects: Objects) -> tuple[Node, ...]:
    nodes = [_set(obj, rollout, objects) for obj in owned(objects.sets, uid)]
    return tuple(sorted(nodes, key=lambda one: (-one.revision, one.name)))


def _set(obj: JsonObject, rollout: Rollout | None, objects: Objects) -> Node:
    found = read(ReplicaSet, obj)
    status = _health(found)
    notes = found.annotations
    template = notes.get(TEMPLATE_NAME, "")
    tags = _tags(found, rollout) if rollout is not None else ((f"Σ:{template}",) if template else ())
    pods = sorted(
        owned(objects.pods, found.uid),
        key=lambda pod: (pod["metadata"].get("creationTimestamp") or "", pod["metadata"]["name"]),
    )
    return Node(
        kind="ReplicaSet",
        **_meta(obj),
        status=status,
        icon=SET_ICONS.get(status, " "),
        notes=tags if rollout is not None else (),
        tags=tags,
        deadline=notes.get(SCALE_DOWN_DEADLINE, ""),
        images=tuple(str(one.get("image")) for one in (found.template.get("spec") or {}).get("containers") or ()),
        replicas=found.status.replicas,
        available=found.status.available_replicas,
        children=tuple(_pod(pod) for pod in pods),
    )


def _health(found: ReplicaSet) -> str:
    if found.generation > found.status.observed_generation:
        return "Progressing"
    conditions = (found.raw.get("status") or {}).get("conditions") or ()
    if any(one.get("type") == "ReplicaFailure" and one.get("status") == "True" for one in conditions):
        return "ReplicaFailure"
    if found.status.available_replicas < found.replicas:
        return "Progressing"
    return "Healthy" if found.replicas else "ScaledDown"


def _tags(found: ReplicaSet, rollout: Rollout) -> tuple[str, ...]:
    pod_hash, status, canary = pod_hash_of(found), rollout.status, rollout.spec.strategy.canary
    tags = ["stable"] if status.stable_rs == pod_hash else []
    if canary is None:
        if status.blue_green.active_selector == pod_hash:
            tags.append("active")
        elif status.blue_green.preview_selector == pod_hash:
            tags.append("preview")
        return tuple(tags)
    if not tags and status.current_pod_hash == pod_hash:
        tags.append("canary")
    if tags and canary.ping_pong is not None:
        is_ping = (status.canary.stable_ping_pong == "ping") == (tags == ["stable"])
        tags.append("ping" if is_ping else "pong")
    return tuple(tags)


def _experiments(rollout: Rollout, objects: Objects) -> tuple[Node, ...]:
    nodes = [experiment_node(obj, objects) for obj in owned(objects.experiments, rollout.uid)]
    return tuple(sorted(nodes, key=lambda one: (-one.revision, one.created)))


def experiment_node(obj: JsonObject, objects: Objects) -> Node:
    phase, uid = str((obj.get("status") or {}).get("phase") or ""), str(obj["metadata"]["uid"])
    inner = (*_sets(uid, None, objects), *_runs(uid, objects))
    return Node(kind="Experiment", **_meta(obj), status=phase, icon=RUN_ICONS.get(phase, " "), children=inner)


def _runs(uid: str, objects: Objects) -> tuple[Node, ...]:
    nodes = [_run(obj) for obj in owned(objects.runs, uid)]
    return tuple(sorted(nodes, key=lambda one: (-one.revision, one.created, one.name)))


def _run(obj: JsonObject) -> Node:
    status = obj.get("status") or {}
    phase = str(status.get("phase") or "")
    icons = {"successful": OK, "failed": BAD, "inconclusive": UNKNOWN, "error": WARNING}
    counts = {name: sum(int(one.get(name) or 0) for one in status.get("metricResults") or ()) for name in icons}
    notes = tuple(f"{icons[name]} {count}" for name, count in counts.items() if count)
    jobs = tuple(_jobs(status))
    return Node(
        kind="AnalysisRun", **_meta(obj), status=phase, icon=RUN_ICONS.get(phase, " "), notes=notes, children=jobs
    )


def _jobs(status: JsonObject) -> Iterable[Node]:
    """The Jobs that measured, as recorded in the run."""
    for result in status.get("metricResults") or ():
        for one in result.get("measurements") or ():
            if name := str((one.get("metadata") or {}).get("job-name") or ""):
                phase, created = str(one.get("phase") or ""), str(one.get("startedAt") or "")
                yield Node(kind="Job", name=name, created=created, status=phase, icon=RUN_ICONS.get(phase, " "))


def _pod(pod: JsonObject) -> Node:
    reason, ready, restarts = _pod_state(pod)
    notes = (f"ready:{ready}", *((f"restarts:{restarts}",) if restarts else ()))
    return Node(kind="Pod", **_meta(pod), status=reason, icon=_pod_icon(reason), notes=notes)


def _pod_state(pod: JsonObject) -> tuple[str, str, int]:
    """As kubectl shows it: the reason, ready containers out of all, restarts."""
    status, containers = pod.get("status") or {}, (pod.get("spec") or {}).get("containers") or ()
    reason = str(status.get("reason") or status.get("phase") or "")
    ready = restarts = 0
    initializing = _initializing(pod)
    if initializing:
        reason = initializing
        restarts = sum(int(one.get("restartCount") or 0) for one in status.get("initContainerStatuses") or ())
    else:
        running = False
        for one in reversed(status.get("containerStatuses") or ()):
            restarts += int(one.get("restartCount") or 0)
            state = one.get("state") or {}
            if (state.get("waiting") or {}).get("reason"):
                reason = state["waiting"]["reason"]
            elif "terminated" in state:
                reason = _ended(state["terminated"])
            elif one.get("ready") and "running" in state:
                ready, running = ready + 1, True
        if reason == "Completed" and running:
            reason = "Running"
    if pod["metadata"].get("deletionTimestamp"):
        reason = "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return reason, f"{ready}/{len(containers)}", restarts


def _ended(state: JsonObject) -> str:
    if state.get("reason"):
        return str(state["reason"])
    return f"Signal:{state['signal']}" if state.get("signal") else f"ExitCode:{state.get('exitCode', 0)}"


def _initializing(pod: JsonObject) -> str:
    inits = (pod.get("spec") or {}).get("initContainers") or ()
    sidecars = {one.get("name") for one in inits if one.get("restartPolicy") == "Always"}
    for index, one in enumerate((pod.get("status") or {}).get("initContainerStatuses") or ()):
        state = one.get("state") or {}
        ended, waiting = state.get("terminated"), (state.get("waiting") or {}).get("reason")
        if ended is not None and not ended.get("exitCode"):
            continue
        if ended is not None:
            return f"Init:{_ended(ended)}"
        if one.get("name") in sidecars and one.get("started"):
            continue
        return f"Init:{waiting}" if waiting not in (None, "PodInitializing") else f"Init:{index}/{len(inits)}"
    return ""


def _pod_icon(reason: str) -> str:
    if reason.startswith("Init:"):
        return PROGRESSING
    if reason.startswith(("Signal:", "ExitCode:")):
        return BAD
    if reason.endswith("Error") or reason.startswith("Err"):
        return WARNING
    return POD_ICONS.get(reason, " ")
