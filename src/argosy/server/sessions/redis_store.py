"""What replicas share, in a Redis or Valkey: one server, or whichever one the sentinels call the master.

A Redis may lose its last writes, when its machine dies or somebody flushes it. So every replica keeps what it
knows and puts back what is missing: a token that was taken back stays taken back as long as one replica lives.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from argosy.machinery.status import StatusError
from argosy.machinery.unexpected import Shown
from argosy.observe.secret import Secret
from argosy.runtime.clock import Clock
from argosy.server.sessions.redis_metrics import RedisMetrics

if TYPE_CHECKING:
    from redis.asyncio import Redis

PREFIX: Final = "argosy:sessions:"
CHANNEL: Final = "argosy:sessions"
CALL_SECONDS: Final = 3.0
PUT_SECONDS: Final = 15.0
"""For which a new master is waited for, before a caller hears that it did not work."""
SYNC_SECONDS: Final = 5.0
PAUSES: Final = (0.1, 0.25, 0.5, 1.0)
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
LARGEST: Final = 4096
log = logging.getLogger(__name__)
T = TypeVar("T")


class RedisSettingsError(Shown):
    """The settings are incomplete, unsafe, or need a library that is not installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisSettings:
    """`servers`: one, or several sentinels with the `master` that they watch."""

    servers: tuple[tuple[str, int], ...]
    master: str = ""
    username: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    sentinel_password: Secret = field(default_factory=lambda: Secret(""))
    tls: bool = False
    authority: str = ""
    """A file; empty: the system's own."""
    certificate: str = ""
    key: str = ""

    def check(self) -> None:
        """Security rule 14: others on the network must not be able to write. Raises RedisSettingsError."""
        if not self.servers or (len(self.servers) > 1 and not self.master):
            raise RedisSettingsError(
                "--redis takes one HOST:PORT; --sentinel may be repeated and needs --sentinel-master"
            )
        elsewhere = [host for host, _ in self.servers if host not in LOOPBACK]
        if elsewhere and not (self.tls and self.password):
            raise RedisSettingsError(
                f"{elsewhere[0]}: a Redis on another machine needs --redis-use-tls and a password in $REDIS_PASSWORD"
            )


