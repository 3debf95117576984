"""Drives a Challenge from its presentation to its clean-up.

Owns the status of Challenges except for the start of `processing`, their finalizer, and the objects that solve them.
What was presented is cleaned up before the finalizer is removed, so that nothing is left behind. Source:
spec/cert-manager.md section 8.6.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from argosy.apis.certmanager import Challenge
from argosy.apis.certmanager.acme import FINAL_STATES
from argosy.certs.acme import dns01, http01, ownership
from argosy.certs.acme.login import login_of
from argosy.certs.acme.ports import (
    AuthorizationFacts,
    Login,
    NotYet,
    ProveControl,
    Proven,
    ReadAuthorizations,
    Refused,
    Unavailable,
    Visible,
)
from argosy.certs.acme.rounds import FIRST, Round, backoff
from argosy.certs.acme.solving import Solving
from argosy.certs.issuer_lookup import issuer_of
from argosy.certs.settings import Settings
from argosy.machinery import duration, requests, timestamps
from argosy.machinery.controller import NOTHING, Controller, Decision, Event, Snapshot, Step
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write

NAME: Final = "challenges"
REPORTER: Final = "cert-manager-challenges"
FINALIZER: Final = "acme.cert-manager.io/finalizer"
FINALIZERS: Final = frozenset({FINALIZER, "finalizer.acme.cert-manager.io"})
MALFORMED: Final = "urn:ietf:params:acme:error:malformed"
_FIRST_RETRY: Final = timedelta(seconds=5)
_LONGEST_RETRY: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """`reported`: the error that was reported last. `passed`: when the self-check first passed."""

    round: Round = FIRST
    reported: str = ""
    passed: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    challenge: Challenge
    fault: str
    """Why the issuer's credentials must not be used for it; empty if they may be."""
    solving: Solving | None
    answer: Any
    """The server's answer: the state of the authorization, or the result of the validation."""
    memory: Memory
    settings: Settings


def look(snapshot: Snapshot, key: Key, *, settings: Settings) -> Seen | None:
    challenge = snapshot.get(Challenge, key)
    if challenge is None:
        return None
    ends = is_ending(challenge)
    if not challenge.status.processing and not (ends and _has_finalizer(challenge)):
        return None
    issuer = issuer_of(snapshot, challenge.spec.issuer_ref, key.namespace)
    memory = snapshot.memory or Memory()
    fault = ownership.fault_of(snapshot, challenge, issuer)
    if ends and challenge.spec.type == "HTTP-01":  # needs neither credentials nor an issuer to clean up
        solving = http01.look(snapshot, challenge, settings, memory.round.number)
        return Seen(challenge=challenge, fault="", solving=solving, answer=None, memory=memory, settings=settings)
    if fault or issuer is None:
        return Seen(challenge=challenge, fault=fault, solving=None, answer=None, memory=memory, settings=settings)
    if challenge.spec.type == "DNS-01":
        solving = dns01.look(snapshot, challenge, issuer, settings, memory.round.number)
    else:
        solving = http01.look(snapshot, challenge, settings, memory.round.number)
    login = login_of(snapshot, issuer, settings)
    answer = None if ends or login is None else _asked(snapshot, challenge, login, solving, memory)
    return Seen(challenge=challenge, fault="", solving=solving, answer=answer, memory=memory, settings=settings)


def is_ending(challenge: Challenge) -> bool:
    return bool(challenge.metadata.deletion_timestamp) or challenge.status.state in FINAL_STATES


def _has_finalizer(challenge: Challenge) -> bool:
    return any(one in FINALIZERS for one in challenge.metadata.finalizers)


def _asked(snapshot: Snapshot, challenge: Challenge, login: Login, solving: Solving, memory: Memory) -> Any:
    spec, status = challenge.spec, challenge.status
    if not status.state:
        return snapshot.ask(ReadAuthorizations(login, (spec.authorization_url,), memory.round.number))
    if status.presented and memory.passed is not None:
        return snapshot.ask(ProveControl(login, spec.url, spec.authorization_url, memory.round.number))
    return None


def decide(seen: Seen, now: datetime) -> Decision:
    if is_ending(seen.challenge):
        return _cleaned_up(seen, now)
    if not seen.challenge.status.processing:
        return NOTHING
    if seen.fault:
        return _refused(seen, now)
    assert seen.solving is not None
    if FINALIZER not in seen.challenge.metadata.finalizers:
        return Decision((_with_finalizer(seen.challenge),))
    if not seen.challenge.status.state:
        return _with_state(seen, now)
    if not seen.challenge.status.presented:
        return _presented(seen, seen.solving, now)
    return _checked(seen, seen.solving, now)


