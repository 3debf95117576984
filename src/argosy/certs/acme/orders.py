"""Drives an Order from its creation at the server to its certificate.

Owns the status of Orders, and the Challenges that they create. Reads the issuer and its account. Each answer of the
server is stored in the status before the next step uses it: the order's URL first, then authorizations, then
Challenges. Source: spec/cert-manager.md section 8.3.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from argosy.apis.certmanager import Challenge, Order
from argosy.apis.certmanager.acme import FAILURE_STATES, FINAL_STATES
from argosy.apis.certmanager.issuer import AnyIssuer
from argosy.certs.acme.login import login_of
from argosy.certs.acme.making_challenges import Unsolvable, Wanted, wanted_challenges
from argosy.certs.acme.ports import (
    AuthorizationFacts,
    Finished,
    FinishOrder,
    Identifier,
    Login,
    OrderFacts,
    PlaceOrder,
    ReadAuthorizations,
    ReadOrder,
    Refused,
    Unavailable,
)
from argosy.certs.acme.rounds import FIRST, Round, backoff
from argosy.certs.base64_text import decoded, encoded
from argosy.certs.issuer_lookup import issuer_of
from argosy.certs.pki import requests as csr
from argosy.certs.settings import Settings
from argosy.machinery import duration, requests, timestamps
from argosy.machinery.controller import NOTHING, Controller, Decision, Event, Failed, Pending, Snapshot, Step
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write

NAME: Final = "orders"
REPORTER: Final = "cert-manager-orders"
REREAD: Final = timedelta(seconds=5)
_FIRST_RETRY: Final = timedelta(seconds=5)
_LONGEST_RETRY: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """`reported`: the error that was reported last."""

    round: Round = FIRST
    reported: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    order: Order
    issuer: AnyIssuer | None
    challenges: tuple[Challenge, ...]
    """The Challenges that it owns."""
    wanted: tuple[Wanted, ...] | Unsolvable
    """The Challenges that it needs."""
    answer: Any
    """The answer to the one question that this state of the Order asks; None if it asks none."""
    memory: Memory


def look(snapshot: Snapshot, key: Key, *, settings: Settings) -> Seen | None:
    order = snapshot.get(Order, key)
    if order is None or order.metadata.deletion_timestamp:
        return None
    issuer = issuer_of(snapshot, order.spec.issuer_ref, key.namespace) if order.spec.issuer_ref.is_ours else None
    memory = snapshot.memory or Memory()
    challenges = snapshot.owned(Challenge, order.metadata.uid)
    login = login_of(snapshot, issuer, settings)
    wanted: tuple[Wanted, ...] | Unsolvable = ()
    answer: Failed | Pending | Any = None
    if login is not None and issuer is not None:
        if _is_detailed(order):
            wanted = wanted_challenges(order, issuer, login)
        answer = _asked(snapshot, order, issuer, login, challenges, wanted, memory.round.number)
    return Seen(order=order, issuer=issuer, challenges=challenges, wanted=wanted, answer=answer, memory=memory)


def _asked(
    snapshot: Snapshot,
    order: Order,
    issuer: AnyIssuer,
    login: Login,
    challenges: tuple[Challenge, ...],
    wanted: tuple[Wanted, ...] | Unsolvable,
    number: int,
) -> Any:
    """The question that each state asks."""
    status, spec = order.status, issuer.spec.acme
    assert spec is not None
    if not status.url and status.state not in FINAL_STATES:
        return snapshot.ask(_placing(order, login, number))
    if status.state in FAILURE_STATES or status.certificate:
        return None
    if status.state in ("ready", "valid", "processing"):
        request = _der(order)
        return snapshot.ask(FinishOrder(login, status.url, request, spec.preferred_chain, number))
    if not _is_detailed(order):
        urls = tuple(one.url for one in status.authorizations)
        return snapshot.ask(ReadAuthorizations(login, urls, number))
    if isinstance(wanted, tuple) and _are_final(challenges, wanted):
        return snapshot.ask(ReadOrder(login, status.url, number))
    return None


def _placing(order: Order, login: Login, number: int) -> PlaceOrder:
    spec = order.spec
    names = {*spec.dns_names, *spec.ip_addresses, *([spec.common_name] if spec.common_name else ())}
    identifiers = sorted((_identifier(name) for name in names), key=lambda one: (one.value, one.type))
    seconds = duration.parse(spec.duration).total_seconds() if spec.duration else 0.0
    return PlaceOrder(order.metadata.uid, login, tuple(identifiers), seconds, spec.profile, spec.replaces, number)


def _identifier(name: str) -> Identifier:
    try:
        return Identifier("ip", str(ipaddress.ip_address(name)))
    except ValueError:
        return Identifier("dns", name)


def _der(order: Order) -> bytes:
    try:
        return csr.read(decoded(order.spec.request)).der_bytes
    except csr.RequestError:
        return b""


def _is_detailed(order: Order) -> bool:
    listed = order.status.authorizations
    return bool(order.status.url) and bool(listed) and all(one.identifier for one in listed)


def _are_final(challenges: tuple[Challenge, ...], wanted: tuple[Wanted, ...]) -> bool:
    states = {one.metadata.name: one.status.state for one in challenges}
    return all(states.get(one.name, "") in FINAL_STATES for one in wanted)


def decide(seen: Seen, now: datetime) -> Decision:
    status = seen.order.status
    if status.state in FAILURE_STATES:
        return NOTHING  # its Challenges stay readable, and are deleted with it
    if status.state == "valid" and status.certificate:
        return Decision(tuple(requests.delete(Challenge, one.raw, exact=False) for one in seen.challenges))
    if isinstance(seen.wanted, Unsolvable):
        return _unsolvable(seen, seen.wanted)
    if missing := _missing(seen):
        return Decision(missing)
    match seen.answer:
        case Refused() as refused:
            return _ended(seen, "errored", f"{_doing(seen)}: {refused}", now)
        case Unavailable() as trouble:
            return _again(seen, trouble, now)
        case OrderFacts() as facts:
            return _moved(seen, facts, now)
        case Finished(chain):
            return _finished(seen, chain, now)
        case tuple() as facts:
            return _detailed(seen, facts)
    return NOTHING


def _missing(seen: Seen) -> tuple[Step, ...]:
    """Creates missing Challenges; one that was deleted while the server waits is re-created."""
    if seen.order.status.state != "pending" or not isinstance(seen.wanted, tuple):
        return ()
    there = {one.metadata.name for one in seen.challenges}
    steps: list[Step] = []
    for one in seen.wanted:
        if one.name not in there:
            message = f'Created Challenge resource "{one.name}" for domain "{one.domain}"'
            steps += [
                requests.create(Challenge, one.challenge),
                Event(about=seen.order.raw, reason="Created", message=message),
            ]
    return tuple(steps)


def _unsolvable(seen: Seen, fault: Unsolvable) -> Decision:
    """Reported once for each cause; a change of the issuer wakes us."""
    message = f"Failed to determine a valid solver configuration for the set of domains on the Order: {fault.reason}"
    if seen.memory.reported == message:
        return NOTHING
    event = Event(about=seen.order.raw, reason="Solver", message=message, type="Warning")
    return Decision((event,), memory=Memory(round=seen.memory.round, reported=message))


def _moved(seen: Seen, facts: OrderFacts, now: datetime) -> Decision:
    """Records the server's answer: the order was created, or has progressed."""
    status = seen.order.status
    if not status.url:
        made: JsonObject = {"url": facts.url, "finalizeURL": facts.finalize_url, "state": _state(facts.state)}
        made["authorizations"] = [{"url": url} for url in facts.authorizations]
        return Decision(_status(seen.order, made), memory=Memory())
    if facts.state in FAILURE_STATES:
        return _ended(seen, facts.state, facts.problem, now)
    if facts.state == status.state:
        memory, wake_at = seen.memory.round.later(now, REREAD)
        return Decision(wake_at=wake_at, memory=Memory(round=memory, reported=seen.memory.reported))
    return Decision(_status(seen.order, {"state": _state(facts.state)}), memory=Memory())


