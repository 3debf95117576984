"""Decides on a group: reads its dry commit, hydrates it, reports the result (spec 16).

Every application's status says `Hydrating` before anything is committed, and has the result afterwards. Only one
hydration of a group runs at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

from argosy.gitops.hydrator import need, status
from argosy.gitops.hydrator.groups import group_of
from argosy.gitops.hydrator.look import Memory, Seen
from argosy.gitops.hydrator.need import Need
from argosy.gitops.hydrator.questions import Batch
from argosy.gitops.keys import APPLICATIONS
from argosy.machinery.controller import NOTHING, Apart, Decision
from argosy.machinery.objects import JsonObject, key_of
from argosy.machinery.requests import Write, merge
from argosy.machinery.timestamps import seconds

REFRESH_TIMEOUT: Final = timedelta(seconds=120)
"""The interval if `timeout.reconciliation` is turned off."""
GATHERING: Final = timedelta(seconds=1)
"""How long a group with a new member waits for more, so that many created at once are one commit."""
UNKNOWN: Final = timedelta(seconds=60)
"""Until a dry commit that could not be resolved is requested again, if polling is off."""


def decide(seen: Seen, now: datetime) -> Decision:
    memory = seen.memory
    if memory.batch is not None:
        return _ended(seen, memory.batch, now)
    if not seen.apps or not seen.settings.hydrator_enabled:
        return NOTHING
    members = frozenset(key_of(app) for app in seen.apps)
    if members != memory.members:
        until = now + GATHERING if members - memory.members and memory.gather_until is None else memory.gather_until
        return Decision(memory=replace(memory, members=members, gather_until=until))
    if memory.gather_until is not None:
        if now < memory.gather_until:
            return Decision(wake_at=memory.gather_until)
        return Decision(memory=replace(memory, gather_until=None))
    if memory.begun:
        return _begin(seen, now)
    return _by_need(seen, now)


def _by_need(seen: Seen, now: datetime) -> Decision:
    memory, timeout = seen.memory, timedelta(seconds=seen.settings.refresh_seconds) or REFRESH_TIMEOUT
    by_status = [need.by_status(app, now, timeout) for app in seen.apps]
    if memory.asked != memory.answered:
        return _receive_answer(seen)
    if not seen.requests <= memory.requests:
        return _ask(seen, now)  # a request means the commit at that time
    if any(found is not None and found.is_needed for found in by_status):
        return Decision(memory=replace(memory, begun=True))
    if _is_due(seen, now, is_wanted=None in by_status):
        return _ask(seen, now)
    needs = []
    for app, found in zip(seen.apps, by_status, strict=True):
        is_relevant = seen.relevant[key_of(app)]
        if found is None and is_relevant is None:
            return NOTHING
        needs.append(found or need.by_revision(app, memory.dry, is_relevant=bool(is_relevant)))
    if any(found.is_needed for found in needs):
        return Decision(memory=replace(memory, begun=True))
    chains = [_writes(app, _compared(app, found, memory.dry)) for app, found in zip(seen.apps, needs, strict=True)]
    steps = _apart(chains)
    # An identical request may be made again before the removal of this one is observed.
    left = {key_of(app) for app, found in zip(seen.apps, needs, strict=True) if found.in_progress}
    requests = frozenset(item for item in seen.requests if item[0] in left)
    return replace(_asleep(needs, memory, now), steps=steps, memory=replace(memory, requests=requests))


# -- the dry commit --------------------------------------------------------------------------------------------------


def _is_due(seen: Seen, now: datetime, *, is_wanted: bool) -> bool:
    """Whether the dry commit must be resolved: it is unknown, or a poll is due."""
    memory = seen.memory
    is_due = memory.poll_at is None or now >= memory.poll_at
    return is_due and (seen.settings.refresh_seconds > 0 or (is_wanted and not memory.dry))


def _ask(seen: Seen, now: datetime) -> Decision:
    memory = seen.memory
    wait = _poll_interval(seen) if seen.settings.refresh_seconds > 0 else UNKNOWN
    asked = replace(memory, asked=memory.asked + 1, requests=seen.requests, poll_at=now + wait)
    return Decision(memory=asked)


def _poll_interval(seen: Seen) -> timedelta:
    """With a part of the jitter that differs for each group and poll, but is the same in every run."""
    text = f"{seen.key} {seen.memory.asked}"
    share = int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big") / 2**32
    return timedelta(seconds=seen.settings.refresh_seconds + share * seen.settings.refresh_jitter)


def _receive_answer(seen: Seen) -> Decision:
    if seen.dry is None:
        return NOTHING
    return Decision(memory=replace(seen.memory, answered=seen.memory.asked, dry=seen.dry or seen.memory.dry))


# -- a hydration -----------------------------------------------------------------------------------------------------


def _begin(seen: Seen, now: datetime) -> Decision:
    """Marks every application; ones that are marked already are included."""
    chains = [_writes(app, status.begun(app, seconds(now))) for app in seen.apps]
    number = seen.memory.batch_number + 1
    batch = Batch(number, seen.apps)
    return Decision(_apart(chains), memory=replace(seen.memory, batch=batch, batch_number=number))


def _ended(seen: Seen, batch: Batch, now: datetime) -> Decision:
    """Reports the result to each application that is still marked and still in the group."""
    if seen.end is None:
        return NOTHING
    before = {key_of(app): app for app in batch.apps}
    chains = []
    for app in seen.apps:
        key = key_of(app)
        is_marked = status.operation_of(app).phase == "Hydrating"
        if is_marked and key in before and group_of(app) == group_of(before[key]):
            patch = seen.end.patch(app, key=key, seen=before[key], now=seconds(now))
            chains.append(_writes(app, patch))
    after = replace(seen.memory, dry=seen.end.dry or seen.memory.dry, begun=False, batch=None, requests=frozenset())
    return Decision(_apart(chains), memory=after)


# -- writes and waking -----------------------------------------------------------------------------------------------


def _compared(app: JsonObject, found: Need, dry: str) -> JsonObject | None:
    return None if found.in_progress else status.without_requests(app, app, status.compared(app, dry))


def _writes(app: JsonObject, patch: JsonObject | None) -> tuple[Write, ...]:
    return (merge(APPLICATIONS, app, patch),) if patch else ()


def _apart(chains: Iterable[tuple[Write, ...]]) -> tuple[Apart, ...]:
    found = tuple(chain for chain in chains if chain)
    return (Apart(found),) if found else ()


def _asleep(needs: list[Need], memory: Memory, now: datetime) -> Decision:
    """Until an operation times out, a failed one may be retried, or the next poll."""
    due = [(found.wake_at, found.in_progress) for found in needs if found.wake_at is not None and found.wake_at > now]
    moments = [at for at, _ in due] + ([memory.poll_at] if memory.poll_at is not None and memory.poll_at > now else [])
    if not moments:
        return NOTHING
    return Decision(wake_at=min(moments), background=not any(in_progress for _, in_progress in due))
