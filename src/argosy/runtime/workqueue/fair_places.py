"""A limited number of places, distributed fairly: by project, then by name, then to those that were quick before.

A holder that has a place for PATIENCE seconds is slow. A slow one yields its place and continues in a spare one; next
time its name starts in the spare ones, until it is quick again. When those are taken as well, the one that has been
there longest is evicted, if possible: so a holder that is not known to be slow waits for some seconds at most,
however many others never finish. Some more places are for names known to be quick: they need not even wait for that.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from argosy.runtime.clock import Clock, TimerHandle

PATIENCE = 3.0
REMEMBERED = 10_000
"""Names that are known to be quick or slow."""


class Share(NamedTuple):
    """The requester: places go to the project that has fewest, then to the name that has fewest."""

    project: str = ""
    name: str = ""


class Speed(IntEnum):
    QUICK = 0
    UNKNOWN = 1
    SLOW = 2


@dataclass(eq=False, slots=True)
class Holder:
    """A request that waits for a place, or has it."""

    share: Share
    speed: Speed
    slowed: Callable[[], None]
    send_away: Callable[[], None] | None
    turn: asyncio.Future[None]
    is_inside: bool = False
    is_spare: bool = False
    """In a spare place."""
    is_late: bool = False
    """Slow, and no spare place was free."""
    is_sent_away: bool = False
    began_at: float = 0.0
    timer: TimerHandle | None = field(default=None, repr=False)


class FairPlaces:
    def __init__(self, clock: Clock, places: int, spare: int) -> None:
        self._clock = clock
        self._places, self._spare = places, spare
        self._express = max(1, places // 2)
        self._waiting: dict[str, dict[Speed, deque[Holder]]] = {}
        """By project, in the order in which each started to wait."""
        self._inside: list[Holder] = []
        self._spare_used = 0
        self._of_project: Counter[str] = Counter()
        self._of_share: Counter[Share] = Counter()
        self._speeds: OrderedDict[Share, Speed] = OrderedDict()

    @property
    def total(self) -> int:
        """Of all places."""
        return self._places + self._express + self._spare

    @asynccontextmanager
    async def taken(
        self, share: Share, *, slowed: Callable[[], None] = lambda: None, send_away: Callable[[], None] | None = None
    ) -> AsyncIterator[None]:
        """`slowed` is called when it counts as slow; `send_away` stops the work in the place: without it, it stays."""
        speed = self.speed(share) if self._spare else Speed.UNKNOWN
        holder = Holder(share, speed, slowed, send_away, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(share.project, {}).setdefault(speed, deque()).append(holder)
        self._admit()
        try:
            await holder.turn
            yield
        finally:
            self._leave(holder)

    def speed(self, share: Share) -> Speed:
        return self._speeds.get(share, Speed.UNKNOWN)

    def _leave(self, holder: Holder) -> None:
        if holder.timer is not None:
            holder.timer.cancel()
        if holder.is_inside:
            self._inside.remove(holder)
            self._spare_used -= holder.is_spare
            self._count(holder, -1)
            is_slow = self._clock.monotonic() - holder.began_at >= PATIENCE or holder.is_sent_away
            self._record_speed(holder.share, Speed.SLOW if is_slow else Speed.QUICK)
        else:
            self._wait_no_more(holder)
        self._settle()
        self._admit()

    def _count(self, holder: Holder, change: int) -> None:
        project, share = holder.share.project, holder.share
        self._of_project[project] += change
        self._of_share[share] += change
        if not self._of_project[project]:
            del self._of_project[project]
        if not self._of_share[share]:
            del self._of_share[share]

    def _record_speed(self, share: Share, speed: Speed) -> None:
        self._speeds[share] = speed
        self._speeds.move_to_end(share)
        if len(self._speeds) > REMEMBERED:
            self._speeds.popitem(last=False)

    # ---- entering

    def _admit(self) -> None:
        while self._waiting and (holder := self._next()) is not None:
            self._wait_no_more(holder)
            self._enter(holder)
        if self._waiting:
            self._make_room()

    def _wait_no_more(self, holder: Holder) -> None:
        queues = self._waiting[holder.share.project]
        queues[holder.speed].remove(holder)
        if not queues[holder.speed]:
            del queues[holder.speed]
        if not queues:
            del self._waiting[holder.share.project]

    def _next(self) -> Holder | None:
        """From the project with fewest places, one that has none, quick ones first."""
        used = len(self._inside) - self._spare_used
        has_spare, open_to = self._spare_used < self._spare, self._open_to(used)
        if not has_spare and not open_to:
            return None
        for project in sorted(self._waiting, key=lambda name: self._of_project[name]):
            queues = self._waiting[project]
            quick = [queues[speed] for speed in open_to if speed in queues]
            slow = [queues[Speed.SLOW]] if has_spare and Speed.SLOW in queues else []
            for queue in (*quick, *slow):
                if (found := next((one for one in queue if one.share not in self._of_share), None)) is not None:
                    return found
            if quick or slow:
                return (*quick, *slow)[0][0]
        return None

    def _open_to(self, used: int) -> tuple[Speed, ...]:
        if used < self._places:
            return Speed.QUICK, Speed.UNKNOWN
        # Only if those that have the places are not known to be quick: slow ones wait for their turn.
        known = sum(one.speed is Speed.QUICK and not one.is_spare for one in self._inside)
        return (Speed.QUICK,) if known < self._express and used < self._places + self._express else ()

    def _enter(self, holder: Holder) -> None:
        holder.is_inside, holder.began_at = True, self._clock.monotonic()
        self._inside.append(holder)
        self._count(holder, 1)
        if holder.speed is Speed.SLOW:
            self._to_spare(holder)
            holder.slowed()
        else:
            holder.timer = self._clock.call_later(PATIENCE, lambda: self._came_late(holder), background=True)
        if not holder.turn.done():
            holder.turn.set_result(None)

    # ---- places held for too long

    def _to_spare(self, holder: Holder) -> None:
        holder.is_spare = True
        self._spare_used += 1

    def _came_late(self, holder: Holder) -> None:
        holder.is_late = True
        holder.slowed()
        self._settle()
        self._admit()

    def _settle(self) -> None:
        """Slow ones move to spare places while there are any."""
        for holder in self._inside:
            if holder.is_late and not holder.is_spare and self._spare_used < self._spare:
                self._to_spare(holder)

    def _make_room(self) -> None:
        """One that may be quick waits, and none inside finishes: evict the one that is there longest, one at a time."""
        if not any(speed is not Speed.SLOW for queues in self._waiting.values() for speed in queues):
            return
        if not all(one.is_late or one.is_spare for one in self._inside) or any(o.is_sent_away for o in self._inside):
            return
        removable = [one for one in self._inside if one.send_away is not None]
        longest = min(removable, key=lambda one: one.began_at, default=None)
        if longest is not None and longest.send_away is not None:
            longest.is_sent_away = True
            longest.send_away()
