"""Leases: liveness, leadership, and the fence that stops a replica which lost its Lease from writing.

A Lease is one coordination.k8s.io/v1 object. Its holder renews it. A replica that sees it unrenewed for its duration,
*by its own clock since the last change it saw*, may take it: clocks of replicas need not agree. The holder counts
from before its request, so it knows that its time is over before anyone else may; `FencedClient` then refuses its
writes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.requests import Get, List, create, delete, update
from argosy.machinery.status import StatusError
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clients.fencing import WORKING_ON
from argosy.runtime.clock import Clock
from argosy.runtime.sharding import Shards

LEASES = Resource("coordination.k8s.io", "v1", "leases", "Lease")
MEMBER_LABEL = "argosy.dev/replicas-of"

GONE_AFTER = 4.0
"""In durations of a Lease: after that its holder is not expected to return."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds. A holder that could not renew for `valid` stops writing, which is before `duration` ends."""

    duration: float = 15.0
    valid: float = 10.0
    renew_every: float = 2.0

    def __post_init__(self) -> None:
        if not self.renew_every < self.valid < self.duration:
            raise ValueError(f"lease timing must rise: {self.renew_every:g} < {self.valid:g} < {self.duration:g}")


class Move(Enum):
    """What to do with a Lease, depending on what was seen of it."""

    CREATE = "create"
    RENEW = "renew"
    TAKE = "take"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Sight:
    """An observed state of a Lease, and when, by our own monotonic clock, it was first observed."""

    resource_version: str
    seen_at: float


def decide(lease: JsonObject | None, sight: Sight | None, identity: str, monotonic: float) -> Move:
    """`sight` describes the present state of `lease`."""
    if lease is None:
        return Move.CREATE
    spec = lease.get("spec") or {}
    holder = spec.get("holderIdentity") or ""
    if holder == identity:
        return Move.RENEW
    if not holder:
        return Move.TAKE
    assert sight is not None
    duration = float(spec.get("leaseDurationSeconds") or 0)
    return Move.TAKE if monotonic - sight.seen_at >= duration else Move.WAIT


class LeaseHolder:
    """Acquires one Lease and keeps it. `run` until cancelled; `release` gives it back at once."""

    def __init__(
        self,
        client: Client,
        clock: Clock,
        rng: Rng,
        *,
        key: Key,
        identity: str,
        timing: Timing | None = None,
        labels: dict[str, str] | None = None,
        on_change: Callable[[bool], None] | None = None,
    ) -> None:
        """`on_change` is called when the Lease is acquired or lost."""
        self.identity = identity
        self.key = key
        self._client = client
        self._clock = clock
        self._rng = rng.fork(f"lease/{key}/{identity}")
        self._timing = timing or Timing()
        self._labels = labels or {}
        self._on_change = on_change or (lambda held: None)
        self._valid_until = float("-inf")
        self._sight: Sight | None = None
        self._reported = False

    @property
    def is_valid(self) -> bool:
        """Whether we hold the Lease at this moment, whatever the server would say."""
        return self._clock.monotonic() < self._valid_until

    async def run(self) -> None:
        while True:
            try:
                await self.step()
            except (StatusError, OSError) as error:
                log.warning("lease %s of %s: %s", self.key, self.identity, type(error).__name__)
            self._report()
            pause = self._timing.renew_every * self._rng.uniform(0.8, 1.0)
            # Wake when the time is over, too, so that `on_change` is called then and not at the next renewal.
            left = self._valid_until - self._clock.monotonic()
            await self._clock.sleep(min(pause, left) if left > 0 else pause, background=True)
            self._report()

    async def step(self) -> Move:
        """One look at the Lease, and the action it needs."""
        began = self._clock.monotonic()
        lease = await self._read()
        move = decide(lease, self._sight, self.identity, began)
        if move is Move.WAIT:
            self._valid_until = float("-inf")
            return move
        try:
            await self._write(move, lease)
        except StatusError as error:
            if error.is_conflict or error.is_already_exists:
                # Another replica was faster. Nothing new is known: the validity continues or expires by itself.
                return Move.WAIT
            raise
        self._valid_until = began + self._timing.valid
        return move

    async def release(self) -> None:
        """So that the next holder need not wait for the end of the duration."""
        was_valid, self._valid_until = self.is_valid, float("-inf")
        self._report()
        if was_valid:
            lease = await self._read()
            if lease is not None and (lease.get("spec") or {}).get("holderIdentity") == self.identity:
                # An absent holder, not an empty one, which the server refuses.
                spec = {name: value for name, value in lease["spec"].items() if name != "holderIdentity"}
                await self._client.write(update(LEASES, {**lease, "spec": spec}))

    async def _read(self) -> JsonObject | None:
        try:
            lease = await self._client.get(Get(LEASES, self.key))
        except StatusError as error:
            if error.is_not_found:
                return None
            raise
        version = lease["metadata"]["resourceVersion"]
        if self._sight is None or self._sight.resource_version != version:
            self._sight = Sight(version, self._clock.monotonic())
        return lease

    async def _write(self, move: Move, lease: JsonObject | None) -> None:
        now = _micro_time(self._clock.now())
        duration = int(self._timing.duration)
        spec: JsonObject = {"holderIdentity": self.identity, "leaseDurationSeconds": duration, "renewTime": now}
        if lease is None:
            metadata = {"namespace": self.key.namespace, "name": self.key.name, "labels": self._labels}
            spec |= {"acquireTime": now, "leaseTransitions": 0}
            body = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
            await self._client.write(create(LEASES, body))
            return
        before = lease.get("spec") or {}
        if move is Move.TAKE:
            spec |= {"acquireTime": now, "leaseTransitions": int(before.get("leaseTransitions") or 0) + 1}
        await self._client.write(update(LEASES, {**lease, "spec": {**before, **spec}}))

    def _report(self) -> None:
        if self.is_valid != self._reported:
            self._reported = self.is_valid
            self._on_change(self._reported)


