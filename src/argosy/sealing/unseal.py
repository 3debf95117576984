"""Decrypts SealedSecrets: writes the Secret of the same name and reports the result in the Synced condition.

Owns the status of bitnami.com/v1alpha1 SealedSecret, and Secrets as far as `ownership` allows. Reads the keys. Wakes
when the spec, the scope, a key, or the Secret changes, and some minutes after the API server refused a Secret.

Unlike upstream it never gives up, and nothing is decrypted again that was decrypted before: the result of a pass is
remembered, together with its inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Literal

from argosy.apis.bitnami import SealedSecret
from argosy.apis.kubernetes.views.core import Secret
from argosy.machinery.controller import NOTHING, Controller, Decision, Event, Failed, Index, Pending, Refusal, Snapshot
from argosy.machinery.objects import JsonObject, Key, resource_of
from argosy.machinery.requests import Write, create, status, update
from argosy.sealing.assembly import Unopened, sealed_label
from argosy.sealing.keyring import KeyRing, is_key_secret, key_ring
from argosy.sealing.outcome import status_after
from argosy.sealing.ownership import Plan, creates_unmanaged, digest, plan
from argosy.sealing.ports import Opened, Unseal
from argosy.sealing.settings import Settings

NAME: Final = "sealed-secrets"
RETRY: Final = timedelta(minutes=5)
"""How long to wait after a refused Secret, unless something changes before."""
PATIENCE: Final = 3
"""Failures of the API server itself are reported after this many in a row."""
IMMUTABLE: Final = "field is immutable when `immutable` is set"
SECRETS: Final = resource_of(Secret)

FailureKind = Literal["unseal", "unmanaged", "update"]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the Secret cannot be created; `message` is for the condition, `event_message` for the Event."""

    kind: FailureKind
    message: str
    event_message: str

    @property
    def reason(self) -> str:
        return "ErrUnsealFailed" if self.kind == "unseal" else "ErrUpdateFailed"


@dataclass(frozen=True, slots=True)
class Basis:
    """A pass's inputs, apart from keys and the Secret."""

    uid: str
    generation: int
    label: str


@dataclass(frozen=True, slots=True)
class Pass:
    """The result of the last pass: the memory of a key."""

    basis: Basis
    failure: Failure | None = None
    ring: KeyRing = field(default_factory=KeyRing)
    blocker: str = ""
    """Uid and version of the Secret that was in the way; empty for none."""
    digest: bytes = field(default=b"", repr=False)
    """Digest of the data as they were written."""
    keys: frozenset[str] | None = None
    """For a Secret that was merged into: our keys."""
    retry_at: datetime | None = None
    instance: str = ""
    """The object's label `app.kubernetes.io/instance`, for the metric."""

    def drifted(self, existing: Secret) -> bool:
        return self.failure is None and digest(existing.raw, self.keys) != self.digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    sealed: SealedSecret
    existing: Secret | None
    ring: KeyRing
    basis: Basis
    before: Pass | None
    opened: Opened | Unopened | Failed | Pending | None
    """None if there is nothing to do, see `is_settled`."""
    refusal: Refusal | None


def key_index(settings: Settings) -> Index[Secret]:
    """The Secrets that hold keys: other Secrets in their namespace wake nobody."""

    def values(obj: JsonObject) -> tuple[str, ...]:
        metadata = obj["metadata"]
        here = metadata.get("namespace") == settings.namespace
        labels, name = metadata.get("labels") or {}, metadata["name"]
        return ("key",) if here and is_key_secret(labels, name, settings.key_prefix) else ()

    return Index(f"sealing-keys/{settings.namespace}/{settings.key_prefix}", Secret, values)


def controller(settings: Settings, measure: Callable[[Key, Any], None] | None = None) -> Controller[Seen]:
    return Controller(
        name="unseal",
        kind=SealedSecret,
        look=partial(look, settings, key_index(settings)),
        decide=partial(decide, settings),
        owns=(Secret,),
        manager="sealed-secrets-controller",
        reporter=NAME,
        measure=measure,
    )


def look(settings: Settings, keys: Index[Secret], snapshot: Snapshot, key: Key) -> Seen | None:
    sealed = snapshot.get(SealedSecret, key)
    if sealed is None or not settings.covers(key.namespace, sealed.metadata.labels):
        return None
    existing = snapshot.get(Secret, key)
    ring = key_ring(snapshot.indexed(keys, "key"), order=settings.order)
    metadata = sealed.metadata
    basis = Basis(metadata.uid, metadata.generation, sealed_label(sealed))
    before: Pass | None = snapshot.memory
    settled = is_settled(settings, basis, before, existing, ring)
    opened = None if settled else snapshot.ask(_question(sealed, existing, basis, ring))
    return Seen(
        sealed=sealed,
        existing=existing,
        ring=ring,
        basis=basis,
        before=before,
        opened=opened,
        refusal=snapshot.refusal,
    )


def is_settled(settings: Settings, basis: Basis, before: Pass | None, existing: Secret | None, ring: KeyRing) -> bool:
    """Whether a pass would have the same result as the last one."""
    if before is None or before.basis != basis:
        return False
    if before.failure is None:
        if existing is None:
            return not settings.recreates
        return not (settings.repairs and before.drifted(existing))
    if before.failure.kind == "unseal":
        return before.ring == ring
    return before.retry_at is None and before.blocker == _identity(existing)