def _refused(seen: Seen, now: datetime) -> Decision:
    """A Challenge that no Order of ours created is not processed: it could misuse an issuer's credentials.

    One that was processed before has lost its owners: it will be deleted as they were.
    """
    if seen.challenge.status.state:
        return NOTHING
    reason = f"not processed: {seen.fault}"
    if seen.challenge.status.reason == reason:
        return NOTHING
    event = Event(about=seen.challenge.raw, reason="NotOurs", message=reason, type="Warning")
    return Decision((*_status(seen.challenge, reason=reason), event))


def _with_finalizer(challenge: Challenge) -> Write:
    metadata: JsonObject = {"finalizers": [*challenge.metadata.finalizers, FINALIZER]}
    return requests.merge(Challenge, challenge.raw, {"metadata": metadata})


def _with_state(seen: Seen, now: datetime) -> Decision:
    match seen.answer:
        case (AuthorizationFacts() as facts,):
            return Decision(_status(seen.challenge, state=facts.state), memory=Memory())
        case Refused() as refused:
            return _errored(seen, refused)
        case Unavailable() as trouble:
            return _again(seen, str(trouble), now, retry_after=trouble.retry_after)
    return NOTHING


def _presented(seen: Seen, solving: Solving, now: datetime) -> Decision:
    """Creates the solver's objects or its record, then sets `presented`."""
    if solving.steps:
        return Decision(solving.steps)
    if isinstance(solving.shown, NotYet):
        reason = f"Error presenting challenge: {solving.shown.reason}"
        event = Event(about=seen.challenge.raw, reason="PresentError", message=reason, type="Warning")
        return _again(seen, reason, now, event=event)
    if not solving.shown:
        return NOTHING
    message = f"Presented challenge using {seen.challenge.spec.type} challenge mechanism"
    event = Event(about=seen.challenge.raw, reason="Presented", message=message)
    presented_at = timestamps.seconds(now)
    writes = _status(seen.challenge, presented=True, presentedAt=presented_at)
    return Decision((*writes, event), memory=Memory())


def _checked(seen: Seen, solving: Solving, now: datetime) -> Decision:
    """Runs the self-check, waits for propagation, then asks the server to validate."""
    if solving.steps:
        return Decision(solving.steps)  # a solver's object that somebody deleted is re-created
    if seen.memory.passed is not None:
        return _proven(seen, now)
    if (ends := _wait_end(seen.challenge)) is not None:
        if now >= ends:
            return Decision(wake_at=now + timedelta(milliseconds=1), memory=Memory(passed=now))
        reason = f"Waiting until {timestamps.seconds(ends)} before the challenge is accepted at the ACME server"
        return Decision(_status(seen.challenge, reason=reason), wake_at=ends)
    if isinstance(solving.shown, NotYet):
        return Decision(_status(seen.challenge, reason=f"Error presenting challenge: {solving.shown.reason}"))
    if isinstance(solving.visible, NotYet):
        what = f"Waiting for {seen.challenge.spec.type} challenge propagation: {solving.visible.reason}"
        round_, wake_at = seen.memory.round.later(now, seen.settings.check_retry)
        return Decision(
            _status(seen.challenge, reason=what), wake_at=wake_at, memory=replace(seen.memory, round=round_)
        )
    if isinstance(solving.visible, Visible):
        return _settled(seen, solving, now)
    return NOTHING


def _settled(seen: Seen, solving: Solving, now: datetime) -> Decision:
    """Waits a while longer for DNS servers that we did not ask, then accepts the challenge at the server."""
    if not solving.settles:
        return Decision(wake_at=now + timedelta(milliseconds=1), memory=Memory(passed=now))
    round_, wake_at = seen.memory.round.later(now, solving.settles)
    if round_.number != seen.memory.round.number:
        return Decision(wake_at=now + timedelta(milliseconds=1), memory=Memory(passed=now))
    return Decision(wake_at=wake_at, memory=replace(seen.memory, round=round_))


def _wait_end(challenge: Challenge) -> datetime | None:
    text = challenge.spec.solver.get("waitInsteadOfSelfCheck")
    if not isinstance(text, str):
        return None
    try:
        return timestamps.parse(challenge.status.presented_at) + duration.parse(text)
    except ValueError:
        return None


