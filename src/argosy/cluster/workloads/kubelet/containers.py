"""The lifecycle of one simulated container: pure steps from its status and its effect to the next status.

    waiting (image) ─▶ running ─▶ ready ─▶ terminated ─▶ waiting (CrashLoopBackOff) ─▶ running ...

Delays are counted from the exact times that the view knows; statuses have whole seconds.
"""

from __future__ import annotations

from datetime import datetime

from argosy.cluster.workloads.chance import share
from argosy.cluster.workloads.decision import instant, later, stamp
from argosy.cluster.workloads.kubelet.images import not_pulled
from argosy.cluster.workloads.kubelet.turn import BACKOFF, LONGEST_BACKOFF, Turn
from argosy.cluster.workloads.rules.rules import IMAGE_REASONS, JOB_RUN, Effect, Fail
from argosy.machinery.objects import JsonObject

RESET_AFTER = 600.0
"""Seconds of running after which the back-off is reset."""


def fresh(container: JsonObject, reason: str) -> JsonObject:
    return {
        "name": container["name"],
        "state": {"waiting": {"reason": reason}},
        "lastState": {},
        "ready": False,
        "restartCount": 0,
        "image": container.get("image", ""),
        "imageID": "",
        "started": False,
    }


def step(container: JsonObject, status: JsonObject, effect: Effect, turn: Turn, begin: datetime) -> JsonObject:
    """The container's status at `turn.now`. `begin`: when it may start for the first time."""
    state = status.get("state") or {}
    if "terminated" in state:
        return _restarted(container, status, turn)
    if "running" in state:
        return _running(container, status, effect, turn)
    return _waiting(container, status, effect, turn, begin)


# -- waiting -----------------------------------------------------------------------------------------------------------


def _waiting(container: JsonObject, status: JsonObject, effect: Effect, turn: Turn, begin: datetime) -> JsonObject:
    due = _restart_at(status, turn) if status["state"]["waiting"].get("reason") == "CrashLoopBackOff" else begin
    if turn.now < due:
        turn.wake(due)
        return status
    fail = effect.fail
    if fail is not None and fail.reason in IMAGE_REASONS and _strikes(fail, container, 0, turn):
        failing = not_pulled(container, status, fail, turn, begin)
        if failing is not None:
            return failing
    return _started(container, status, effect, turn)


def _strikes(fail: Fail, container: JsonObject, count: int, turn: Turn) -> bool:
    """Whether failure number `count` happens; drawn once per Pod, container and count."""
    if fail.times is not None and fail.reason not in IMAGE_REASONS and count >= fail.times:
        return False
    metadata = turn.pod["metadata"]
    if fail.probability >= 1:
        return True
    parts = (metadata["namespace"], metadata["name"], container["name"], fail.reason, str(count))
    return share(turn.seed, *parts) < fail.probability


def _started(container: JsonObject, status: JsonObject, effect: Effect, turn: Turn) -> JsonObject:
    again = bool(status.get("lastState"))
    count = status.get("restartCount") or 0
    image = container.get("image", "")
    if not again:
        turn.say(container, "Pulled", f'Container image "{image}" already present on machine')
    turn.say(container, "Created", "Container created")
    turn.say(container, "Started", "Container started")
    turn.marks.append(f"run/{container['name']}")
    identity = f"{turn.pod['metadata']['uid']}/{container['name']}/{count}"
    started = {
        **status,
        "state": {"running": {"startedAt": stamp(turn.now)}},
        "ready": False,
        "started": True,
        "imageID": f"sim://{image}",
        "containerID": f"sim://{identity}",
    }
    return _running(container, started, effect, turn, began=turn.now)


# -- running -----------------------------------------------------------------------------------------------------------


def _running(
    container: JsonObject, status: JsonObject, effect: Effect, turn: Turn, began: datetime | None = None
) -> JsonObject:
    if began is None:
        began = turn.exact(f"run/{container['name']}", status["state"]["running"]["startedAt"])
    end = _end(container, status, effect, turn, began)
    if end is not None:
        at, reason, code, message = end
        if turn.now >= at:
            if message:
                turn.say(container, "Unhealthy", "Liveness probe failed: simulated", warning=True)
                turn.say(container, "Killing", message)
            return _terminated(container, status, turn, began, reason, code)
        turn.wake(at)
    return {**status, "ready": _is_ready(container, status, effect, turn, began)}


