"""Runs the sandbox after a change: records what happens, plays scheduled events, and decides when it has ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.promotion.kinds import FREIGHT
from argosy.rehearse import picture
from argosy.rehearse.acts import CannotAct, act
from argosy.rehearse.changes import Change
from argosy.rehearse.sandbox import Sandbox
from argosy.rehearse.scenario import Event, Scenario
from argosy.rehearse.standing import Finding, findings
from argosy.rehearse.timeline import PLURALS, Entry, lines

CALM: Final = timedelta(minutes=4)
"""Seconds without any change before asking what is waited for; longer than controllers wait between two looks."""
REST: Final = timedelta(hours=3)
"""The longest time that the present may take to become stable."""
PATIENCE: Final = timedelta(hours=24)
"""The longest time that something may be in progress without a visible change."""
GATES: Final = 100
"""The most gates opened one after another; more means a cycle."""
STAGE: Final = "kargo.akuity.io/stage"


class Run:
    """One rehearsal. Call `begin` once the present is stable; recording starts there."""

    def __init__(self, sandbox: Sandbox, scenario: Scenario) -> None:
        self._sandbox, self._clock, self._scenario = sandbox, sandbox.clock, scenario
        self._events: list[Event] = list(scenario.events)
        self._opened: set[object] = set()
        self._freight: set[str] = set()
        self._is_on = False
        self.entries: list[Entry] = []
        self.changes: list[str] = []
        self.refused: list[Finding] = []
        self.began = self.changed_at = self._clock.now()
        sandbox.listen(self._heard)

    def begin(self) -> None:
        """Starts recording."""
        self.began = self.changed_at = self._clock.now()
        self._is_on = True

    def touched(self, found: Finding) -> bool:
        """Whether the object changed during the rehearsal."""
        place = found.kind, found.cluster, found.namespace, found.name
        return any((one.kind, one.cluster, one.namespace, one.name) == place for one in self.entries)

    def noted(self, text: str) -> str:
        self._add("", "", "", "ok", text)
        return text

    async def rest(self) -> None:
        """Waits until the present is stable, or is found never to be."""
        await self._calm(self._clock.now() + REST)

    async def until_nothing_happens(self) -> bool:
        """Whether something neither progresses nor waits for a person."""
        end = self.began + self._scenario.within
        while (now := self._clock.now()) < end:
            await self._calm(end)
            if await self._act_on_time():
                continue
            found = [one for one in await self.findings() if one.state != "failed"]
            if self._scenario.opens_gates and await self._open(found):
                continue
            busy = [one for one in found if one.state == "busy"]
            if not busy and not self._events:
                return False
            if not await self._wait(busy, end):
                return now < end and bool(busy)
        return True

    async def findings(self) -> list[Finding]:
        found: list[Finding] = []
        for name, client in await picture.clusters(self._sandbox):
            here = findings(await picture.objects(client), self._clock.now(), frozenset(self._freight))
            found += [one.in_cluster(name) for one in here]
        return found

    async def _calm(self, end: datetime) -> None:
        """Waits until nothing has happened for a while, or an event is due."""
        while (now := self._clock.now()) < min(end, self._next_event(end)):
            if now >= self.changed_at + CALM:
                return
            pause = min(self.changed_at + CALM, end, self._next_event(end)) - now
            await self._clock.sleep(max(pause.total_seconds(), 0.001))

    async def _wait(self, busy: Sequence[Finding], end: datetime) -> bool:
        """Waits for the next change; False if there is none within the allowed time."""
        now, seen = self._clock.now(), self.changed_at
        known = [one.until for one in busy if one.until is not None]
        longest = max([now + PATIENCE, *(moment + PATIENCE for moment in known)])
        limit = min(end, longest, self._next_event(end))
        await self._clock.settle(lambda: self.changed_at > seen, within=limit - now)
        return self.changed_at > seen or self._clock.now() >= self._next_event(end)

    def _next_event(self, end: datetime) -> datetime:
        return self.began + self._events[0].at if self._is_on and self._events else end

    async def _act_on_time(self) -> bool:
        if not self._events or self._clock.now() < self.began + self._events[0].at:
            return False
        await self._act(self._events.pop(0).change, "")
        return True

    async def _open(self, found: Sequence[Finding]) -> bool:
        gates = [one for one in found if one.state == "gate" and one.opens is not None]
        fresh = [one for one in gates if (one.opens, one.message) not in self._opened]
        if not fresh or len(self._opened) >= GATES:
            return False
        self._opened.add((fresh[0].opens, fresh[0].message))
        assert fresh[0].opens is not None
        await self._act(fresh[0].opens, f" (gate: {fresh[0].message})")
        return True

    async def _act(self, change: Change, why: str) -> None:
        try:
            self.noted(f"{await act(self._sandbox, change)}{why}")
        except CannotAct as error:
            self._add("", "", "", "broken", str(error))
            self.refused.append(Finding(kind="Event", namespace="", name="", state="failed", message=str(error)))

    def _heard(self, cluster: str, plural: str, old: JsonObject | None, new: JsonObject | None) -> None:
        kind = PLURALS.get(plural)
        if kind is None:
            return
        obj = new or old
        assert obj is not None
        if self._is_on and plural == FREIGHT.plural and old is None:
            self._freight.add(str(obj["metadata"]["name"]))
        for severity, text in lines(kind, old, new):
            namespace = str(obj["metadata"].get("namespace") or "")
            self._add(kind, namespace, _shown(obj), severity, text, cluster)

    def _add(self, kind: str, namespace: str, name: str, severity: str, text: str, cluster: str = "") -> None:
        self.changed_at = self._clock.now()
        if self._is_on:
            self.entries.append(
                Entry(
                    at=self.changed_at,
                    kind=kind,
                    namespace=namespace,
                    name=name,
                    text=text,
                    severity=severity,
                    cluster=cluster,
                )
            )


def _shown(obj: JsonObject) -> str:
    """The name that people know: an alias of Freight; Stage and end of the name for a Promotion or AnalysisRun."""
    name = str(obj["metadata"]["name"])
    if obj["kind"] == "Freight":
        return str(obj.get("alias") or name[:12])
    stage = str((obj["metadata"].get("labels") or {}).get(STAGE) or (obj.get("spec") or {}).get("stage") or "")
    return f"{stage} {name.rpartition('.')[2]}" if stage and obj["kind"] in ("Promotion", "AnalysisRun") else name