def _proven(seen: Seen, now: datetime) -> Decision:
    spec = seen.challenge.spec
    match seen.answer:
        case Proven("valid"):
            message = f'Domain "{spec.dns_name}" verified with "{spec.type}" validation'
            event = Event(about=seen.challenge.raw, reason="DomainVerified", message=message)
            writes = _status(seen.challenge, state="valid", reason="Successfully authorized domain")
            return Decision((*writes, event), memory=Memory())
        case Proven(state, problem):
            return _failed(seen, state if state in FINAL_STATES else "invalid", problem)
        case Refused() as refused:
            return _errored(seen, refused)
        case Unavailable() as trouble:
            return _again(seen, str(trouble), now, retry_after=trouble.retry_after)
    return NOTHING


def _failed(seen: Seen, state: str, problem: str) -> Decision:
    text = f"acme: authorization error for {seen.challenge.spec.dns_name}: {problem}"
    message = f"Accepting challenge authorization failed: {text}"
    event = Event(about=seen.challenge.raw, reason="Failed", message=message, type="Warning")
    writes = _status(seen.challenge, state=state, reason=f"Error accepting authorization: {text}")
    return Decision((*writes, event), memory=Memory())


def _errored(seen: Seen, refused: Refused) -> Decision:
    state = "expired" if refused.type == MALFORMED else "errored"
    reason = f"Failed to retrieve Order resource: {refused}" if not seen.challenge.status.state else str(refused)
    message = f"the ACME server refused: {refused}"
    event = Event(about=seen.challenge.raw, reason="Failed", message=message, type="Warning")
    return Decision((*_status(seen.challenge, state=state, reason=reason), event), memory=Memory())


def _again(seen: Seen, reason: str, now: datetime, *, retry_after: float = 0.0, event: Event | None = None) -> Decision:
    """Retries with back-off; the reason is in the status meanwhile, and is reported once."""
    wait = max(backoff(seen.memory.round.number, _FIRST_RETRY, _LONGEST_RETRY), timedelta(seconds=retry_after))
    round_, wake_at = seen.memory.round.later(now, wait)
    steps: tuple[Step, ...] = _status(seen.challenge, reason=reason)
    if event is not None and seen.memory.reported != reason:
        steps = (*steps, event)
    return Decision(steps, wake_at=wake_at, memory=Memory(round=round_, reported=reason, passed=seen.memory.passed))


def _cleaned_up(seen: Seen, now: datetime) -> Decision:
    """Cleans up what was presented, then removes the finalizer, then frees the slot in the scheduler."""
    solving = seen.solving
    if solving is not None and _has_finalizer(seen.challenge):
        if solving.removal:
            return Decision(solving.removal)
        if isinstance(solving.gone, NotYet):
            reason = f"Error cleaning up challenge: {solving.gone.reason}"
            event = Event(about=seen.challenge.raw, reason="CleanUpError", message=reason, type="Warning")
            return _again(seen, reason, now, event=event)
        if not solving.gone:
            return NOTHING
    return Decision((*_left_behind(seen), *_released(seen.challenge)), memory=Memory())


def _left_behind(seen: Seen) -> tuple[Event, ...]:
    """A record that must not be deleted with the issuer's credentials stays, and an Event says so."""
    if not seen.fault or not seen.challenge.status.presented:
        return ()
    message = f"the TXT record of _acme-challenge.{seen.challenge.spec.dns_name} may stay behind: {seen.fault}"
    return (Event(about=seen.challenge.raw, reason="CleanUpError", message=message, type="Warning"),)


def _released(challenge: Challenge) -> tuple[Write, ...]:
    steps: tuple[Write, ...] = ()
    if _has_finalizer(challenge):
        kept = [one for one in challenge.metadata.finalizers if one not in FINALIZERS]
        steps = (requests.merge(Challenge, challenge.raw, {"metadata": {"finalizers": kept or None}}),)
        if challenge.metadata.deletion_timestamp:
            return steps  # removing the finalizer deletes the object
    status = _status(challenge, presented=False, processing=False)
    return (*steps, *(replace(one, body=_inexact(one.body)) for one in status))


def _inexact(body: Any) -> Any:
    """The preceding write has changed the resourceVersion."""
    metadata = {key: value for key, value in body["metadata"].items() if key != "resourceVersion"}
    return {**body, "metadata": metadata}


def _status(challenge: Challenge, **changed: Any) -> tuple[Write, ...]:
    before = challenge.raw.get("status") or {}
    return requests.status(Challenge, challenge.raw, {**before, **changed})


def controller(settings: Settings) -> Controller[Seen]:
    return Controller(
        name=NAME,
        kind=Challenge,
        look=partial(look, settings=settings),
        decide=decide,
        manager=REPORTER,
        reporter=REPORTER,
        workers=8,
    )
