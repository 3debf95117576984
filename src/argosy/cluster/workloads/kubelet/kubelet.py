"""Kubelet: the lifecycle of a simulated Pod from its binding to its termination (kinds sheet 5.6).

Owns the Pod's status (except PodScheduled) and, when a deletion's grace period is over, the Pod's removal. All changes
of a Pod at one instant are one write.
"""

from __future__ import annotations

from datetime import datetime

from argosy.cluster.workloads.chance import share
from argosy.cluster.workloads.decision import (
    KUBELET,
    NOTHING,
    Controller,
    Decision,
    Event,
    Step,
    delete,
    later,
    stamp,
    with_status,
)
from argosy.cluster.workloads.kubelet import containers as life
from argosy.cluster.workloads.kubelet import ephemeral
from argosy.cluster.workloads.kubelet.images import blocked
from argosy.cluster.workloads.kubelet.pod_end import eviction, stop
from argosy.cluster.workloads.kubelet.pod_sight import Seen, effects_in_force, said, sight_of
from argosy.cluster.workloads.kubelet.pod_status import all_statuses, give_address, set_conditions, set_phase
from argosy.cluster.workloads.kubelet.turn import Turn
from argosy.cluster.workloads.matching import itself
from argosy.cluster.workloads.nodes.node import is_simulated
from argosy.cluster.workloads.nodes.nodes import ADDRESS
from argosy.cluster.workloads.pods import FINISHED, is_deleting, phase
from argosy.cluster.workloads.rules.rule_book import RuleBook
from argosy.cluster.workloads.rules.rule_reading import RuleError, annotated
from argosy.cluster.workloads.rules.rules import Effect
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject, Key, key_of


def decide(seen: Seen, now: datetime) -> Decision:
    pod = seen.pod
    if phase(pod) in FINISHED:
        return Decision((delete(pod, grace=0, by=KUBELET),)) if is_deleting(pod) else NOTHING
    if is_deleting(pod):
        return stop(seen, now)
    if not (pod.get("status") or {}).get("startTime"):
        return _start(seen, now)
    return _advance(seen, now)


def _jittered(seen: Seen, seconds: float, effect: Effect, what: str) -> float:
    if not effect.jitter:
        return seconds
    metadata = seen.pod["metadata"]
    return seconds + effect.jitter * share(seen.seed, metadata["namespace"], metadata["name"], what)


# -- starting ----------------------------------------------------------------------------------------------------------


def _start(seen: Seen, now: datetime) -> Decision:
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
    set_conditions(pod, status, now)
    effect = effects_in_force(seen, now)[(init or spec["containers"])[0]["name"]]
    begin = later(now, _jittered(seen, effect.start_delay or 0.0, effect, "start"))
    uid = pod["metadata"]["uid"]
    return Decision((with_status(pod, status, KUBELET), *_misread(pod)), begin, marks=((uid, "begin"),))


def _misread(pod: JsonObject) -> list[Step]:
    try:
        annotated(pod)
    except RuleError as error:
        return [
            Event(about=pod, reason="InvalidSimulationRule", message=str(error), component="kubelet", type="Warning")
        ]
    return []


# -- running -----------------------------------------------------------------------------------------------------------


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
    pod, spec, effects = seen.pod, seen.pod["spec"], effects_in_force(seen, now)
    status, turn = dict(pod["status"]), _turn(seen, now)
    first = effects[(spec.get("initContainers") or spec["containers"])[0]["name"]]
    begin = later(seen.exact("begin", status["startTime"]), _jittered(seen, first.start_delay or 0.0, first, "start"))
    if now < begin:
        return Decision((), begin)
    if seen.volume_problem and phase(pod) == "Pending" and not status.get("podIP"):
        return _unmounted(seen)
    evicted = eviction(effects, turn, status)
    if evicted is not None:
        return evicted
    initialized = _advance_init(seen, effects, status, turn, begin)
    if initialized is not None:
        _advance_main(seen, effects, status, turn, initialized)
    ephemeral.advance(effects, status, turn)
    set_phase(pod, status)
    if any("running" in item["state"] or "terminated" in item["state"] for item in all_statuses(status)):
        give_address(pod, status)
    set_conditions(pod, status, now)
    return _written(seen, status, turn)


def _advance_init(
    seen: Seen, effects: dict[str, Effect], status: JsonObject, turn: Turn, begin: datetime
) -> datetime | None:
    """When the main containers may start; None while init containers are running. In place."""
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
            statuses[index] = blocked(container, statuses[index], "CreateContainerConfigError", text, own)
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
            statuses.append(blocked(container, current, "CreateContainerConfigError", text, turn))
        else:
            pull_begin = seen.exact("begin", seen.pod["status"]["startTime"])
            image_fails = effect.fail is not None and effect.fail.reason == "ErrImagePull"
            statuses.append(life.step(container, current, effect, turn, pull_begin if image_fails else begin))
    status["containerStatuses"] = statuses


def _unmounted(seen: Seen) -> Decision:
    text = seen.volume_problem
    return Decision(tuple(said(seen, [("", "FailedMount", text, True)])))


def _written(seen: Seen, status: JsonObject, turn: Turn) -> Decision:
    steps: list[Step] = []
    if status != seen.pod["status"]:
        steps.append(with_status(seen.pod, status, KUBELET))
    steps += said(seen, turn.events)
    uid = seen.pod["metadata"]["uid"]
    return Decision(tuple(steps), turn.wake_at, marks=tuple((uid, label) for label in turn.marks))


# -- looking -----------------------------------------------------------------------------------------------------------


def make_controller(book: RuleBook, *, events: bool = True, simulated: bool = True) -> Controller:
    """`simulated`: whether Nodes without the annotation have a kubelet."""

    def look(view: View, key: Key) -> Seen | None:
        pod = view.get("pods", key)
        if pod is None or not pod["spec"].get("nodeName"):
            return None
        if not (pod.get("status") or {}).get("startTime") and not _has_kubelet(view, pod, simulated):
            return None
        return sight_of(view, pod, book, events=events)

    return Controller(
        name="kubelet",
        look=look,
        decide=decide,
        routes={
            "pods": itself,
            "nodes": _pods_of_node,
            "configmaps": _users("configmaps"),
            "secrets": _users("secrets"),
            "persistentvolumeclaims": _users("persistentvolumeclaims"),
        },
    )


def _has_kubelet(view: View, pod: JsonObject, simulated: bool) -> bool:
    """A Pod that was bound to a Node without a kubelet, or to one that does not exist, waits for it."""
    node = view.get("nodes", Key("", pod["spec"]["nodeName"]))
    return node is not None and is_simulated(node, unless_said=simulated)


def _pods_of_node(view: View, obj: JsonObject) -> list[Key]:
    waiting = (pod for pod in view.on_node(obj["metadata"]["name"]) if not (pod.get("status") or {}).get("startTime"))
    return [key_of(pod) for pod in waiting]


def _users(plural: str):  # type: ignore[no-untyped-def]  # a Route
    """Routes a source of configuration to the Pods that wait for it."""

    def route(view: View, obj: JsonObject) -> list[Key]:
        return view.waiting_for(plural, key_of(obj))

    return route
