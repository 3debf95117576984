"""Argo CD's API with 10,000 Applications: lists, permissions, calls, watches, webhooks. Clients are another process.

Run as `python -m bench.server [APPLICATIONS [PART ...]]`. Prints one line per figure.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import re
import resource
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from argosy.cli.assembly.server_part import ports_of
from argosy.cli.place import HOST, free_port
from argosy.cli.process import embedded
from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.observe.garbage import Garbage
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import RealClock
from argosy.server.configuration import decoded
from argosy.server.permissions.enforcement import Enforcer, Subject
from argosy.server.process import Place, serving
from bench.grpc_client import GrpcConnection

APPLICATIONS = Resource("argoproj.io", "v1alpha1", "applications", "Application")
PROJECTS = Resource("argoproj.io", "v1alpha1", "appprojects", "AppProject")
SECRETS = Resource("", "v1", "secrets", "Secret")
WATCHES = 1000
CHANGES = 250
CHANGES_PER_SECOND = 50
HOOKS = 2000
CALLS = 2000
CLIENTS = 16
SENT = "bench.argosy.dev/sent"
STAMP = re.compile(rb'"bench.argosy.dev/sent":"([0-9.]+)"')
TABS = 500
QUIET_SHARE = 0.1
"""Of a core: a process that takes less has nothing left to do."""
VISIBLE = 50
"""Rows of a window: the first ones by name, which are those that change."""


def application(number: int) -> JsonObject:
    """One that no controller looks at: what is measured is the server."""
    source = {"repoURL": f"https://git.example.com/r{number % 200}.git", "path": f"apps/{number}"}
    destination = {"server": "https://kubernetes.default.svc", "namespace": f"ns-{number % 100}"}
    status = {"sync": {"status": "Synced", "revision": f"{number:040d}"}, "health": {"status": "Healthy"}}
    resources = [{"version": "v1", "kind": "ConfigMap", "name": f"c{item}", "status": "Synced"} for item in range(5)]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": f"app-{number:05d}",
            "namespace": "argocd",
            "annotations": {"argocd.argoproj.io/skip-reconcile": "true"},
        },
        "spec": {"project": f"team-{number % 20}", "source": source, "destination": destination},
        "status": {**status, "resources": resources},
    }


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    permissions(count)
    with tempfile.TemporaryDirectory() as place:
        asyncio.run(served(Path(place), count, sys.argv[2:]))


def permissions(count: int) -> None:
    lines = [f"p, role:team-{team}, applications, *, team-{team}/*, allow" for team in range(20)]
    lines += [
        "p, role:team-3, applications, get, team-4/app-0*, deny",
        "g, alice, role:team-3",
        "g, alice, role:team-4",
    ]
    enforcer = Enforcer({"policy.csv": "\n".join(lines)}, lambda name: None)
    targets = [f"team-{number % 20}/app-{number:05d}" for number in range(count)]
    subject = Subject("alice")
    enforcer.allows(subject, "applications", "get", targets[0])
    begun, busy = time.perf_counter(), time.process_time()
    seen = sum(enforcer.allows(subject, "applications", "get", target) for target in targets)
    took, busy = _ms(begun), time.process_time() - busy
    print(f"permissions: {count} Applications filtered in {took} ms ({busy * 1000:.1f} ms of CPU), {seen} seen")


async def served(place: Path, count: int, parts: list[str]) -> None:
    clock, rng = RealClock(), SystemRng()
    async with embedded(place, HOST, free_port(), clock, rng) as running:
        await running.wait_ready(clock)
        Garbage().settle()  # as the process of `argosy up` does
        await _filled(running.client, count)
        ports = ports_of(running.control_plane, running.client, clock, rng, "argocd", None)
        async with serving(ports, Place(insecure=True)) as server:
            secret = await running.client.get(requests.Get(SECRETS, Key("argocd", "argocd-initial-admin-secret")))
            password = decoded(secret)["password"]
            print(f"memory with {count} Applications: {_memory()} MB")
            for work in (lists, calls, grpc, hooks):
                if parts and work.__name__ not in parts:
                    continue
                await _settled(clock)
                await _elsewhere(work, server.url, password)
            for name, among in (("watches", count), ("watches_of_all", count), ("tabs", VISIBLE)):
                if not parts or name in parts:
                    await _settled(clock)
                    await _changing(name, running.client, server.url, password, among)
            print(f"memory at the end: {_memory()} MB")


async def _settled(clock: RealClock) -> None:
    """What the part before left to do is done: thousands of objects stored, or as many refreshes."""
    for _ in range(120):
        before = time.process_time()
        await clock.sleep(0.5)
        if time.process_time() - before < QUIET_SHARE * 0.5:
            return


async def _changing(name: str, client: Any, url: str, password: str, among: int) -> None:
    """Clients look on while Applications change."""
    clock = RealClock()
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_client, args=(name, url, password, theirs))
    process.start()
    await asyncio.to_thread(ours.recv)
    begun, before = clock.monotonic(), time.process_time()
    for number in range(CHANGES):
        sent = repr(clock.now().timestamp())
        patch = {"metadata": {"annotations": {SENT: sent}}, "status": {"sync": {"revision": sent}}}
        key = Key("argocd", f"app-{number % among:05d}")
        await client.write(requests.patch(APPLICATIONS, key, patch, PatchType.MERGE))
        await clock.sleep(max(0.0, begun + (number + 1) / CHANGES_PER_SECOND - clock.monotonic()))
    took = clock.monotonic() - begun
    print(f"{name}: {CHANGES} changes in {took:.1f} s, CPU of the server {time.process_time() - before:.1f} s")
    print(await asyncio.to_thread(ours.recv))
    await asyncio.to_thread(process.join)


async def _filled(client: Any, count: int) -> None:
    begun = time.perf_counter()
    for team in range(20):
        metadata = {"name": f"team-{team}", "namespace": "argocd"}
        spec = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}]}
        project = {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": metadata, "spec": spec}
        await client.write(requests.create(PROJECTS, project))
    numbers = iter(range(count))

    async def create() -> None:
        for number in numbers:
            await client.write(requests.create(APPLICATIONS, application(number)))

    async with asyncio.TaskGroup() as tasks:
        for _ in range(32):
            tasks.create_task(create())
    print(f"{count} Applications stored in {time.perf_counter() - begun:.1f} s")


async def _elsewhere(work: Any, url: str, password: str) -> None:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_client, args=(work.__name__, url, password, theirs))
    process.start()
    before = time.process_time()
    print(await asyncio.to_thread(ours.recv))
    print(f"  CPU of the server meanwhile: {time.process_time() - before:.2f} s")
    await asyncio.to_thread(process.join)


def _client(name: str, url: str, password: str, pipe: Connection) -> None:
    asyncio.run(_asked(name, url, password, pipe))


async def _asked(name: str, url: str, password: str, pipe: Connection) -> None:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(url, connector=connector, timeout=aiohttp.ClientTimeout(total=300)) as http:
        async with http.post("/api/v1/session", json={"username": "admin", "password": password}) as answer:
            token = (await answer.json())["token"]
        http.headers["Authorization"] = f"Bearer {token}"
        http.headers["X-Server"] = url
        works = (lists, calls, grpc, hooks, watches, watches_of_all, tabs)
        await {work.__name__: work for work in works}[name](http, pipe)


async def lists(http: aiohttp.ClientSession, pipe: Connection) -> None:
    fields = "items.metadata.name,items.metadata.namespace,items.spec.project,items.status.sync,items.status.health"
    lines = []
    for text, path in (
        ("first page", "/api/argosy/v1/applications?limit=100"),
        ("all fields", "/api/v1/applications"),
        ("some fields", f"/api/v1/applications?fields={fields}"),
        ("one project", "/api/v1/applications?projects=team-3"),
    ):
        found = []
        for _ in range(3):
            begun = time.perf_counter()
            async with http.get(path) as answer:
                size = len(await answer.read())
            found.append(time.perf_counter() - begun)
        lines.append(
            f"list, {text}: first {found[0] * 1000:.0f} ms, then {min(found[1:]) * 1000:.0f} ms, {size:,} bytes"
        )
    pipe.send("\n".join(lines))


async def calls(http: aiohttp.ClientSession, pipe: Connection) -> None:
    headers = {"Content-Type": "application/grpc-web+proto"}
    body = bytes([0, 0, 0, 0, 11, 10, 9]) + b"app-00001"
    left, times = iter(range(CALLS)), list[float]()

    async def one() -> None:
        for _ in left:
            begun = time.perf_counter()
            async with http.post("/application.ApplicationService/Get", data=body, headers=headers) as answer:
                assert (await answer.read())[:1] == b"\0", answer.headers
            times.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(CLIENTS)))
    rate = CALLS / (time.perf_counter() - begun)
    pipe.send(f"gRPC-web Get: {rate:.0f}/s with {CLIENTS} clients, p99 {_percentile(times, 99) * 1000:.1f} ms")


async def grpc(http: aiohttp.ClientSession, pipe: Connection) -> None:
    """Native gRPC: the processor time of the server for a call is what another core's clients cannot blur."""
    token = str(http.headers["Authorization"]).removeprefix("Bearer ")
    left, times = iter(range(CALLS)), list[float]()
    async with GrpcConnection(str(http.headers["X-Server"]), token) as connection:

        async def one() -> None:
            for _ in left:
                begun = time.perf_counter()
                status = await connection.call("/application.ApplicationService/Get", b"\n\tapp-00001")
                assert status == "0", status
                times.append(time.perf_counter() - begun)

        begun = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(CLIENTS)))
        rate = CALLS / (time.perf_counter() - begun)
    pipe.send(
        f"gRPC Get: {CALLS} calls, {rate:.0f}/s with {CLIENTS} clients, p99 {_percentile(times, 99) * 1000:.1f} ms"
    )