class RedisStore:
    def __init__(self, settings: RedisSettings, clock: Clock) -> None:
        """Raises RedisSettingsError."""
        settings.check()
        try:
            import redis.asyncio  # noqa: F401
        except ImportError:
            raise RedisSettingsError("the Redis client is not installed: pip install 'argosy[redis]'") from None
        self._settings, self._clock = settings, clock
        self._known: dict[str, tuple[str, float]] = {}
        self._client: Redis | None = None
        self._sentinels: list[Redis] = []
        self._metrics = RedisMetrics(clock)

    def get(self, key: str) -> str:
        value, until = self._known.get(key, ("", 0.0))
        return value if until >= self._clock.now().timestamp() else ""

    async def put(self, key: str, value: str, until: float) -> None:
        """Known here at once, whatever comes of telling the others."""
        self._known[key] = (value, until)
        ends = self._clock.monotonic() + PUT_SECONDS
        pauses = iter(PAUSES)
        while True:
            try:
                async with asyncio.timeout(CALL_SECONDS):
                    await self._counted("set" if value else "del", self._tell(key, value, until))
                return
            except self._errors() as error:
                pause = next(pauses, PAUSES[-1])
                if self._clock.monotonic() + pause >= ends:
                    text = f"other replicas could not be told: {type(error).__name__}"
                    raise StatusError(503, "ServiceUnavailable", text) from None
                await self._forget()
                await self._clock.sleep(pause)

    async def run(self) -> None:
        """Hears, and looks at all of it now and then: news on a channel may be lost."""
        failures = 0
        while True:
            try:
                async with self._listening() as channel:
                    await self._sync()
                    if failures:
                        log.info("the Redis of the sessions answers again")
                    failures = 0
                    await self._hear(channel)
            except self._errors() as error:
                failures += 1
                if failures in (1, 10, 100):
                    log.warning("the Redis of the sessions does not answer: %s", type(error).__name__)
            await self._forget()
            await self._clock.sleep(PAUSES[min(failures, len(PAUSES)) - 1 if failures else 0], background=True)

    async def close(self) -> None:
        await self._forget()

    async def _counted(self, command: str, call: Awaitable[T]) -> T:
        with self._metrics.request(command):
            return await call

    # -- one connection or another -------------------------------------------------------------------------------------

    async def _tell(self, key: str, value: str, until: float) -> None:
        client = self._opened()
        news = json.dumps([key, value, until])
        async with client.pipeline(transaction=True) as pipeline:
            if value:
                pipeline.set(PREFIX + key, json.dumps([value, until]), pxat=int(until * 1000))
            else:
                pipeline.delete(PREFIX + key)
            pipeline.publish(CHANNEL, news)
            await pipeline.execute()

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[Any]:
        channel = self._opened().pubsub(ignore_subscribe_messages=True)
        try:
            async with asyncio.timeout(CALL_SECONDS):
                await channel.subscribe(CHANNEL)
            yield channel
        finally:
            with suppress(*self._errors()):
                await channel.aclose()  # type: ignore[no-untyped-call]

    async def _hear(self, channel: Any) -> None:
        synced_at = self._clock.monotonic()
        while True:
            message = await channel.get_message(timeout=SYNC_SECONDS / 5)
            if message is not None:
                self._learn(message.get("data"))
            if self._clock.monotonic() - synced_at >= SYNC_SECONDS:
                await self._sync()
                synced_at = self._clock.monotonic()

    async def _sync(self) -> None:
        """Learns what is there, and puts back what is not there any more."""
        async with asyncio.timeout(4 * CALL_SECONDS):
            client, found = self._opened(), set[str]()
            async for name in client.scan_iter(match=f"{PREFIX}*", count=500):
                text = await self._counted("get", client.get(name))
                key = _text(name).removeprefix(PREFIX)
                if text is not None and (entry := _entry(_text(text))) is not None:
                    found.add(key)
                    if self._known.get(key, ("", 0.0))[1] < entry[1]:
                        self._known[key] = entry
            now = self._clock.now().timestamp()
            self._known = {key: entry for key, entry in self._known.items() if entry[1] >= now}
            for key, (value, until) in list(self._known.items()):
                if value and key not in found:
                    await self._tell(key, value, until)

    def _learn(self, data: object) -> None:
        text = _text(data)
        try:
            key, value, until = json.loads(text[:LARGEST])
            self._known[str(key)] = (str(value), float(until))
        except (ValueError, TypeError):
            log.warning("the channel of the sessions said something else than an entry")

    def _opened(self) -> Redis:
        if self._client is None:
            self._client, self._sentinels = _client(self._settings)
        return self._client

    async def _forget(self) -> None:
        """The next call asks again which server is the master."""
        opened, self._client, self._sentinels = [self._client, *self._sentinels], None, []
        for client in opened:
            if client is not None:
                with suppress(*self._errors(), RuntimeError):
                    await client.aclose(close_connection_pool=True)

    def _errors(self) -> tuple[type[BaseException], ...]:
        from redis.exceptions import RedisError

        return (RedisError, OSError, TimeoutError)


def _client(settings: RedisSettings) -> tuple[Redis, list[Redis]]:
    """The server's, and the sentinels' that find it."""
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.asyncio.sentinel import Sentinel
    from redis.backoff import NoBackoff

    # Trying again is ours: a sentinel that is away must not be asked for longer than the others are.
    shared: dict[str, Any] = {"socket_timeout": 1.0, "socket_connect_timeout": 1.0, "retry": Retry(NoBackoff(), 0)}
    if settings.tls:
        shared |= {"ssl": True, "ssl_cert_reqs": "required", "ssl_check_hostname": True}
        given = {"ssl_ca_certs": settings.authority, "ssl_certfile": settings.certificate, "ssl_keyfile": settings.key}
        shared |= {name: value for name, value in given.items() if value}
    own = {**shared, "username": settings.username or None, "password": settings.password.reveal() or None}
    if not settings.master:
        (host, port), *_ = settings.servers
        return Redis(host=host, port=port, **own), []
    asked = {**shared, "password": settings.sentinel_password.reveal() or None}
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        list(settings.servers), sentinel_kwargs=asked, **own
    )
    return sentinel.master_for(settings.master), list(sentinel.sentinels)


def _entry(text: str) -> tuple[str, float] | None:
    try:
        value, until = json.loads(text[:LARGEST])
        return str(value), float(until)
    except (ValueError, TypeError):
        return None


def _text(data: object) -> str:
    return data.decode(errors="replace") if isinstance(data, bytes) else str(data)
