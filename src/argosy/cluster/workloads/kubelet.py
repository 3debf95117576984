"""Kubelet: the life of a simulated Pod from its binding to its end (kinds sheet 5.6).

Owns the Pod's status (PodScheduled excepted) and, when a deletion's grace is over, the Pod's removal. Everything that
changes in a Pod at one instant is one write.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from argosy.cluster.workloads import containers as life
from argosy.cluster.workloads.chance import fnv1a, share
from argosy.cluster.workloads.configuration import missing_configuration, missing_volume, names_used
from argosy.cluster.workloads.containers import Exact, Turn
from argosy.cluster.workloads.decision import (
    KUBELET,
    NOTHING,
    Controller,
    Decision,
    Happening,
    Step,
    delete,
    earlier,
    later,
    stamp,
    with_status,
)
from argosy.cluster.workloads.matching import itself
from argosy.cluster.workloads.nodes import ADDRESS
from argosy.cluster.workloads.pods import FINISHED, is_deleting, phase
from argosy.cluster.workloads.rules import Effect, Rule, RuleBook, RuleError, annotated, direct_owner, effect_for
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject, Key, key_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    pod: JsonObject
    rules: Sequence[Rule]
    ordinal: int | None
    owners: tuple[tuple[str, str], ...]
    problems: tuple[tuple[str, str], ...]
    """(container, message) of missing configuration."""
    volume_problem: str
    exact: Exact
    seed: str
    events: bool


def decide(seen: Seen, now: datetime) -> Decision:
    pod = seen.pod
    if phase(pod) in FINISHED:
        return Decision((delete(pod, grace=0, by=KUBELET),)) if is_deleting(pod) else NOTHING
    if is_deleting(pod):
        return _stop(seen, now)
    if not (pod.get("status") or {}).get("startTime"):
        return _begin(seen, now)
    return _advance(seen, now)


def effects_of(
    pod: JsonObject, rules: Sequence[Rule], ordinal: int | None, owners: Sequence[tuple[str, str]], now: datetime
) -> dict[str, Effect]:
    """What is in force for each container, by name."""
    spec = pod["spec"]
    every = [*(spec.get("initContainers") or ()), *spec["containers"]]
    return {item["name"]: effect_for(rules, pod, item, ordinal, owners, now) for item in every}


def _effects(seen: Seen, now: datetime) -> dict[str, Effect]:
    return effects_of(seen.pod, seen.rules, seen.ordinal, seen.owners, now)


def _jittered(seen: Seen, seconds: float, effect: Effect, what: str) -> float:
    if not effect.jitter:
        return seconds
    metadata = seen.pod["metadata"]
    return seconds + effect.jitter * share(seen.seed, metadata["namespace"], metadata["name"], what)


# -- beginning ---------------------------------------------------------------------------------------------------------


def _begin(seen: Seen, now: datetime) -> Decision:
    pod, spec = seen.pod, seen.pod["spec"]
    init = spec.get("initContainers") or []
    reason = "PodInitializing" if init else "ContainerCreating"
    status = {
        **(pod.get("status") or {}),
        "phase": "Pending",
        "hostIP": ADDRESS,
        "hostIPs": [{"ip": ADDRESS}],
        "startTime": stamp(now),
        "containerStatuses": [life.fresh(item, reason) for item in spec["containers"]],
    }
    if init:
        status["initContainerStatuses"] = [life.fresh(item, "PodInitializing") for item in init]
    _set_conditions(pod, status, now)
    effect = _effects(seen, now)[(init or spec["containers"])[0]["name"]]
    begin = later(now, _jittered(seen, effect.start_delay or 0.0, effect, "start"))
    uid = pod["metadata"]["uid"]
    return Decision((with_status(pod, status, KUBELET), *_misread(pod)), begin, ((uid, "begin"),))


def _misread(pod: JsonObject) -> list[Step]:
    try:
        annotated(pod)
    except RuleError as error:
        return [
            Happening(about=pod, reason="InvalidSimulationRule", message=str(error), component="kubelet", warning=True)
        ]
    return []


# -- living ------------------------------------------------------------------------------------------------------------


def _turn(seen: Seen, now: datetime) -> Turn:
    policy = seen.pod["spec"].get("restartPolicy", "Always")
    return Turn(
        now=now,
        exact=seen.exact,
        seed=seen.seed,
        pod=seen.pod,
        always=policy == "Always",
        on_failure=policy == "OnFailure",
        ends=policy != "Always",
    )


def _advance(seen: Seen, now: datetime) -> Decision:
    pod, spec, effects = seen.pod, seen.pod["spec"], _effects(seen, now)
    status, turn = dict(pod["status"]), _turn(seen, now)
    first = effects[(spec.get("initContainers") or spec["containers"])[0]["name"]]
    begin = later(seen.exact("begin", status["startTime"]), _jittered(seen, first.start_delay or 0.0, first, "start"))
    if now < begin:
        return Decision((), begin)
    if seen.volume_problem and phase(pod) == "Pending" and not status.get("podIP"):
        return _unmounted(seen)
    evicted = _eviction(effects, turn, status)
    if evicted is not None:
        return evicted
    initialized = _advance_init(seen, effects, status, turn, begin)
    if initialized is not None:
        _advance_main(seen, effects, status, turn, initialized)
    _set_phase(pod, status)
    if any("running" in item["state"] or "terminated" in item["state"] for item in _all_statuses(status)):
        _give_address(pod, status)
    _set_conditions(pod, status, now)
    return _written(seen, status, turn)


def _advance_init(
    seen: Seen, effects: dict[str, Effect], status: JsonObject, turn: Turn, begin: datetime
) -> datetime | None:
    """When the main containers may start; None while init containers are at work. In place."""
    specs = seen.pod["spec"].get("initContainers") or []
    statuses = list(status.get("initContainerStatuses") or ())
    problems, may_start = dict(seen.problems), begin
    for index, container in enumerate(specs):
        sidecar = container.get("restartPolicy") == "Always"
        own = Turn(
            now=turn.now, exact=turn.exact, seed=turn.seed, pod=turn.pod,
            always=sidecar, on_failure=turn.always or turn.on_failure, ends=not sidecar,
        )  # fmt: skip
        effect = effects[container["name"]]
        if container["name"] in problems and "waiting" in statuses[index]["state"]:
            text = problems[container["name"]]
            statuses[index] = life.blocked(container, statuses[index], "CreateContainerConfigError", text, own)
        else:
            statuses[index] = life.step(container, statuses[index], effect, own, may_start)
        _take(turn, own)
        state = statuses[index]["state"]
        if sidecar and "running" in state:
            continue
        ended = state.get("terminated")
        if ended is None or ended.get("exitCode"):
            status["initContainerStatuses"] = statuses
            return None
        statuses[index] = {**statuses[index], "ready": True}
    if specs:
        status["initContainerStatuses"] = statuses
    return max(turn.now, may_start)


def _take(turn: Turn, own: Turn) -> None:
    turn.marks += own.marks
    turn.events += own.events
    if own.wake_at is not None:
        turn.wake(own.wake_at)


def _advance_main(seen: Seen, effects: dict[str, Effect], status: JsonObject, turn: Turn, begin: datetime) -> None:
    problems, statuses = dict(seen.problems), []
    for container, current in zip(seen.pod["spec"]["containers"], status["containerStatuses"], strict=True):
        effect = effects[container["name"]]
        if effect.jitter:
            effect = effect.over(Effect(ready_delay=None))
            delay = _jittered(seen, effect.ready_delay or 0.0, effect, f"ready/{container['name']}")
            effect = Effect(ready_delay=delay).over(effect)
        if container["name"] in problems and "waiting" in current["state"]:
            text = problems[container["name"]]
            statuses.append(life.blocked(container, current, "CreateContainerConfigError", text, turn))
        else:
            pull_begin = seen.exact("begin", seen.pod["status"]["startTime"])
            image_fails = effect.fail is not None and effect.fail.reason == "ErrImagePull"
            statuses.append(life.step(container, current, effect, turn, pull_begin if image_fails else begin))
    status["containerStatuses"] = statuses


def _unmounted(seen: Seen) -> Decision:
    text = seen.volume_problem
    return Decision(tuple(_events(seen, [("", "FailedMount", text, True)])))


def _eviction(effects: dict[str, Effect], turn: Turn, status: JsonObject) -> Decision | None:
    for item in status["containerStatuses"]:
        effect = effects[item["name"]]
        running = (item.get("state") or {}).get("running")
        if effect.fail is None or effect.fail.reason != "Evicted" or running is None:
            continue
        at = later(turn.exact(f"run/{item['name']}", running["startedAt"]), effect.fail.after)
        if turn.now < at:
            turn.wake(at)
            continue
        text = "The node was low on resource: memory."
        ended = [{**other, "ready": False} for other in status["containerStatuses"]]
        gone = {**status, "phase": "Failed", "reason": "Evicted", "message": text, "containerStatuses": ended}
        _set_conditions(turn.pod, gone, turn.now)
        happening = Happening(about=turn.pod, reason="Evicted", message=text, component="kubelet", warning=True)
        return Decision((with_status(turn.pod, gone, KUBELET), happening))
    return None


def _written(seen: Seen, status: JsonObject, turn: Turn) -> Decision:
    steps: list[Step] = []
    if status != seen.pod["status"]:
        steps.append(with_status(seen.pod, status, KUBELET))
    steps += _events(seen, turn.events)
    uid = seen.pod["metadata"]["uid"]
    return Decision(tuple(steps), turn.wake_at, tuple((uid, label) for label in turn.marks))


def _events(seen: Seen, said: Sequence[tuple[str, str, str, bool]]) -> list[Happening]:
    if not seen.events:
        return []
    host = seen.pod["spec"].get("nodeName") or ""
    return [
        Happening(
            about=seen.pod,
            reason=reason,
            message=message,
            component="kubelet",
            warning=warning,
            field_path=f"spec.containers{{{container}}}" if container else "",
            host=host,
        )
        for container, reason, message, warning in said
    ]


# -- ending ------------------------------------------------------------------------------------------------------------


def _stop(seen: Seen, now: datetime) -> Decision:
    pod, metadata, status = seen.pod, seen.pod["metadata"], seen.pod.get("status") or {}
    grace = float(metadata.get("deletionGracePeriodSeconds") or 0)
    asked = seen.exact("stop", stamp(earlier(datetime.fromisoformat(metadata["deletionTimestamp"]), grace)))
    running = [item for item in _all_statuses(status) if "running" in (item.get("state") or {})]
    effects = _effects(seen, now)
    wanted = max(((effects[item["name"]].stop_delay or 0.0) for item in running), default=0.0)
    end = later(asked, min(wanted, grace))
    marks: tuple[tuple[str, str], ...] = ()
    steps: list[Step] = []
    if seen.exact("stop", "") == _NEVER:
        marks, end = ((metadata["uid"], "stop"),), later(now, min(wanted, grace))
        steps += _events(seen, [(i["name"], "Killing", f"Stopping container {i['name']}", False) for i in running])
    if now < end:
        return Decision(tuple(steps), end, marks)
    stopped = _stopped(pod, status, now, 137 if wanted > grace else 0)
    if stopped != status:
        steps.append(with_status(pod, stopped, KUBELET))
    return Decision((*steps, delete(pod, grace=0, by=KUBELET)), None, marks)


_NEVER = datetime.min.replace(tzinfo=UTC)


def _stopped(pod: JsonObject, status: JsonObject, now: datetime, code: int) -> JsonObject:
    ended = dict(status)
    for field, specs in (("initContainerStatuses", "initContainers"), ("containerStatuses", "containers")):
        if status.get(field):
            pairs = zip(pod["spec"][specs], status[field], strict=True)
            ended[field] = [life.stopped(container, item, now, code) for container, item in pairs]
    if ended.get("containerStatuses"):
        _set_conditions(pod, ended, now)
    return ended


# -- what the Pod says of itself ---------------------------------------------------------------------------------------


def _all_statuses(status: JsonObject) -> list[JsonObject]:
    return [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]


def _set_phase(pod: JsonObject, status: JsonObject) -> None:
    states = [item["state"] for item in status["containerStatuses"]]
    codes = [state["terminated"].get("exitCode", 0) for state in states if "terminated" in state]
    if len(codes) == len(states):
        status["phase"] = "Failed" if any(codes) else "Succeeded"
        _end_sidecars(pod, status)
    elif any(
        "running" in state or item.get("lastState")
        for state, item in zip(states, status["containerStatuses"], strict=True)
    ):
        status["phase"] = "Running"
    elif pod["spec"].get("restartPolicy") == "Never" and any(
        ((item["state"].get("terminated") or {}).get("exitCode")) for item in status.get("initContainerStatuses") or ()
    ):
        status["phase"] = "Failed"


def _end_sidecars(pod: JsonObject, status: JsonObject) -> None:
    ended = max(item["state"]["terminated"].get("finishedAt") or "" for item in status["containerStatuses"])
    if status.get("initContainerStatuses") and ended:
        pairs = zip(pod["spec"]["initContainers"], status["initContainerStatuses"], strict=True)
        moment = datetime.fromisoformat(ended)
        status["initContainerStatuses"] = [life.stopped(container, item, moment, 0) for container, item in pairs]


def _give_address(pod: JsonObject, status: JsonObject) -> None:
    if status.get("podIP"):
        return
    if pod["spec"].get("hostNetwork"):
        address = ADDRESS
    else:
        number = fnv1a(pod["metadata"]["uid"].encode()) % (254 * 250)
        address = f"10.42.{number // 254}.{number % 254 + 1}"
    status["podIP"], status["podIPs"] = address, [{"ip": address}]


def _set_conditions(pod: JsonObject, status: JsonObject, now: datetime) -> None:
    """In place; PodScheduled is the scheduler's."""
    finished = status.get("phase") in FINISHED
    inits = zip(pod["spec"].get("initContainers") or (), status.get("initContainerStatuses") or (), strict=True)
    undone = [container["name"] for container, item in inits if not _is_initialized(container, item)]
    unready = [item["name"] for item in status["containerStatuses"] if not item.get("ready")]
    unready += [
        item["name"]
        for container, item in zip(
            pod["spec"].get("initContainers") or (), status.get("initContainerStatuses") or (), strict=True
        )
        if container.get("restartPolicy") == "Always" and not item.get("ready")
    ]
    waits = (False, "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]")
    containers = (False, "PodCompleted", "") if status.get("phase") == "Succeeded" else (
        (False, "PodFailed", "") if finished else waits if unready else (True, "", "")
    )  # fmt: skip
    ready = containers
    if containers[0]:
        gates = [gate["conditionType"] for gate in pod["spec"].get("readinessGates") or ()]
        said = {item["type"]: item.get("status") for item in status.get("conditions") or ()}
        closed = [gate for gate in gates if said.get(gate) != "True"]
        if closed:
            text = "; ".join(
                f'the status of pod readiness gate "{gate}" is not "True", but {said.get(gate) or "False"}'
                for gate in closed
            )
            ready = (False, "ReadinessGatesNotReady", text)
    not_initialized = (False, "ContainersNotInitialized", f"containers with incomplete status: [{' '.join(undone)}]")
    _set(status, "PodReadyToStartContainers", (bool(status.get("podIP")) and not finished, "", ""), now)
    done = status.get("phase") == "Succeeded"
    _set(status, "Initialized", (True, "PodCompleted" if done else "", "") if not undone else not_initialized, now)
    _set(status, "Ready", ready, now)
    _set(status, "ContainersReady", containers, now)