def _state(text: str) -> str:
    """A state that the API defines; an unknown value from the server is not copied."""
    known = ("pending", "ready", "processing", "valid", "invalid", "expired", "errored")
    return text if text in known else "errored"


def _detailed(seen: Seen, facts: tuple[AuthorizationFacts, ...]) -> Decision:
    listed = [
        {
            "url": one.url,
            "identifier": one.identifier,
            "wildcard": one.wildcard,
            "initialState": _state(one.state),
            "challenges": [{"url": o.url, "token": o.token, "type": o.type} for o in one.offers],
        }
        for one in facts
    ]
    return Decision(_status(seen.order, {"authorizations": listed}), memory=Memory())


def _finished(seen: Seen, chain: bytes, now: datetime) -> Decision:
    """Stores the certificate together with the state, so that no valid Order lacks its certificate."""
    writes = _status(seen.order, {"state": "valid", "certificate": encoded(chain)})
    event = Event(about=seen.order.raw, reason="Complete", message="Order completed successfully")
    return Decision((*writes, event), memory=Memory())


def _ended(seen: Seen, state: str, reason: str, now: datetime) -> Decision:
    made: JsonObject = {"state": state, "failureTime": timestamps.seconds(now)}
    if reason and state == "errored":
        made["reason"] = reason
    return Decision(_status(seen.order, made), memory=Memory())


def _doing(seen: Seen) -> str:
    status = seen.order.status
    if not status.url:
        return "Failed to create Order"
    if status.state in ("ready", "valid", "processing"):
        return "Failed to finalize Order"
    return "Failed to retrieve Order resource" if _is_detailed(seen.order) else "Failed to fetch authorization"


def _again(seen: Seen, trouble: Unavailable, now: datetime) -> Decision:
    """Retries with back-off, or at the time that the server gave; each cause is reported once."""
    wait = max(backoff(seen.memory.round.number, _FIRST_RETRY, _LONGEST_RETRY), timedelta(seconds=trouble.retry_after))
    round_, wake_at = seen.memory.round.later(now, wait)
    message = f"{_doing(seen)}, which is tried again: {trouble}"
    event = Event(about=seen.order.raw, reason="ServerUnavailable", message=message, type="Warning")
    events = (event,) if seen.memory.reported != message else ()
    return Decision(events, wake_at=wake_at, memory=Memory(round=round_, reported=message))


def _status(order: Order, changed: JsonObject) -> tuple[Write, ...]:
    return requests.status(Order, order.raw, {**(order.raw.get("status") or {}), **changed})


def controller(settings: Settings) -> Controller[Seen]:
    return Controller(
        name=NAME,
        kind=Order,
        look=partial(look, settings=settings),
        decide=decide,
        owns=(Challenge,),
        manager=REPORTER,
        reporter=REPORTER,
    )
