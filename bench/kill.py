"""`python -m bench.kill`: kills a loaded server again and again, and looks for what it had acknowledged.

Each round starts the server as a process of its own on the same file, writes with several clients, kills it with
SIGKILL in mid-write, starts it again and checks: every acknowledged write is there as it was acknowledged, nothing is
there twice or unasked, revisions never went back, and a watcher resumes from what it saw last.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from argosy.cluster.auth.bootstrap import bootstrap_objects
from argosy.cluster.http.assembly import ClusterFront, Keys, Settings, serve_cluster
from argosy.cluster.kind import User
from argosy.cluster.server import EmbeddedCluster
from argosy.machinery.objects import JsonObject
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import RealClock

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
WRITERS = 8


async def serve(directory: Path) -> None:
    """The server process: prints its port, and never ends by itself."""
    clock = RealClock()
    keys = Keys.load_or_make(directory / "pki", clock.now())
    settings = Settings(tokens={"root": User("root", ("system:masters",))}, plain=True)
    cluster = EmbeddedCluster(clock=clock, rng=SystemRng(), data_dir=directory, bootstrap=bootstrap_objects())
    async with cluster, serve_cluster(cluster, ClusterFront(cluster, keys, settings), clock.now()) as server:
        print(server.port, flush=True)
        await asyncio.Event().wait()


class Talk:
    """One kept-alive connection."""

    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._writer.close()

    async def send(self, method: str, path: str, body: JsonObject | None = None) -> tuple[int, JsonObject]:
        """Raises OSError or EOFError when the server dies before it has answered."""
        raw = json.dumps(body).encode() if body is not None else b""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer root\r\nContent-Length: {len(raw)}\r\n\r\n"
        )
        self._writer.write(head.encode() + raw)
        lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        length = next((int(line[15:]) for line in lines if line.lower().startswith("content-length:")), None)
        if length is not None:
            return int(lines[0].split()[1]), json.loads(await self._reader.readexactly(length))
        found, code = await self._chunks(), int(lines[0].split()[1])
        if "watch=" in path:
            return code, {"events": [json.loads(line) for line in found.splitlines()]}
        return code, json.loads(found)

    async def _chunks(self) -> bytes:
        found = b""
        while size := int(await self._reader.readline(), 16):
            found += await self._reader.readexactly(size)
            await self._reader.readline()
        await self._reader.readline()
        return found


@dataclass(slots=True)
class Known:
    """What the clients received, over all rounds."""

    acknowledged: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By name: (value, resourceVersion) of the last acknowledged write; an empty value when it was deleted."""
    tried: dict[str, set[str]] = field(default_factory=dict)
    """By name: values (empty: deletion) sent after the last acknowledged write, and never answered."""
    highest: int = 0
    writes: int = 0
    problems: list[str] = field(default_factory=list)


async def _write_until_killed(port: int, prefix: str, known: Known) -> None:
    try:
        async with Talk(port) as talk:
            for number in range(100_000):
                await _three_writes(talk, f"{prefix}-{number}", number, known)
    except (OSError, EOFError):
        return


async def _three_writes(talk: Talk, name: str, number: int, known: Known) -> None:
    """A creation, a change, and for each third object a deletion."""
    steps = [("POST", "one"), ("PUT", "two"), *([("DELETE", "")] if number % 3 == 0 else [])]
    for method, value in steps:
        path = CONFIG_MAPS if method == "POST" else f"{CONFIG_MAPS}/{name}"
        known.tried.setdefault(name, set()).add(value)
        body = {"metadata": {"name": name}, "data": {"k": value}} if value else None
        code, answer = await talk.send(method, path, body)
        if code not in (200, 201):
            known.problems.append(f"{method} {name} was answered {code}: {answer.get('message')}")
        version = (answer.get("metadata") or {}).get("resourceVersion") or "0"
        known.acknowledged[name] = (value, version)
        known.tried[name].clear()
        known.writes += 1
        known.highest = max(known.highest, int(version))