async def hooks(http: aiohttp.ClientSession, pipe: Connection) -> None:
    headers = {"X-GitHub-Event": "push", "Content-Type": "application/json"}
    left, times = iter(range(HOOKS)), list[float]()

    async def one() -> None:
        for number in left:
            repository = {"html_url": f"https://git.example.com/r{number % 50}", "default_branch": "main"}
            data = json.dumps({"ref": "refs/heads/main", "repository": repository, "commits": []})
            begun = time.perf_counter()
            async with http.post("/api/webhook", data=data, headers=headers) as answer:
                assert answer.status == 200
            times.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(CLIENTS)))
    rate = HOOKS / (time.perf_counter() - begun)
    pipe.send(
        f"webhooks: {rate:.0f}/s, p50 {_percentile(times, 50) * 1000:.1f}, p99 {_percentile(times, 99) * 1000:.1f} ms"
    )


async def watches(http: aiohttp.ClientSession, pipe: Connection) -> None:
    """Each sees one Application of 20, as a team's page does."""
    await _watched(http, pipe, "&projects=team-0")


async def watches_of_all(http: aiohttp.ClientSession, pipe: Connection) -> None:
    """Each sees every change: 50,000 deliveries a second."""
    await _watched(http, pipe, "")


async def _watched(http: aiohttp.ClientSession, pipe: Connection, question: str) -> None:
    url, clock = urlsplit(str(http.headers["X-Server"])), RealClock()
    path = f"/api/v1/stream/applications?resourceVersion=1{question}"
    authorization = str(http.headers["Authorization"])
    host, port = str(url.hostname), int(url.port or 80)
    loop, delays = asyncio.get_running_loop(), list[float]()
    transports = []
    for _ in range(WATCHES):
        made = await loop.create_connection(lambda: Delays(path, url.netloc, authorization, delays), host, port)
        transports.append(made[0])
    await clock.sleep(5)  # streams send nothing before their first event
    pipe.send("ready")
    await clock.sleep(CHANGES / CHANGES_PER_SECOND + 5)
    for transport in transports:
        transport.abort()
    p50, p99 = (_percentile(delays, percent) * 1000 for percent in (50, 99))
    pipe.send(
        f"{WATCHES} watches, {CHANGES_PER_SECOND} changes/s: {len(delays)} events, p50 {p50:.0f}, p99 {p99:.0f} ms"
    )