SETTLED = 0.001
"""Seconds after which a settled replica starts."""


class Membership:
    """Which replicas are alive, each by a Lease of its own, and which keys are ours. `run` until cancelled.

    A joining replica waits for `valid` seconds: a replica that does not know of it yet has looked before, and that
    look is not valid for longer. Remaining replicas need not wait: with rendezvous hashing a member that leaves gives
    keys to the others, and takes none from them.
    """

    def __init__(
        self,
        client: Client,
        clock: Clock,
        rng: Rng,
        *,
        namespace: str,
        group: str,
        identity: str,
        timing: Timing | None = None,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        """`on_change`: keys moved; enqueue all again."""
        self.identity = identity
        self.shards = Shards(())
        self._client = client
        self._clock = clock
        self._timing = timing or Timing()
        self._namespace, self._group = namespace, group
        self._sights: dict[str, Sight] = {}
        self._on_change = on_change or (lambda: None)
        self._valid_until = float("-inf")
        self._settled_at = float("inf")
        self.lease = LeaseHolder(
            client,
            clock,
            rng,
            key=Key(namespace, f"{group}-{identity}"),
            identity=identity,
            timing=self._timing,
            labels={MEMBER_LABEL: group},
        )

    @property
    def is_valid(self) -> bool:
        """Whether this replica may write at all at this moment."""
        return self._settled_at <= self._clock.monotonic() < self._valid_until

    def owns(self, key: Key) -> bool:
        return self.is_valid and self.shards.owner(key) == self.identity

    def may_write(self) -> bool:
        """For `FencedClient`: we are alive, and the key that this task processes, if any, is still ours.

        The controller decides who owns a key: with the same function before it starts on it and before every write.
        """
        turn = WORKING_ON.get()
        return self.is_valid and (turn is None or turn.is_ours)

    async def run(self) -> None:
        while True:
            try:
                await self.step()
            except (StatusError, OSError) as error:
                log.warning("membership of %s: %s", self.identity, type(error).__name__)
            await self._clock.sleep(self._timing.renew_every, background=True)

    async def leave(self) -> None:
        self._valid_until = float("-inf")
        await self.lease.release()

    async def step(self) -> None:
        """Renews our own Lease, then lists the others: in this order, of two joining replicas one sees the other."""
        began = self._clock.monotonic()
        was_member = began < self._valid_until
        if await self.lease.step() is Move.WAIT:
            return
        selector = f"{MEMBER_LABEL}={self._group}"
        page = await self._client.page(List(resource=LEASES, namespace=self._namespace, label_selector=selector))
        now = self._clock.monotonic()
        shards = Shards(holder for lease in page.items if (holder := self._live_holder(lease, now)))
        await self._clear_away(page.items, now)
        if not was_member:
            self._settled_at = now if shards.members == (self.identity,) else now + self._timing.valid
        self._valid_until = began + self._timing.valid
        changed = shards.members != self.shards.members or not was_member
        if changed:
            self.shards = shards
            # A moment later: rounding must not wake us just before we own anything.
            self._clock.call_later(max(0.0, self._settled_at - now) + SETTLED, self._on_change)

    async def _clear_away(self, leases: Iterable[JsonObject], now: float) -> None:
        """Deletes Leases of replicas that stopped long ago: every restart leaves a Lease of another name."""
        names = set()
        for lease in leases:
            metadata = lease["metadata"]
            name = metadata["name"]
            names.add(name)
            duration = float((lease.get("spec") or {}).get("leaseDurationSeconds") or 0)
            seen_at = self._sights[name].seen_at
            if name == self.lease.key.name or now - seen_at < max(duration, self._timing.duration) * GONE_AFTER:
                continue
            try:
                # Exactly this state: one that is renewed at this moment stays.
                await self._client.write(delete(LEASES, lease))
            except StatusError as error:
                log.debug("lease %s of a replica that is gone: %s", name, error.reason)
        for gone in self._sights.keys() - names:
            del self._sights[gone]

    def _live_holder(self, lease: JsonObject, now: float) -> str:
        spec, version = lease.get("spec") or {}, lease["metadata"]["resourceVersion"]
        name = lease["metadata"]["name"]
        if (sight := self._sights.get(name)) is None or sight.resource_version != version:
            sight = self._sights[name] = Sight(version, now)
        duration = float(spec.get("leaseDurationSeconds") or 0)
        return spec.get("holderIdentity") or "" if now - sight.seen_at < duration else ""


def _micro_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
