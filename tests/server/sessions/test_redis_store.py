"""Replicas that share a Redis: real servers and sentinels, killed in the middle."""

from __future__ import annotations

import asyncio
import gc
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from argosy.cluster.http.tls import issue_serving, make_authority
from argosy.machinery.status import StatusError
from argosy.observe.secret import Secret
from argosy.runtime.clock import RealClock
from argosy.server.sessions import redis_store
from argosy.server.sessions.redis_store import RedisSettings, RedisSettingsError, RedisStore
from argosy.server.sessions.shared import SharedSessions
from tests.kit.ports import free_port

PATIENCE = 60.0
PASSWORD = "a-long-password"
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),  # sockets of killed servers
    pytest.mark.skipif(
        shutil.which("redis-server") is None or shutil.which("redis-sentinel") is None,
        reason="there is no redis-server, or no redis-sentinel",
    ),
]


class Programs:
    """Servers and sentinels of this test, by port; TLS alone, and a password."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        now = datetime.now(UTC)  # noqa: TID251  # of real programs
        authority = make_authority(now, "test")
        pair = issue_serving(authority, now, ("localhost",))
        for name, data in (("ca", authority.certificate), ("crt", pair.certificate), ("key", pair.key)):
            (place / f"tls.{name}").write_bytes(data)
        self.tls = (
            f"port 0\ntls-ca-cert-file {place}/tls.ca\ntls-cert-file {place}/tls.crt\ntls-key-file {place}/tls.key\n"
        )
        self.tls += "tls-auth-clients no\ntls-replication yes\n"

    def server(self, port: int, master: int | None = None) -> None:
        text = f"{self.tls}tls-port {port}\nbind 127.0.0.1\nrequirepass {PASSWORD}\nmasterauth {PASSWORD}\n"
        text += f"dir {self.place}\ndbfilename {port}.rdb\nsave ''\nrepl-diskless-sync-delay 0\n"
        text += "replica-announce-ip localhost\n"
        if master is not None:
            text += f"replicaof localhost {master}\n"
        self._start("redis-server", port, text)

    def sentinel(self, port: int, master: int) -> None:
        text = f"{self.tls}tls-port {port}\nbind 127.0.0.1\ndir {self.place}\nsentinel resolve-hostnames yes\n"
        text += f"sentinel announce-hostnames yes\nsentinel monitor mine localhost {master} 2\n"
        text += f"sentinel auth-pass mine {PASSWORD}\nsentinel down-after-milliseconds mine 1500\n"
        text += "sentinel failover-timeout mine 6000\n"
        self._start("redis-sentinel", port, text)

    def _start(self, program: str, port: int, text: str) -> None:
        file = self.place / f"{port}.conf"
        file.write_text(text)
        log = (self.place / f"{port}.log").open("wb")
        self._running[port] = subprocess.Popen([program, str(file)], stdout=log, stderr=log)
        log.close()

    def kill(self, port: int) -> None:
        process = self._running.pop(port)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def end(self) -> None:
        for port in list(self._running):
            self.kill(port)


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    made = Programs(tmp_path)
    try:
        yield made
    finally:
        made.end()
        gc.collect()  # what the library left open of killed servers is reported here, and not in another test


class Replica:
    def __init__(self, settings: RedisSettings) -> None:
        self.store = RedisStore(settings, RealClock())
        self.sessions = SharedSessions(self.store, RealClock())
        self._task = asyncio.get_running_loop().create_task(self.store.run())

    async def close(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        await self.store.close()

    async def revoked(self, token: str) -> None:
        """Although the servers may just be choosing a master, sooner or later."""
        until = RealClock().now().timestamp() + 600
        for _ in range(6):
            with suppress(StatusError):
                await self.sessions.revoke(token, until)
                return
        raise AssertionError(f"{token} could not be taken back")

    async def hears(self, token: str) -> None:
        ends = RealClock().monotonic() + PATIENCE
        while not self.sessions.is_revoked(token):
            assert RealClock().monotonic() < ends, f"{token} was never heard of"
            await asyncio.sleep(0.05)  # noqa: TID251  # of real programs


def is_away(told: object) -> bool:
    return any(word in str(told) for word in ("s_down", "o_down", "disconnected"))


async def known_to_all(programs: Programs, sentinels: list[int]) -> None:
    """Until every sentinel knows the replica and the other sentinels: before that none can be made the master."""
    from redis.asyncio import Redis

    ends = RealClock().monotonic() + PATIENCE
    for port in sentinels:
        client = Redis(host="localhost", port=port, ssl=True, ssl_ca_certs=str(programs.place / "tls.ca"))
        while True:
            told = [
                await client.execute_command("SENTINEL", what, "mine")  # type: ignore[no-untyped-call]  # redis types it not
                for what in ("SENTINELS", "REPLICAS")
            ]
            if len(told[0]) >= len(sentinels) - 1 and len(told[1]) >= 1 and not is_away(told):
                break
            assert RealClock().monotonic() < ends, told
            await asyncio.sleep(0.1)  # noqa: TID251  # of real programs
        await client.aclose()


def settings(programs: Programs, *ports: int, master: str = "") -> RedisSettings:
    return RedisSettings(
        servers=tuple(("localhost", port) for port in ports),
        master=master,
        password=Secret(PASSWORD),
        tls=True,
        authority=str(programs.place / "tls.ca"),
    )


def test_what_one_replica_takes_back_counts_for_all(programs: Programs) -> None:
    async def scenario() -> None:
        port = free_port()
        programs.server(port)
        first, second = Replica(settings(programs, port)), Replica(settings(programs, port))
        try:
            await first.revoked("token-1")
            await second.hears("token-1")
            assert not second.sessions.is_revoked("token-2")
            for _ in range(5):
                await second.sessions.failed("alice")
            assert second.sessions.is_locked("alice")
            ends = RealClock().monotonic() + PATIENCE
            while not first.sessions.is_locked("alice"):
                assert RealClock().monotonic() < ends
                await asyncio.sleep(0.05)  # noqa: TID251  # of real programs
            third = Replica(settings(programs, port))
            await third.hears("token-1")
            await third.close()
            raw = (await second.store._opened().keys("*")) if second.store._client else []
            assert not any(b"token-1" in name or b"alice" in name for name in raw), "names are digests"
        finally:
            await first.close()
            await second.close()

    asyncio.run(scenario())


def test_a_server_that_forgot_everything_gets_it_again(programs: Programs) -> None:
    """Upstream's tokens count again after a flush; ours do not."""

    async def scenario() -> None:
        port = free_port()
        programs.server(port)
        first = Replica(settings(programs, port))
        try:
            await first.revoked("token-1")
            programs.kill(port)
            assert first.sessions.is_revoked("token-1"), "what is known counts while the server is away"
            with pytest.raises(StatusError) as error:
                await first.sessions.revoke("token-2", RealClock().now().timestamp() + 600)
            assert error.value.code == 503
            assert first.sessions.is_revoked("token-2"), "here it counts although others could not be told"
            programs.server(port)
            second = Replica(settings(programs, port))
            await second.hears("token-1")
            await second.hears("token-2")
            await second.close()
        finally:
            await first.close()

    asyncio.run(scenario())


