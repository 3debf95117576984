"""The output of simulated containers: `pods/log` from rules, the same lines for the same Pod at every request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta

from argosy.cluster.ports import Clock, LogOptions
from argosy.cluster.workloads.decision import earlier, instant, later
from argosy.cluster.workloads.kubelet.effects import effects_of, ordinal_of, owners_of
from argosy.cluster.workloads.pods import containers_of
from argosy.cluster.workloads.rules.rule_book import RuleBook
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject, key_of
from argosy.machinery.status import StatusError

FOLLOWED_EVERY = 1.0
"""Poll interval of a followed container, in seconds."""
Line = tuple[datetime, str]


class SimulatedLogs:
    """A `ports.LogSource` based on the simulation's rules."""

    def __init__(self, view: View, book: RuleBook, clock: Clock) -> None:
        self._view, self._book, self._clock = view, book, clock

    async def read(self, pod: JsonObject, options: LogOptions) -> AsyncIterator[bytes]:
        """Complete lines. Raises StatusError 400 for a container that prints nothing yet, or does not exist."""
        name = _container(pod, options)
        now = self._clock.now()
        every = list(self._lines(pod, name, options.previous, now))
        sent = 0
        for line in _chosen(every, options, now):
            data = _encoded(line, options)
            if options.limit_bytes is not None and sent + len(data) > options.limit_bytes:
                yield data[: options.limit_bytes - sent]
                return
            sent += len(data)
            yield data
        seen, runs = len(every), options.follow and not options.previous
        while runs:
            current = self._view.get("pods", key_of(pod))
            state = _status(current, name).get("state") or {} if current is not None else {}
            if current is None or "waiting" in state:
                return
            runs = "running" in state
            lines = list(self._lines(current, name, False, self._clock.now()))
            for line in lines[seen:]:
                yield _encoded(line, options)
            seen = len(lines)
            if runs:
                await self._clock.sleep(FOLLOWED_EVERY, background=True)

    def _lines(self, pod: JsonObject, name: str, previous: bool, now: datetime) -> Iterator[Line]:
        status = _status(pod, name)
        state = (status.get("lastState") if previous else status.get("state")) or {}
        if not previous and "waiting" in state and status.get("lastState"):
            state = status["lastState"]
        run = state.get("running") or state.get("terminated")
        if run is None or not run.get("startedAt"):
            if previous:
                text = f'previous terminated container "{name}" in pod "{pod["metadata"]["name"]}" not found'
                raise StatusError(400, "BadRequest", text)
            reason = (state.get("waiting") or {}).get("reason", "ContainerCreating")
            text = f'container "{name}" in pod "{pod["metadata"]["name"]}" is waiting to start: {reason}'
            raise StatusError(400, "BadRequest", text)
        began = instant(run["startedAt"])
        ended = instant(run["finishedAt"]) + timedelta(seconds=1) if run.get("finishedAt") else now
        effect = effects_of(pod, self._book.current, ordinal_of(self._view, pod), owners_of(self._view, pod), now).get(
            name
        )
        for offset, text in effect.logs if effect is not None and effect.logs else ():
            moment = later(began, offset)
            if moment <= min(ended, now):
                yield moment, text


def _container(pod: JsonObject, options: LogOptions) -> str:
    spec = pod["spec"]
    names = [item["name"] for item in spec["containers"]]
    if options.container:
        if options.container not in (item["name"] for item in containers_of(pod)):
            text = f"container {options.container} is not valid for pod {pod['metadata']['name']}"
            raise StatusError(400, "BadRequest", text)
        return options.container
    if len(names) > 1:
        text = (
            f"a container name must be specified for pod {pod['metadata']['name']}, choose one of: [{' '.join(names)}]"
        )
        raise StatusError(400, "BadRequest", text)
    return str(names[0])


def _status(pod: JsonObject, name: str) -> JsonObject:
    status = pod.get("status") or {}
    for field in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
        for item in status.get(field) or ():
            if item["name"] == name:
                return dict(item)
    return {}


def _chosen(lines: list[Line], options: LogOptions, now: datetime) -> list[Line]:
    since = options.since_time
    if options.since_seconds is not None:
        since = earlier(now, options.since_seconds)
    if since is not None:
        lines = [line for line in lines if line[0] >= since]
    if options.tail_lines is not None:
        lines = lines[-options.tail_lines :] if options.tail_lines else []
    return lines


def _encoded(line: Line, options: LogOptions) -> bytes:
    moment, text = line
    prefix = f"{moment.strftime('%Y-%m-%dT%H:%M:%S.%f')}000Z " if options.timestamps else ""
    return f"{prefix}{text}\n".encode()
