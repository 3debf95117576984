"""Follows the logs of Pods that come and go: a sync replaces them, and containers are started again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError
from argosy.runtime.clock import Clock
from argosy.server.errors import ApiError
from argosy.server.services.applications.log_lines import EPOCH, Line, Lines, Merged, notice

SETTLING_SECONDS: Final = 0.3
"""Changes within this time are one look at the Pods."""
RETRY_SECONDS: Final = 10.0
"""After Pods could not be listed."""
Pods = Callable[[], Awaitable[list[JsonObject] | None]]
"""The tree nodes of the Pods to be read now; None if there will be none any more."""
OpenLog = Callable[[JsonObject, str, bool], Lines]
"""The log of a Pod, since a time; without one as the request says. With the flag, old lines are not limited."""


@dataclass(slots=True)
class _Log:
    """What was read of one Pod."""

    is_later: bool = False
    """The Pod was not there when following began."""
    version: str = ""
    """The Pod's resourceVersion when its log was opened last."""
    task: asyncio.Task[None] | None = None
    last: datetime = EPOCH
    stamp: str = ""
    """Of the last line."""
    notices: set[str] = field(default_factory=set)

    @property
    def is_open(self) -> bool:
        return self.task is not None and not self.task.done()

    def is_news(self, line: Line, since: datetime) -> bool:
        """A log that is opened again begins with the second of its last line; an error is shown once."""
        moment, stamp, _, text = line
        if moment is EPOCH:
            is_news = text not in self.notices
            self.notices.add(text)
            return is_news
        if moment <= since:
            return False
        self.last, self.stamp = moment, stamp
        return True


class Following:
    def __init__(self, clock: Clock, pods: Pods, open_log: OpenLog, most: int) -> None:
        """`most`: Pods that are read at the same time."""
        self._clock, self._pods, self._open_log, self._most = clock, pods, open_log, most
        self._changed = asyncio.Event()
        self._logs: dict[str, _Log] = {}
        self._left_out: set[str] = set()
        self._merged = Merged()

    def pods_changed(self) -> None:
        self._changed.set()

    def lines(self) -> Lines:
        self._merged.add(self._joining())
        return self._merged.lines()

    async def _joining(self) -> Lines:
        """Opens logs until there will be no more Pods; yields only notices."""
        is_later = False
        while True:
            try:
                pods = await self._pods()
            except (ApiError, StatusError) as error:
                yield notice(f"the Pods cannot be listed, and are asked for again: {error}")
                self._clock.call_later(RETRY_SECONDS, self._changed.set, background=True)
                pods = []
            if pods is None:
                return
            for pod in pods:
                log = self._logs.setdefault(str(pod["uid"]), _Log(is_later=is_later))
                if log.is_open or log.version == pod.get("resourceVersion"):
                    continue
                if sum(one.is_open for one in self._logs.values()) < self._most:
                    self._open(pod, log)
                elif pod["name"] not in self._left_out:
                    self._left_out.add(pod["name"])
                    yield notice(f"the logs of {pod['name']} are left out: {self._most} Pods are read already")
            is_later = True
            await self._changed.wait()
            await self._clock.sleep(SETTLING_SECONDS, background=True)
            self._changed.clear()

    def _open(self, pod: JsonObject, log: _Log) -> None:
        log.version = str(pod.get("resourceVersion") or "")
        log.task = self._merged.add(_unread(self._open_log(pod, log.stamp, log.is_later or bool(log.stamp)), log))


async def _unread(lines: Lines, log: _Log) -> Lines:
    since = log.last
    try:
        async for line in lines:
            if log.is_news(line, since):
                yield line
    finally:
        await lines.aclose()
