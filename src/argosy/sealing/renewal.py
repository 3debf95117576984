"""Generates the keys: the first one, the next one when the newest is old, and one after a cut-off.

Owns the key Secrets that it creates, and never changes or deletes one. Works only on their one namespace. Wakes when
a key Secret changes, when the newest is as old as the renewal period, and a month before its certificate expires if
no other key is due by then: clients refuse to seal with it after that.

Source: sealed-secrets, pkg/controller/main.go and keyregistry.go. Renewal adds a key; nothing is re-encrypted.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Final

from argosy.apis.kubernetes.views.core import Namespace, Secret
from argosy.machinery.controller import NOTHING, Controller, Decision, Event, Failed, Index, Pending, Snapshot
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import create
from argosy.machinery.timestamps import seconds
from argosy.sealing.keyring import KeyRing, RegisteredKey, key_ring
from argosy.sealing.ports import MadeKey, MakeKey
from argosy.sealing.scope import ACTIVE, KEY_LABEL
from argosy.sealing.settings import Settings
from argosy.sealing.unseal import key_index

SUFFIX_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
SUFFIX_LENGTH: Final = 5
WARNING: Final = timedelta(days=30)
"""Before the sealing key expires; a sixth of its life if that is shorter."""


@dataclass(frozen=True, slots=True)
class Course:
    """The memory: whether the cut-off was handled, and the key that is being generated."""

    began: bool = False
    making: MakeKey | None = None
    unreadable: tuple[str, ...] = ()
    """The key Secrets that were reported."""
    expiring: str = ""
    """The key whose expiry was reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    namespace: Namespace
    ring: KeyRing
    course: Course
    made: MadeKey | Failed | Pending | None


def controller(settings: Settings) -> Controller[Seen]:
    return Controller(
        name="sealing-keys",
        kind=Namespace,
        look=partial(look, settings, key_index(settings)),
        decide=partial(decide, settings),
        owns=(Secret,),
        background=True,
        workers=1,
        manager="sealed-secrets-controller",
        reporter="sealed-secrets",
    )


def look(settings: Settings, keys: Index[Secret], snapshot: Snapshot, key: Key) -> Seen | None:
    if key.name != settings.namespace or (namespace := snapshot.get(Namespace, key)) is None:
        return None
    course: Course = snapshot.memory or Course()
    made = snapshot.ask(course.making) if course.making is not None else None
    ring = key_ring(snapshot.indexed(keys, "key"), order=settings.order)
    return Seen(namespace=namespace, ring=ring, course=course, made=made)


def decide(settings: Settings, seen: Seen, now: datetime) -> Decision:
    course = seen.course
    events = tuple(_unreadable(seen.namespace, name) for name in seen.ring.unreadable if name not in course.unreadable)
    if events:
        return Decision(events, memory=replace(course, unreadable=seen.ring.unreadable))
    course = replace(course, unreadable=seen.ring.unreadable)
    due_at = next_key_at(settings, seen.ring, now, began=course.began)
    if due_at is None or now < due_at:
        return _until_due(seen, replace(course, began=True, making=None), due_at, now)
    if isinstance(seen.made, MadeKey):
        secret = key_secret(settings, seen.made)
        return Decision((create(Secret, secret),), memory=replace(course, began=True, making=None))
    if course.making is not None:
        return NOTHING  # the answer wakes us
    wanted = MakeKey(settings.key_size, settings.common_name, now, now + settings.key_ttl)
    return Decision(memory=replace(course, making=wanted))


def _until_due(seen: Seen, course: Course, due_at: datetime | None, now: datetime) -> Decision:
    """No key is generated yet; the expiry of the sealing key is reported once if it comes first."""
    warned_from = warning_at(seen.ring, due_at)
    newest = seen.ring.newest
    if newest is None or warned_from is None:
        return Decision(wake_at=due_at, memory=course)
    if now < warned_from:
        return Decision(wake_at=warned_from, memory=course)
    events = () if newest.name == course.expiring else (_expiring(seen.namespace, newest),)
    return Decision(events, wake_at=due_at, memory=replace(course, expiring=newest.name))


def warning_at(ring: KeyRing, due_at: datetime | None) -> datetime | None:
    """When to warn that the sealing key expires; None if the next key is due before that."""
    if ring.newest is None:
        return None
    found = ring.newest.key.certificate
    ends = found.not_valid_after_utc
    if due_at is not None and due_at < ends:
        return None
    return ends - min(WARNING, (ends - found.not_valid_before_utc) / 6)


def next_key_at(settings: Settings, ring: KeyRing, now: datetime, *, began: bool) -> datetime | None:
    """When the next key is due: `now` for at once, None for never. `began`: the cut-off was handled at the start."""
    newest = ring.newest
    if newest is None:
        return now
    if not began and settings.cutoff is not None and newest.ordered_at < settings.cutoff:
        return now
    if not settings.renew_period:
        return None
    return max(newest.ordered_at + settings.renew_period, now)


def key_secret(settings: Settings, made: MadeKey) -> JsonObject:
    """Named after the key, so that a write whose answer was lost is not repeated under another name."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "generateName": settings.key_prefix,
            "name": settings.key_prefix + suffix_of(made.fingerprint),
            "namespace": settings.namespace,
            "labels": {**settings.key_labels, KEY_LABEL: ACTIVE},
            **({"annotations": dict(settings.key_annotations)} if settings.key_annotations else {}),
        },
        "type": "kubernetes.io/tls",
        "data": {
            "tls.crt": base64.b64encode(made.certificate_pem).decode(),
            "tls.key": base64.b64encode(made.private_pem).decode(),
        },
    }


def suffix_of(fingerprint: str) -> str:
    """As long, and of the same characters, as the API server's."""
    digest = sha256(fingerprint.encode()).digest()
    return "".join(SUFFIX_ALPHABET[byte % len(SUFFIX_ALPHABET)] for byte in digest[:SUFFIX_LENGTH])


def _unreadable(namespace: Namespace, name: str) -> Event:
    message = f"Secret {name} is labelled as a sealing key and holds no readable RSA key with its certificate: skipped"
    return Event(about=namespace.raw, reason="UnreadableKey", message=message, type="Warning")


def _expiring(namespace: Namespace, newest: RegisteredKey) -> Event:
    ends = seconds(newest.key.certificate.not_valid_after_utc)
    message = (
        f"the certificate of the sealing key in Secret {newest.name} ends at {ends}: kubeseal seals nothing with it "
        "after that. 'argosy keys new' makes the next one; what was sealed stays readable"
    )
    return Event(about=namespace.raw, reason="KeyExpiring", message=message, type="Warning")