def _is_initialized(container: JsonObject, item: JsonObject) -> bool:
    if container.get("restartPolicy") == "Always":
        return bool(item.get("started")) or "terminated" in item["state"]
    ended = item["state"].get("terminated")
    return ended is not None and not ended.get("exitCode")


def _set(status: JsonObject, kind: str, value: tuple[bool, str, str], now: datetime) -> None:
    truth, reason, message = value
    conditions = list(status.get("conditions") or ())
    place = next((index for index, item in enumerate(conditions) if item["type"] == kind), None)
    new: JsonObject = {"type": kind, "status": "True" if truth else "False", "lastProbeTime": None}
    current = conditions[place] if place is not None else None
    since = current.get("lastTransitionTime") if current is not None and current["status"] == new["status"] else None
    new["lastTransitionTime"] = since or stamp(now)
    if reason:
        new["reason"] = reason
    if message:
        new["message"] = message
    if current is not None and _same(current, new):
        return
    if place is None:
        before_scheduled = next(
            (index for index, item in enumerate(conditions) if item["type"] == "PodScheduled"), len(conditions)
        )
        conditions.insert(before_scheduled, new)
    else:
        conditions[place] = new
    status["conditions"] = conditions


def _same(left: JsonObject, right: JsonObject) -> bool:
    return all(left.get(name) == right.get(name) for name in ("status", "reason", "message"))


