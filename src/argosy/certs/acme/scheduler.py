"""Which Challenges start: oldest first, never two of the same name and type at once, and not too many.

Owns `status.processing` of Challenges, and only its change to true. Source: spec/cert-manager.md section 8.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from argosy.apis.certmanager import Challenge
from argosy.apis.certmanager.acme import FINAL_STATES
from argosy.certs.settings import Settings
from argosy.machinery import requests
from argosy.machinery.controller import NOTHING, Controller, Decision, Event, Snapshot
from argosy.machinery.objects import Key

NAME: Final = "challenges-scheduler"
REPORTER: Final = "cert-manager-challenges"
_PASS: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    challenge: Challenge
    all: tuple[Challenge, ...]
    settings: Settings


def look(snapshot: Snapshot, key: Key, *, settings: Settings) -> Seen | None:
    challenge = snapshot.get(Challenge, key)
    if challenge is None or not is_waiting(challenge):
        return None
    return Seen(challenge=challenge, all=snapshot.list(Challenge), settings=settings)


def decide(seen: Seen, now: datetime) -> Decision:
    chosen = to_start(seen.all, per_pass=seen.settings.challenges_per_pass, at_once=seen.settings.max_challenges)
    if all(one.metadata.uid != seen.challenge.metadata.uid for one in chosen):
        return NOTHING  # a free slot always comes with a change of a Challenge, which wakes us
    before = {"presented": False, **(seen.challenge.raw.get("status") or {})}
    writes = requests.status(Challenge, seen.challenge, {**before, "processing": True})
    event = Event(about=seen.challenge.raw, reason="Started", message="Challenge scheduled for processing")
    return Decision((*writes, event))


def is_waiting(challenge: Challenge) -> bool:
    status = challenge.status
    return not (challenge.metadata.deletion_timestamp or status.processing or status.state in FINAL_STATES)


def to_start(challenges: Iterable[Challenge], *, per_pass: int, at_once: int) -> Sequence[Challenge]:
    """In the order in which they start. A final Challenge that still processes counts: it is not cleaned up yet."""
    known = list(challenges)
    at_work = [one for one in known if one.status.processing]
    taken = {(one.spec.dns_name, one.spec.type) for one in at_work}
    room = min(per_pass, at_once - len(at_work))
    chosen: list[Challenge] = []
    for one in sorted(filter(is_waiting, known), key=_age):
        if len(chosen) >= room:
            break
        if (place := (one.spec.dns_name, one.spec.type)) not in taken:
            taken.add(place)
            chosen.append(one)
    return chosen


def _age(challenge: Challenge) -> tuple[str, str, str]:
    metadata = challenge.metadata
    return metadata.creation_timestamp, metadata.namespace, metadata.name


def controller(settings: Settings) -> Controller[Seen]:
    return Controller(
        name=NAME,
        kind=Challenge,
        look=partial(look, settings=settings),
        decide=decide,
        workers=1,  # each choice must count the ones before it
        manager=REPORTER,
        reporter=REPORTER,
    )