async def _check(port: int, known: Known, resume_from: str) -> None:
    async with Talk(port) as talk:
        _, listed = await talk.send("GET", CONFIG_MAPS)
        _, watched = await talk.send("GET", f"{CONFIG_MAPS}?watch=1&timeoutSeconds=1&resourceVersion={resume_from}")
    names = [item["metadata"]["name"] for item in listed["items"]]
    if len(names) != len(set(names)):
        known.problems.append("an object is listed twice")
    if int(listed["metadata"]["resourceVersion"]) < known.highest:
        known.problems.append("the revision went back")
    found = {item["metadata"]["name"]: item for item in listed["items"]}
    for name in known.acknowledged.keys() | known.tried.keys():
        _check_one(name, found.get(name), known)
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in watched["events"]]
    if versions != sorted(set(versions)) or any(version <= int(resume_from) for version in versions):
        known.problems.append("a resumed watch told an event twice, out of order, or from before")
    seen = {event["object"]["metadata"]["name"] for event in watched["events"]}
    missed = {
        name
        for name, item in found.items()
        if int(item["metadata"]["resourceVersion"]) > int(resume_from) and name not in seen
    }
    if missed:
        known.problems.append(f"a resumed watch missed {len(missed)} objects")
    known.highest = max(known.highest, int(listed["metadata"]["resourceVersion"]))


def _check_one(name: str, item: JsonObject | None, known: Known) -> None:
    value, version = known.acknowledged.get(name, ("", "0"))
    unsure = known.tried.get(name, set())
    allowed = {value} | unsure
    is_now = item["data"]["k"] if item is not None else ""
    if is_now not in allowed:
        known.problems.append(f"{name} is {is_now!r}; acknowledged was {value!r}, tried {sorted(allowed)}")
    elif item is not None and is_now == value and item["metadata"]["resourceVersion"] != version and not unsure:
        known.problems.append(f"{name} has another resourceVersion than was acknowledged")
    known.acknowledged[name] = (is_now, item["metadata"]["resourceVersion"] if item is not None else "0")
    known.tried.pop(name, None)


async def _start(directory: Path) -> tuple[asyncio.subprocess.Process, int]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.kill", "--serve", str(directory), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 60)
    return process, int(line)


async def _stop(process: asyncio.subprocess.Process) -> None:
    process.send_signal(signal.SIGKILL)
    await process.wait()


async def rounds(directory: Path, count: int, seconds: float) -> Known:
    """Kills `count` times, each after `seconds` of writing and a little more; returns what was found."""
    known = Known()
    process, port = await _start(directory)
    for number in range(count):
        resume_from = str(max(known.highest, 1))
        if number == 0:
            async with Talk(port) as talk:
                resume_from = (await talk.send("GET", CONFIG_MAPS))[1]["metadata"]["resourceVersion"]
        async with asyncio.TaskGroup() as tasks:
            for writer in range(WRITERS):
                tasks.create_task(_write_until_killed(port, f"r{number}-w{writer}", known))
            # real time, on purpose: the kill is to fall anywhere in a write
            await _pause(seconds * (1 + number % 7 / 7))
            await _stop(process)
        process, port = await _start(directory)
        await _check(port, known, resume_from)
    await _stop(process)
    return known


async def _pause(seconds: float) -> None:
    done = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(seconds, done.set_result, None)
    await done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", type=Path)
    parser.add_argument("--kills", type=int, default=50)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.serve))
        return
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as directory:
        known = asyncio.run(rounds(Path(directory), options.kills, 0.4))
    took = time.perf_counter() - started
    verdict = "ok" if not known.problems else "FAILED"
    figures = f"{known.writes} acknowledged writes, {len(known.problems)} problems, {took:.0f} s"
    print(f"{options.kills} kills, {figures}  {verdict}")
    for problem in known.problems[:20]:
        print(" ", problem)
    sys.exit(bool(known.problems))


if __name__ == "__main__":
    main()