def _question(sealed: SealedSecret, existing: Secret | None, basis: Basis, ring: KeyRing) -> Unseal:
    urgent = existing is None or sealed.status.observed_generation != basis.generation
    return Unseal(basis.uid, basis.generation, basis.label, ring, sealed=sealed, urgent=urgent)


def decide(settings: Settings, seen: Seen, now: datetime) -> Decision:
    opened = seen.opened
    if opened is None:
        return _corrected(settings, seen, now)
    if isinstance(opened, Failed | Pending):
        return NOTHING
    if isinstance(opened, Unopened):
        failure = Failure("unseal", opened.message, f"Failed to unseal: {opened.message}")
        return _failed(settings, seen, failure, now)
    if rests := _rests_until(seen, now):
        return Decision(wake_at=rests)
    metadata = seen.sealed.metadata
    planned = plan(opened.secret, seen.existing, name=metadata.name, uid=metadata.uid)
    if planned.action == "unmanaged":
        return _failed(settings, seen, unmanaged(metadata.name), now)
    if planned.secret is not None and seen.refusal is not None and seen.refusal.write.resource == SECRETS:
        return _refused(settings, seen, planned, seen.refusal, now)
    if planned.action == "create" and creates_unmanaged(opened.secret):
        return _failed(settings, seen, unmanaged(metadata.name), now, _write(planned))
    return _succeeded(settings, seen, planned, opened.secret, now)


def _corrected(settings: Settings, seen: Seen, now: datetime) -> Decision:
    """The last pass found its outcome in the status already, but an unobserved earlier write has replaced it."""
    if seen.before is None or (seen.before.failure is None and seen.existing is None):
        return NOTHING
    return Decision(_status(settings, seen, seen.before.failure.message if seen.before.failure else "", now))


def _rests_until(seen: Seen, now: datetime) -> datetime | None:
    """The end of the wait after a refusal, if nothing has changed since."""
    before = seen.before
    if before is None or before.retry_at is None or before.basis != seen.basis or now >= before.retry_at:
        return None
    return before.retry_at if before.blocker == _identity(seen.existing) else None


def unmanaged(name: str) -> Failure:
    text = f'Resource "{name}" already exists and is not managed by SealedSecret'
    return Failure("unmanaged", f"failed update: {text}", text)


def _refused(settings: Settings, seen: Seen, planned: Plan, refusal: Refusal, now: datetime) -> Decision:
    """The API server refused the Secret. Its own errors are retried soon, rejections later."""
    key = f"{seen.sealed.metadata.namespace}/{seen.sealed.metadata.name}"
    event_message = _immutable(key) if IMMUTABLE in refusal.message else refusal.message
    failure = Failure("update", refusal.message, event_message)
    if 400 <= refusal.code < 500 and refusal.code not in (408, 429):
        return _failed(settings, seen, failure, now, retry_at=now + RETRY)
    if refusal.count < PATIENCE:
        return Decision(_write(planned))
    shown = _failed(settings, seen, failure, now)
    # Remembers the failure: once the Secret is accepted, the next pass sets the condition to success.
    return Decision((*shown.steps, *_write(planned)), memory=shown.memory)


def _immutable(key: str) -> str:
    return (
        f"Error updating {key}: the target Secret is immutable. Once a Secret is marked as immutable, it is not "
        "possible to revert this change nor to mutate the contents of the data field. You can only delete and "
        "recreate the Secret."
    )


def _succeeded(settings: Settings, seen: Seen, planned: Plan, desired: JsonObject, now: datetime) -> Decision:
    wrote = _write(planned)
    event_message = _status(settings, seen, "", now)
    keys = frozenset(desired.get("data") or ()) if planned.merged else None
    written = planned.secret or (seen.existing.raw if seen.existing is not None else desired)
    event = Event(about=seen.sealed.raw, reason="Unsealed", message="SealedSecret unsealed successfully")
    return Decision(
        (*wrote, *event_message, event) if wrote or event_message else (),
        memory=Pass(seen.basis, digest=digest(written, keys), keys=keys, instance=_instance(seen.sealed)),
    )


def _failed(
    settings: Settings,
    seen: Seen,
    failure: Failure,
    now: datetime,
    first: tuple[Write, ...] = (),
    retry_at: datetime | None = None,
) -> Decision:
    event_message = _status(settings, seen, failure.message, now)
    before = seen.before.failure if seen.before is not None else None
    is_news = bool(event_message or first) or (seen.before is not None and before != failure)
    event = Event(about=seen.sealed.raw, reason=failure.reason, message=failure.event_message, type="Warning")
    blocker, instance = _identity(seen.existing), _instance(seen.sealed)
    memory = Pass(seen.basis, failure, seen.ring, blocker, retry_at=retry_at, instance=instance)
    return Decision((*first, *event_message, event) if is_news else first, retry_at, memory)


def _status(settings: Settings, seen: Seen, error: str, now: datetime) -> tuple[Write, ...]:
    wanted = status_after(seen.sealed, error, now) if settings.updates_status else None
    return () if wanted is None else status(SealedSecret, seen.sealed, wanted)


def _write(planned: Plan) -> tuple[Write, ...]:
    if planned.secret is None:
        return ()
    return (create(Secret, planned.secret) if planned.action == "create" else update(Secret, planned.secret),)


def _identity(existing: Secret | None) -> str:
    return "" if existing is None else f"{existing.metadata.uid}/{existing.metadata.resource_version}"


def _instance(sealed: SealedSecret) -> str:
    return sealed.metadata.labels.get("app.kubernetes.io/instance") or ""