def test_sentinels_name_another_master_when_one_is_killed(programs: Programs) -> None:
    async def scenario() -> None:
        servers, sentinels = [free_port() for _ in range(2)], [free_port() for _ in range(3)]
        programs.server(servers[0])
        programs.server(servers[1], master=servers[0])
        for port in sentinels:
            programs.sentinel(port, servers[0])
        given = settings(programs, *sentinels, master="mine")
        first, second = Replica(given), Replica(given)
        try:
            await first.revoked("before")
            await second.hears("before")
            await known_to_all(programs, sentinels)
            programs.kill(servers[0])
            programs.kill(sentinels[0])
            await first.revoked("after")
            await second.hears("after")
            third = Replica(given)
            await third.hears("before")
            await third.hears("after")
            await third.close()
        finally:
            await first.close()
            await second.close()

    asyncio.run(scenario())


def test_a_wrong_password_or_a_certificate_of_others_is_no_store(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_store, "PUT_SECONDS", 0.0)

    async def scenario() -> None:
        port = free_port()
        programs.server(port)
        other = programs.place / "other"
        other.write_bytes(make_authority(datetime.now(UTC), "other").certificate)  # noqa: TID251
        good = settings(programs, port)
        for broken in (
            RedisSettings(servers=good.servers, password=Secret("no"), tls=True, authority=good.authority),
            RedisSettings(servers=good.servers, password=Secret(PASSWORD), tls=True, authority=str(other)),
            RedisSettings(servers=good.servers, password=Secret(PASSWORD)),
        ):
            store = RedisStore(broken, RealClock())
            with pytest.raises(StatusError, match="could not be told") as error:
                await store.put("key", "value", RealClock().now().timestamp() + 60)
            assert PASSWORD not in str(error.value)
            await store.close()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "given",
    [
        RedisSettings(servers=()),
        RedisSettings(servers=(("a", 1), ("b", 1))),
        RedisSettings(servers=(("redis.example.com", 6379),)),
        RedisSettings(servers=(("redis.example.com", 6379),), tls=True),
        RedisSettings(servers=(("redis.example.com", 6379),), password=Secret("x")),
    ],
)
def test_a_redis_that_others_could_write_to_is_refused(given: RedisSettings) -> None:
    with pytest.raises(RedisSettingsError):
        given.check()
