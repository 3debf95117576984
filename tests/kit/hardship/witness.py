"""Sees every write that a room's processes commit, and what must hold for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from argosy.cluster.store import Change
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write
from argosy.machinery.timestamps import parse
from argosy.runtime.client import Client
from argosy.runtime.clients.wrapping import WrappingClient
from tests.kit.world import World

ASIDE = {("coordination.k8s.io", "leases"), ("", "events")}
"""Writes that are no business of a story: heartbeats, and what is told beside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """A write of the room that the server took. `before`, `after`: the object; None where there was, or is, none."""

    write: Write
    before: JsonObject | None
    after: JsonObject | None

    @property
    def changed(self) -> bool:
        return self.before != self.after

    def became(self, *path: str) -> bool:
        """Whether another object has that name now."""
        return _at(self.before, path) != _at(self.after, path)

    def __str__(self) -> str:
        return str(self.write)


class Witness(WrappingClient):
    """Between the faults and the server: it sees what really happened, whatever the room gets as an answer."""

    def __init__(self, world: World, inner: Client, judge: Callable[[Committed], Iterable[str]]) -> None:
        super().__init__(inner)
        self.committed: list[Committed] = []
        self.wrong: list[str] = []
        self._world = world
        self._judge = judge
        self._last: dict[tuple[str, str, Key], tuple[JsonObject | None, JsonObject | None]] = {}
        world.cluster.on_commit(self._heard)

    def _heard(self, changes: Sequence[Change]) -> None:
        for change in changes:
            old, new = change.old, change.new
            place = (change.group, change.plural, change.key)
            self._last[place] = (old.obj if old is not None else None, new.obj if new is not None else None)

    async def write(self, request: Write) -> JsonObject:
        self._last.pop(_place(request), None)
        answer = await super().write(request)
        self._saw(request, answer)
        return answer

    def at_once(self, request: Write, commit: Callable[[], JsonObject | None]) -> JsonObject | None:
        """The same for writes without a client: `commit` writes, and returns what is stored."""
        self._last.pop(_place(request), None)
        answer = commit()
        self._saw(request, answer)
        return answer

    def _saw(self, request: Write, answer: JsonObject | None) -> None:
        place = _place(request)
        if request.dry_run or place[:2] in ASIDE:
            return
        self._world.cluster.store.flush()  # which answers writers before it shows their changes
        # No change was stored: the write said what was there already.
        before, after = self._last.get(place, (answer, answer))
        seen = Committed(write=request, before=before, after=after)
        self.committed.append(seen)
        now = self._world.clock.now()
        faults = condition_faults(after or {}, now.timestamp()) if seen.became("status", "conditions") else ()
        for text in (*faults, *self._judge(seen)):
            self.wrong.append(f"{now:%H:%M:%S} {request}: {text}")


def _place(request: Write) -> tuple[str, str, Key]:
    return request.resource.group, request.resource.plural, request.key


def condition_faults(obj: JsonObject, now: float) -> Iterable[str]:
    """What is wrong with an object's conditions, by the rules that hold for every kind."""
    status = obj.get("status")
    conditions = status.get("conditions") if isinstance(status, dict) else None
    generation = (obj.get("metadata") or {}).get("generation")
    seen: set[tuple[str, str]] = set()
    for item in conditions or ():
        name = item.get("type") or ""
        # Some kinds have several conditions of one type, which differ by their message.
        which = (name, "" if "status" in item else str(item.get("message")))
        if not name or which in seen:
            yield f"condition {name!r} comes twice or has no type"
        seen.add(which)
        if "status" in item and item["status"] not in ("True", "False", "Unknown"):
            yield f"condition {name}: status {item['status']!r}"
        when = item.get("lastTransitionTime")
        if not when:
            yield f"condition {name} has no transition time"
        elif parse(when).timestamp() > now + 1:
            yield f"condition {name} changes in the future, at {when}"
        observed = item.get("observedGeneration")
        if observed is not None and generation is not None and observed > generation:
            yield f"condition {name} observed generation {observed} of {generation}"


def _at(obj: JsonObject | None, path: Iterable[str]) -> object:
    found: object = obj
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found