# -- seeing ------------------------------------------------------------------------------------------------------------


def make_controller(book: RuleBook, *, events: bool = True) -> Controller:
    def look(view: View, key: Key) -> Seen | None:
        pod = view.get("pods", key)
        if pod is None or not pod["spec"].get("nodeName"):
            return None
        uid = pod["metadata"]["uid"]
        pending = phase(pod) not in FINISHED and not is_deleting(pod)
        return Seen(
            pod=pod,
            rules=book.current,
            ordinal=ordinal_of(view, pod),
            owners=owners_of(view, pod),
            problems=missing_configuration(view, pod) if pending else (),
            volume_problem=missing_volume(view, pod) if pending and phase(pod) == "Pending" else "",
            exact=lambda label, text: view.exact(uid, label, text) if text else view.marked(uid, label) or _NEVER,
            seed=view.seed,
            events=events,
        )

    return Controller(
        name="kubelet",
        look=look,
        decide=decide,
        routes={
            "pods": itself,
            "configmaps": _users("configmaps"),
            "secrets": _users("secrets"),
            "persistentvolumeclaims": _users("persistentvolumeclaims"),
        },
    )


def _users(plural: str):  # type: ignore[no-untyped-def]  # a Route
    """Routes a source of configuration to the Pods that wait for it."""

    def route(view: View, obj: JsonObject) -> list[Key]:
        place = (plural, obj["metadata"]["name"])
        namespace = obj["metadata"]["namespace"]
        return [key_of(pod) for pod in view.pending(namespace) if place in names_used(pod)]

    return route


def ordinal_of(view: View, pod: JsonObject) -> int | None:
    labels = pod["metadata"].get("labels") or {}
    for name in ("apps.kubernetes.io/pod-index", "batch.kubernetes.io/job-completion-index"):
        if labels.get(name, "").isdigit():
            return int(labels[name])
    return view.index_of(pod)


def owners_of(view: View, pod: JsonObject) -> tuple[tuple[str, str], ...]:
    """The Pod's controller, and that one's: a rule may name the Deployment as well as the ReplicaSet."""
    first = direct_owner(pod)
    if first is None:
        return ()
    plural = {"ReplicaSet": "replicasets", "Job": "jobs"}.get(first[0])
    parent = view.get(plural, Key(pod["metadata"]["namespace"], first[1])) if plural else None
    second = direct_owner(parent) if parent is not None else None
    return (first, second) if second is not None else (first,)
