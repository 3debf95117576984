"""HTTP front of the embedded cluster: requests per second, latency, CPU per request, and fan-out to watchers.

Run as `python -m bench.http_front [--tls] [--data-dir DIR]`; clients are another process on loopback, counts bounded.
Prints one line per figure, and CPU per request of the server process, which other load on the machine hardly moves.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import multiprocessing
import os
import resource
import ssl
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from argosy.cluster.auth.bootstrap import bootstrap_objects
from argosy.cluster.http.assembly import ClusterFront, Keys, Settings, serve_cluster
from argosy.cluster.kind import User
from argosy.cluster.server import EmbeddedCluster
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import RealClock

CLIENTS = 64
READS = 40_000
WRITES = 8_000
WATCHERS = 50
EVENTS = 200
TOKEN = "bench-token"
MASTERS = User("bench", ("system:masters",))
PADDING = "x" * 1500


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--data-dir", type=Path, help="a durable store there; default: a temporary directory")
    parser.add_argument("--memory", action="store_true", help="no store on disk")
    parser.add_argument("--full", action="store_true", help="durability FULL: survives the machine's death")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        directory = None if chosen.memory else chosen.data_dir or Path(temporary)
        asyncio.run(_server(directory, tls=chosen.tls, durability="FULL" if chosen.full else "NORMAL"))


async def _server(directory: Path | None, *, tls: bool, durability: str) -> None:
    clock = RealClock()
    keys = Keys.make(clock.now())
    settings = Settings(tokens={TOKEN: MASTERS}, plain=not tls)
    cluster = EmbeddedCluster(
        clock=clock, rng=SystemRng(), bootstrap=bootstrap_objects(), data_dir=directory, durability=durability
    )
    async with cluster:
        front = ClusterFront(cluster, keys, settings)
        async with serve_cluster(cluster, front, clock.now()) as server:
            ours, theirs = multiprocessing.Pipe()
            authority = keys.authority.certificate.decode() if tls else ""
            process = multiprocessing.get_context("spawn").Process(
                target=_client, args=(theirs, server.port, authority)
            )
            process.start()
            gc.collect()
            gc.freeze()
            await _answer_phases(ours)
            process.join()


async def _answer_phases(pipe: Connection) -> None:
    """The client says when a phase begins and ends; the CPU time of this process between the two is printed."""
    loop = asyncio.get_running_loop()
    began = 0.0
    while True:
        message: Any = await loop.run_in_executor(None, pipe.recv)
        if message is None:
            return
        if message == "begin":
            began = _cpu()
            pipe.send("go")
            continue
        count = message.pop("count")
        spent = (_cpu() - began) / count * 1e6
        figures = "  ".join(f"{key} {value:,.1f}" for key, value in message["figures"].items())
        print(f"{message['name']:<34} {figures}  cpu_us_per_request {spent:,.0f}", flush=True)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


# ---- the client process -------------------------------------------------------------------------------------------


def _client(pipe: Connection, port: int, authority: str) -> None:
    asyncio.run(_phases(pipe, port, authority))
    pipe.send(None)


async def _phases(pipe: Connection, port: int, authority: str) -> None:
    context = ssl.create_default_context(cadata=authority) if authority else None
    setup = await _Client.open(port, context)
    for index in range(CLIENTS):
        body = {"metadata": {"name": f"c{index}"}, "data": {"k": PADDING}}
        await setup.ask("POST", "/api/v1/namespaces/default/configmaps", body)
    clients = [await _Client.open(port, context) for _ in range(CLIENTS)]
    paths = [f"/api/v1/namespaces/default/configmaps/c{index}" for index in range(CLIENTS)]
    await _measure(pipe, "GET 2 KB object", clients, READS, lambda index, _: ("GET", paths[index], None, ""))

    def patch(index: int, number: int) -> tuple[str, str, Any, str]:
        return "PATCH", paths[index], {"data": {"n": str(number)}}, "application/merge-patch+json"

    await _measure(pipe, "PATCH merge, durable", clients, WRITES, patch)

    def put(index: int, number: int) -> tuple[str, str, Any, str]:
        return "PUT", paths[index], {"metadata": {"name": f"c{index}"}, "data": {"k": PADDING, "n": f"p{number}"}}, ""

    await _measure(pipe, "PUT, durable", clients, WRITES, put)
    await _measure(
        pipe, "LIST of 64", clients, 2000, lambda _i, _n: ("GET", "/api/v1/namespaces/default/configmaps", None, "")
    )
    await _fan_out(pipe, port, context, setup, paths[0])


async def _measure(pipe: Connection, name: str, clients: list[_Client], total: int, make: Any) -> None:
    pipe.send("begin")
    pipe.recv()
    latencies: list[float] = []
    each = total // len(clients)

    async def run(index: int, client: _Client) -> None:
        for number in range(each):
            began = time.perf_counter()
            status = await client.ask(*make(index, number))
            latencies.append(time.perf_counter() - began)
            if status >= 300:
                raise SystemExit(f"{name}: status {status}")

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for index, client in enumerate(clients):
            group.create_task(run(index, client))
    took = time.perf_counter() - began
    latencies.sort()
    count = len(latencies)
    figures = {
        "per_s": count / took,
        "p50_ms": latencies[count // 2] * 1e3,
        "p99_ms": latencies[count * 99 // 100] * 1e3,
    }
    pipe.send({"name": name, "count": count, "figures": figures})


async def _fan_out(pipe: Connection, port: int, context: ssl.SSLContext | None, writer: _Client, path: str) -> None:
    """From the moment a write is sent until each of the watchers has its event."""
    watchers = [await _Client.open(port, context) for _ in range(WATCHERS)]
    for watcher in watchers:
        await watcher.begin_watch("/api/v1/namespaces/default/configmaps?watch=true&fieldSelector=metadata.name%3Dc0")
    pipe.send("begin")
    pipe.recv()
    delays: list[float] = []

    async def see(watcher: _Client, began: float) -> None:
        await watcher.next_event()
        delays.append(time.perf_counter() - began)

    for number in range(EVENTS):
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for watcher in watchers:
                group.create_task(see(watcher, began))
            group.create_task(writer.ask("PATCH", path, {"data": {"w": str(number)}}, "application/merge-patch+json"))
        await asyncio.sleep(0.005)  # noqa: TID251 a benchmark lives in real time
    delays.sort()
    figures = {"p50_ms": delays[len(delays) // 2] * 1e3, "p99_ms": delays[len(delays) * 99 // 100] * 1e3}
    pipe.send({"name": f"event to {WATCHERS} watchers", "count": EVENTS, "figures": figures})


class _Client:
    """A lean keep-alive client: as little as possible of the measured time is its own."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int, context: ssl.SSLContext | None) -> _Client:
        return cls(*await asyncio.open_connection("127.0.0.1", port, ssl=context, limit=1 << 24))

    async def ask(self, method: str, path: str, body: Any, content_type: str = "") -> int:
        raw = json.dumps(body).encode() if body is not None else b""
        self._writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
            f"Content-Type: {content_type or 'application/json'}\r\nContent-Length: {len(raw)}\r\n\r\n".encode()
            + raw
        )
        head = await self._reader.readuntil(b"\r\n\r\n")
        at = head.index(b"Content-Length: ") + 16
        await self._reader.readexactly(int(head[at : head.index(b"\r\n", at)]))
        return int(head[9:12])

    async def begin_watch(self, path: str) -> None:
        self._writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode())
        await self._reader.readuntil(b"\r\n\r\n")
        await self.next_event()  # the object as it is

    async def next_event(self) -> bytes:
        size = int(await self._reader.readline(), 16)
        return (await self._reader.readexactly(size + 2))[:size]


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    main()