class Delays(asyncio.Protocol):
    """One watch. It reads nothing but when each change was sent: a client must not be what is measured."""

    def __init__(self, path: str, host: str, authorization: str, delays: list[float]) -> None:
        self._request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {authorization}\r\n\r\n".encode()
        self._delays, self._rest = delays, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = RealClock().now().timestamp()
        data = self._rest + data
        end = 0
        for match in STAMP.finditer(data):
            self._delays.append(now - float(match[1]))
            end = match.end()
        self._rest = data[max(end, len(data) - 100) :]


async def tabs(http: aiohttp.ClientSession, pipe: Connection) -> None:
    """Half of them on the list, others on windows of 20 projects, some on one Application."""
    delays, snapshots = list[float](), 0
    prefix = "/api/argosy/v1/stream/applications"

    def place(number: int) -> str:
        if number % 2:
            return f"{prefix}?limit={VISIBLE}"
        return (
            f"{prefix}/argocd/app-{number % VISIBLE:05d}"
            if number % 10 == 0
            else f"{prefix}?project=team-{number % 20}"
        )

    async def one(number: int) -> None:
        nonlocal snapshots
        kind = b""
        async with http.get(place(number)) as answer:
            assert answer.status == 200, await answer.text()
            async for line in answer.content:
                if line.startswith(b"event: "):
                    kind = line[7:].strip()
                    snapshots += kind == b"snapshot"
                elif line.startswith(b"data: ") and kind == b"patch":
                    found = json.loads(line[6:])
                    now = RealClock().now().timestamp()
                    rows = found.get("changed") or [found.get("row") or {}]
                    delays.extend(now - float(row["revision"]) for row in rows if "." in row.get("revision", ""))

    clock = RealClock()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(number)) for number in range(TABS)]
        while snapshots < TABS:
            await clock.sleep(0.1)
        pipe.send("ready")
        await clock.sleep(CHANGES / CHANGES_PER_SECOND + 5)
        for task in tasks:
            task.cancel()
    p50, p99 = (_percentile(delays, percent) * 1000 for percent in (50, 99))
    pipe.send(
        f"{TABS} tabs, {CHANGES_PER_SECOND} changes/s: {len(delays)} rows changed, p50 {p50:.0f}, p99 {p99:.0f} ms"
    )


def _percentile(values: list[float], percent: int) -> float:
    found = sorted(values)
    return found[min(len(found) - 1, len(found) * percent // 100)] if found else float("nan")


def _ms(begun: float) -> str:
    return f"{(time.perf_counter() - begun) * 1000:.1f}"


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