def _end(
    container: JsonObject, status: JsonObject, effect: Effect, turn: Turn, began: datetime
) -> tuple[datetime, str, int, str] | None:
    """(when, reason, exit code, text of a Killing event): how this run ends, if it does."""
    fail, count = effect.fail, status.get("restartCount") or 0
    if fail is not None and _strikes(fail, container, count, turn):
        at = later(began, fail.after)
        if fail.reason == "Error":
            return at, "Error", effect.exit_code or 1, ""
        if fail.reason == "OOMKilled":
            return at, "OOMKilled", 137, ""
        if fail.reason == "Liveness":
            text = f"Container {container['name']} failed liveness probe, will be restarted"
            return at, "Error", 137, text
    seconds = effect.run_for if effect.run_for is not None else JOB_RUN if turn.ends else None
    if seconds is None:
        return None
    code = effect.exit_code or 0
    return later(began, seconds), "Error" if code else "Completed", code, ""


def _is_ready(container: JsonObject, status: JsonObject, effect: Effect, turn: Turn, began: datetime) -> bool:
    if effect.never_ready:
        return False
    fail = effect.fail
    if (
        fail is not None
        and fail.reason == "Unready"
        and _strikes(fail, container, status.get("restartCount") or 0, turn)
    ):
        lost = later(began, fail.after)
        if turn.now >= lost:
            if status.get("ready") or not fail.after:
                turn.say(container, "Unhealthy", "Readiness probe failed: simulated", warning=True)
            return False
        turn.wake(lost)
    ready = later(began, ready_delay(container, effect))
    if turn.now >= ready:
        return True
    turn.wake(ready)
    return False


def ready_delay(container: JsonObject, effect: Effect) -> float:
    """Without a probe a running container is ready at once; with one, after its initial delay at the earliest."""
    initial = max(
        ((container.get(name) or {}).get("initialDelaySeconds") or 0 for name in ("readinessProbe", "startupProbe")),
        default=0,
    )
    return max(effect.ready_delay or 0.0, float(initial))


def _terminated(
    container: JsonObject, status: JsonObject, turn: Turn, began: datetime, reason: str, code: int
) -> JsonObject:
    ended = {
        "exitCode": code,
        "reason": reason,
        "startedAt": status["state"]["running"]["startedAt"],
        "finishedAt": stamp(turn.now),
        "containerID": status.get("containerID", ""),
    }
    turn.marks.append(f"end/{container['name']}")
    stopped = {**status, "state": {"terminated": ended}, "ready": False, "started": False}
    return _restarted(container, stopped, turn, fresh_end=turn.now)


def stopped(container: JsonObject, status: JsonObject, now: datetime, code: int) -> JsonObject:
    """The final state of the container when its Pod is terminated."""
    state = status.get("state") or {}
    if "terminated" in state:
        return status
    begun = (state.get("running") or {}).get("startedAt")
    ended = {"exitCode": code if begun else 137, "reason": "Completed" if begun and not code else "Error"}
    ended |= {"startedAt": begun, "finishedAt": stamp(now)} if begun else {"reason": "ContainerStatusUnknown"}
    return {**status, "state": {"terminated": ended}, "ready": False, "started": False}


# -- restarting --------------------------------------------------------------------------------------------------------


def _restarted(container: JsonObject, status: JsonObject, turn: Turn, fresh_end: datetime | None = None) -> JsonObject:
    """A terminated container waits for its next run if the policy wants one."""
    ended = status["state"]["terminated"]
    if not (turn.always or (turn.on_failure and ended.get("exitCode"))):
        return status
    count = status.get("restartCount") or 0
    waits = backoff(count, ended)
    pod = turn.pod["metadata"]
    whole = f"{pod['name']}_{pod['namespace']}({pod['uid']})"
    place = f"container={container['name']} pod={whole}"
    turn.say(
        container,
        "BackOff",
        f"Back-off restarting failed container {container['name']} in pod {whole}",
        warning=True,
    )
    finished = fresh_end or turn.exact(f"end/{container['name']}", ended["finishedAt"])
    turn.wake(later(finished, waits))
    reason = {"reason": "CrashLoopBackOff", "message": f"back-off {_short(waits)} restarting failed {place}"}
    return {
        **status,
        "restartCount": count + 1,
        "state": {"waiting": reason},
        "lastState": {"terminated": ended},
        "ready": False,
        "started": False,
    }


def backoff(restarts: int, ended: JsonObject) -> float:
    """Seconds until the next run, after `restarts` restarts.

    Doubles from 10 to 300, and starts over after a long run.
    """
    began, finished = ended.get("startedAt"), ended.get("finishedAt")
    if began and finished and (instant(finished) - instant(began)).total_seconds() >= RESET_AFTER:
        return BACKOFF
    return float(min(BACKOFF * 2 ** min(restarts, 10), LONGEST_BACKOFF))


def _restart_at(status: JsonObject, turn: Turn) -> datetime:
    ended = (status.get("lastState") or {}).get("terminated") or {}
    finished = turn.exact(f"end/{status['name']}", ended["finishedAt"])
    return later(finished, backoff(status["restartCount"] - 1, ended))


def _short(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
