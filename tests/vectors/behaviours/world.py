"""Where a behaviour is tried: an empty cluster behind its HTTP front, in virtual time, with short requests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from argosy.cluster.auth.bootstrap import bootstrap_objects
from argosy.cluster.http.assembly import ClusterFront, Keys, Settings
from argosy.cluster.http.exchange import Chunks
from argosy.cluster.kind import User
from argosy.cluster.server import EmbeddedCluster
from argosy.cluster.store import Change
from argosy.cluster.workloads.rules.rule_reading import parse_rules
from argosy.cluster.workloads.server import PipelineServer
from argosy.cluster.workloads.simulation import Settings as WorkloadSettings
from argosy.cluster.workloads.simulation import Workloads
from argosy.runtime.chance import SeededRng
from argosy.runtime.virtual import VirtualClock, run_virtual

JSON, YAML, PROTOBUF = "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"
TABLE = f"{JSON};as=Table;v=v1;g=meta.k8s.io,{JSON}"
PATCHES = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}
USERS = {"admin": User("admin", ("system:masters",)), "alice": User("alice", ("dev",))}
"""Bearer token: whose it is."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, Sequence[str]]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    def header(self, name: str) -> str:
        return ", ".join(self.headers.get(name, ()))

    @property
    def warnings(self) -> list[str]:
        return list(self.headers.get("warning", ()))

    def ok(self, status: int = 200) -> Any:
        """The body of an answer that must be a success."""
        assert self.status == status, f"expected {status}, got {self.status}: {self.raw[:500]!r}"
        return self.json

    def refused(self, status: int, reason: str, *texts: str) -> Any:
        """The Status of an answer that must be this refusal, with all `texts` in its message."""
        assert self.status == status, f"expected {status} {reason}, got {self.status}: {self.raw[:500]!r}"
        body = self.json
        assert (body["kind"], body.get("reason", "")) == ("Status", reason), body
        for text in texts:
            assert text in body["message"], f"{text!r} is not in {body['message']!r}"
        return body


@dataclass(slots=True)
class Watch:
    """What a watch has received so far; it reads along until the end."""

    status: int
    lines: list[Any] = field(default_factory=list)
    ended: bool = False

    @property
    def types(self) -> list[str]:
        return [line["type"] for line in self.lines]

    def told(self) -> list[tuple[str, str]]:
        """(type, name) of each event."""
        return [(line["type"], line["object"]["metadata"].get("name", "")) for line in self.lines]


class World:
    def __init__(self, cluster: EmbeddedCluster, front: ClusterFront, clock: VirtualClock) -> None:
        self.cluster, self.front, self.clock = cluster, front, clock
        self.changes: list[Change] = []
        self._readers: list[asyncio.Task[None]] = []
        self._workloads: Workloads | None = None

    # -- requests ------------------------------------------------------------------------------------------------------

    async def send(
        self,
        method: str,
        path: str,
        body: Any = b"",
        *,
        content: str = JSON,
        accept: str = "",
        user: str = "admin",
        headers: Mapping[str, str | Sequence[str]] | None = None,
        certificate: Sequence[tuple[str, str]] | None = None,
    ) -> Answer:
        """`body` that is no bytes goes as JSON; `user` is a token, or empty for none."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent: dict[str, str | Sequence[str]] = {"user-agent": "tester/1.0"}
        sent |= {"content-type": content} if raw else {}
        sent |= {"accept": accept} if accept else {}
        sent |= {"authorization": f"Bearer {user}"} if user else {}
        sent |= headers or {}
        status, received, answer = await self.front.front.send(method, path, sent, raw, certificate=certificate)
        assert isinstance(answer, bytes), "a stream where one answer was expected"
        return Answer(status, received, answer)

    async def get(self, path: str, **more: Any) -> Any:
        return (await self.send("GET", path, **more)).ok()

    async def make(self, path: str, body: Any, **more: Any) -> Any:
        return (await self.send("POST", path, body, **more)).ok(201)

    async def put(self, path: str, body: Any, **more: Any) -> Answer:
        return await self.send("PUT", path, body, **more)

    async def patch(self, path: str, body: Any, how: str = "merge", **more: Any) -> Answer:
        return await self.send("PATCH", path, body, content=PATCHES[how], **more)

    async def apply(self, path: str, body: Any, manager: str, *, force: bool = False) -> Answer:
        query = f"?fieldManager={manager}&force={'true' if force else 'false'}"
        return await self.patch(path + query, body, "apply")

    async def delete(self, path: str, options: Any = b"", **more: Any) -> Answer:
        return await self.send("DELETE", path, options, **more)

    async def is_gone(self, path: str) -> bool:
        return (await self.send("GET", path)).status == 404

    async def names(self, path: str) -> list[str]:
        return [item["metadata"]["name"] for item in (await self.get(path))["items"]]

    async def watch(self, path: str, accept: str = "") -> Watch:
        """`path` with its query but `watch=true`; what comes is read in the background."""
        sent = {"authorization": "Bearer admin", "accept": accept or JSON}
        mark = "&" if "?" in path else "?"
        status, _, stream = await self.front.front.send("GET", f"{path}{mark}watch=true", sent)
        found = Watch(status)
        assert not isinstance(stream, bytes), f"expected a stream, got {status} {stream[:300]!r}"
        self._readers.append(asyncio.get_running_loop().create_task(_read(stream, found)))
        await self.pass_time(0.1)
        return found

    # -- time and workloads --------------------------------------------------------------------------------------------

    async def pass_time(self, seconds: float = 0.5) -> None:
        await self.clock.sleep(seconds)

    def simulate(self, rules: str = "", **settings: Any) -> Workloads:
        """Starts the controllers of workloads, with a Node unless `node` says otherwise; notes every change."""
        server = PipelineServer(self.cluster.core, self.cluster.on_commit, self.cluster.spawn)
        found = parse_rules(rules) if rules else ()
        self._workloads = Workloads(server, self.clock, found, WorkloadSettings(**settings))
        self.cluster.on_commit(self.changes.extend)
        self._workloads.start()
        return self._workloads

    def all(self, group: str, plural: str) -> list[Any]:
        return [entry.obj for entry in self.cluster.store.table(group, plural).scan()]

    def events(self, kind: str) -> list[str]:
        """Reasons of the Events about objects of this kind."""
        return [item["reason"] for item in self.all("", "events") if item["involvedObject"]["kind"] == kind]

    async def close(self) -> None:
        if self._workloads is not None:
            self._workloads.stop()
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)


async def _read(stream: Chunks, found: Watch) -> None:
    try:
        async for chunk in stream:
            found.lines.extend(json.loads(line) for line in chunk.splitlines())
        found.ended = True
    finally:
        await stream.aclose()


def cluster_of(clock: VirtualClock, rng: Any) -> EmbeddedCluster:
    return EmbeddedCluster(clock=clock, rng=rng, bootstrap=bootstrap_objects())


def world_of(cluster: EmbeddedCluster, clock: VirtualClock) -> World:
    return World(cluster, ClusterFront(cluster, Keys.make(clock.now()), Settings(tokens=USERS)), clock)


def run_in_world(check: Callable[[World], Awaitable[None]], seed: int = 7) -> None:
    """Runs `check` against a cluster of its own, in virtual time."""

    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        async with cluster_of(clock, rng) as cluster:
            world = world_of(cluster, clock)
            try:
                await check(world)
            finally:
                await world.close()

    run_virtual(main, seed=seed)
