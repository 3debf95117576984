"""Recorded exchanges: each scenario runs in order against an empty cluster behind its HTTP front, in virtual time."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import yaml

from argosy.cluster.http.assembly import ClusterFront, Keys, Settings
from argosy.cluster.kind import User
from argosy.cluster.server import NAMESPACES, EmbeddedCluster
from argosy.cluster.workloads.server import PipelineServer
from argosy.cluster.workloads.simulation import Settings as WorkloadSettings
from argosy.cluster.workloads.simulation import Workloads
from argosy.machinery.mergepatch import merge_patch
from argosy.runtime.chance import SeededRng
from argosy.runtime.verbs import verbs
from argosy.runtime.virtual import VirtualClock, run_virtual

from .compare import Bindings, differences
from .outcome import Outcome

TOKEN = "recorder-token"
RECORDER = User("system:admin", ("system:masters",))
BETWEEN_STEPS = 0.02
"""Seconds: the recorder's requests came one after the other, with controllers at work between them."""
COMPARED_HEADERS = ("content-type", "warning", "cache-control")
DEVIATIONS = {("crd", 3): "a definition is served in the transaction that creates it, not some time later"}
LARGE = {"<ConfigMap of 3.2 MB>": 3_200_000, "<ConfigMap of 1.1 MB>": 1_100_000}


def run(data: Path) -> Iterator[Outcome]:
    """`data` is the directory that holds `kubernetes/exchanges`."""
    for path in scenarios(data):
        yield from run_scenario(path)


def scenarios(data: Path) -> list[Path]:
    """The files with steps; timelines of workloads are another family."""
    found = sorted((data / "kubernetes" / "exchanges").glob("*.json"))
    return [path for path in found if isinstance(json.loads(path.read_text()), dict)]


def run_scenario(path: Path) -> list[Outcome]:
    document = json.loads(path.read_text())

    async def main(clock: VirtualClock, rng: SeededRng) -> list[Outcome]:
        keys = Keys.make(clock.now())
        authority = keys.authority.certificate.decode()
        async with EmbeddedCluster(clock=clock, rng=rng, cluster_ca=authority) as cluster:
            await _make_namespaces(cluster, document["steps"])
            server = PipelineServer(cluster.core, cluster.on_commit, cluster.spawn)
            workloads = Workloads(server, clock, settings=WorkloadSettings(node="", address_delay=-1))
            workloads.start()  # the recorded server had controllers, and no Node
            front = ClusterFront(cluster, keys, Settings(tokens={TOKEN: RECORDER}))
            try:
                player = Player(front, clock, path.stem)
                if path.stem == "tables":
                    await player.prepare(json.loads(path.with_name("defaults.json").read_text())["steps"])
                return await player.play(document["steps"])
            finally:
                workloads.stop()

    return run_virtual(main)


async def _make_namespaces(cluster: EmbeddedCluster, steps: list[dict[str, Any]]) -> None:
    """Scenarios of independent steps were recorded in a namespace that no step makes."""
    requests = [step["request"] for step in steps if "request" in step]
    if any((request["method"], request["path"]) == ("POST", "/api/v1/namespaces") for request in requests):
        return
    paths = [request["path"] for request in requests]
    for name in sorted({match[1] for path in paths if (match := re.search(r"/namespaces/([^/?]+)/", path))}):
        namespaces = cluster.resource("", "v1", "namespaces")
        if name not in NAMESPACES:
            await verbs(cluster.client("recorder")).create(namespaces, {"metadata": {"name": name}})


class Player:
    def __init__(self, front: ClusterFront, clock: VirtualClock, scenario: str) -> None:
        self._front = front.front
        self._clock = clock
        self._scenario = scenario
        self._bindings = Bindings()
        self._made: set[str] = set()

    async def prepare(self, steps: list[dict[str, Any]]) -> None:
        """Makes the objects whose rows were recorded; only rows of theirs are compared."""
        for step in steps:
            await self._send(step["request"])
            self._made.add(step["response"]["body"]["metadata"]["name"])
        await self._clock.sleep(6.0)

    async def play(self, steps: list[dict[str, Any]]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        held: list[tuple[int, dict[str, Any]]] = []
        for index, step in enumerate(steps):
            if "during" in step:
                held.append((index, step))
            elif "events" in step.get("response", {}):
                outcomes += await self._watch(index, step, held)
                held = []
            else:
                outcomes += await self._step(index, step)
        return outcomes

    async def _step(self, index: int, step: dict[str, Any]) -> list[Outcome]:
        if "settle" in step:
            await self._clock.sleep(step["settle"])
            return []
        await self._clock.sleep(BETWEEN_STEPS)
        status, headers, body = await self._send(step["request"])
        assert isinstance(body, bytes), "a stream where one answer was recorded"
        answer = _parsed(body, headers)
        if step.get("setup"):
            for token, place in (step.get("bind") or {}).items():
                self._bindings.values[token] = _at(answer, place)
            if status == step["status"] or (self._scenario, index) in DEVIATIONS:
                return []
            return [
                self._outcome(index, step, [f"setup: expected {step['status']}, got {status}: {str(answer)[:300]}"])
            ]
        wanted = step["response"]
        problems = list(self._compare(wanted, status, headers, answer, step["request"]["path"]))
        for token, place in (step.get("bind") or {}).items():
            self._bindings.values[token] = _at(answer, place)
        return [self._outcome(index, step, problems)]

    def _compare(
        self, wanted: dict[str, Any], status: int, headers: dict[str, list[str]], answer: Any, path: str
    ) -> Iterator[str]:
        if status != wanted["status"]:
            yield f"status: expected {wanted['status']}, got {status}: {str(answer)[:300]}"
            return
        for name in COMPARED_HEADERS:
            expected = (wanted.get("headers") or {}).get(name)
            if expected is not None:
                listed = expected if isinstance(expected, list) else [expected]
                yield from differences(listed, headers.get(name), self._bindings, name)
            elif name == "warning" and headers.get(name):
                yield f"warning: not expected, got {headers[name]}"
        expected = wanted.get("body")
        if isinstance(expected, str) and expected.startswith("<") and expected.endswith(">"):
            return
        if isinstance(expected, str) and isinstance(answer, str) and "yaml" in str(headers.get("content-type")):
            expected = re.sub(r'resourceVersion: "\d+"', "resourceVersion: {rv}", expected)
            expected = re.sub(r'(?<!")(\{\w+(?::\d+)?\})(?!")', r'"\1"', expected)
            expected, answer = (yaml.load(text, Loader=yaml.BaseLoader) for text in (expected, answer))
        if self._made and expected.get("kind") == "Table":
            expected, answer = (_rows_of(table, self._made) for table in (expected, answer))
        if path == "/apis" and isinstance(answer, dict) and "name" in expected.get("metadata", {}):
            answer = next(item for item in answer["items"] if item["metadata"]["name"] == expected["metadata"]["name"])
        if (
            path.startswith("/openapi/v3/") and isinstance(expected, dict) and isinstance(answer, dict)
        ):  # ours say what clients read, not all that upstream says
            expected, answer = ({name: {} for name in sorted(document["paths"])} for document in (expected, answer))
        if path == "/openapi/v3":  # recorded for one group version only
            answer = {"paths": {name: answer["paths"].get(name) for name in expected["paths"]}}
        problems = list(differences(expected, answer, self._bindings, "body"))
        if problems and isinstance(expected, dict) and expected.get("kind") == "Deployment":
            expected, answer = without_controllers(expected), without_controllers(answer)
            problems = list(differences(expected, answer, self._bindings, "body"))
        yield from problems

    def _outcome(self, index: int, step: dict[str, Any], problems: list[str]) -> Outcome:
        name = f"{self._scenario}[{index}] {step.get('name') or 'setup'}"
        return Outcome("exchanges", name, passed=not problems, detail="; ".join(problems[:6]))

    async def _send(self, request: dict[str, Any]) -> tuple[int, dict[str, list[str]], bytes | AsyncIterator[bytes]]:
        headers = {"authorization": f"Bearer {TOKEN}", "user-agent": request.get("user-agent") or "recorder"}
        headers |= {name: request[name] for name in ("accept", "content-type") if request.get(name)}
        headers |= request.get("headers") or {}
        path = self._bindings.fill(request["path"])
        return await self._front.send(request["method"], path, headers, await self._body(request))

    async def _body(self, request: dict[str, Any]) -> bytes:
        if source := request.get("body-from"):
            _, headers, found = await self._send({"method": "GET", "path": source["get"]})
            assert isinstance(found, bytes)
            change = json.loads(self._bindings.fill(json.dumps(source["merge"])))
            return json.dumps(merge_patch(_parsed(found, headers), change)).encode()
        body = request.get("body")
        if body is None:
            return b""
        if isinstance(body, str):
            if body in LARGE:
                name = "big" if "1.1" in body else "huge"
                return json.dumps({"metadata": {"name": name}, "data": {"a": "x" * LARGE[body]}}).encode()
            return self._bindings.fill(body).encode()
        return self._bindings.fill(json.dumps(body)).encode()

    async def _watch(self, index: int, step: dict[str, Any], held: list[tuple[int, dict[str, Any]]]) -> list[Outcome]:
        """Opens the watch, sends what was recorded meanwhile, then reads as many events as were recorded."""
        status, _, stream = await self._send(step["request"])
        outcomes: list[Outcome] = []
        for held_index, other in held:
            outcomes += await self._step(held_index, other)
        wanted = step["response"]
        if isinstance(stream, bytes):
            problem = f"expected a stream, got {status} {stream[:200]!r}"
            return [*outcomes, self._outcome(index, step, [problem])]
        events = await self._events(stream, len(wanted["events"]))
        problems = list(differences(wanted["events"], events, self._bindings, "events"))
        if status != wanted["status"]:
            problems.append(f"status: expected {wanted['status']}, got {status}")
        return [*outcomes, self._outcome(index, step, problems)]

    async def _events(self, stream: AsyncIterator[bytes], count: int) -> list[Any]:
        events: list[Any] = []
        ended = False

        async def read() -> None:
            nonlocal ended
            async for chunk in stream:
                events.extend(json.loads(line) for line in chunk.splitlines())
                if len(events) >= count:
                    break
            ended = True

        async with asyncio.TaskGroup() as tasks:
            reader = tasks.create_task(read())
            await self._clock.sleep(1.0)
            if not ended:
                reader.cancel()
        return events


def without_controllers(deployment: dict[str, Any]) -> dict[str, Any]:
    """What clients wrote of a Deployment: when its controller answers, and takes its status back, is left to chance."""
    metadata = dict(deployment["metadata"])
    annotations = {
        name: value
        for name, value in (metadata.pop("annotations", None) or {}).items()
        if name != "deployment.kubernetes.io/revision"
    }
    entries = [
        entry
        for entry in metadata.pop("managedFields", None) or ()
        if entry["manager"] != "kube-controller-manager" and entry.get("subresource") != "status"
    ]
    metadata |= {"annotations": annotations, "managedFields": entries, "resourceVersion": ""}
    return {**deployment, "metadata": metadata, "status": {}}


def _rows_of(table: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """The columns, and the cells of the rows of these objects."""
    rows = {row["object"]["metadata"]["name"]: row["cells"] for row in table["rows"]}
    return {
        "columnDefinitions": table["columnDefinitions"],
        "cells": {name: cells for name, cells in rows.items() if name in names},
    }


def _parsed(body: bytes, headers: dict[str, list[str]]) -> Any:
    kind = (headers.get("content-type") or [""])[0]
    if kind.startswith("application/json") or body[:1] == b"{":
        return json.loads(body)
    if body.startswith(b"k8s\0"):
        return body.decode("latin-1")  # a character for each byte, as protobuf was recorded
    return body.decode("utf-8", "replace")


def _at(value: Any, place: str) -> str:
    for name in place.split("."):
        value = value[name]
    return str(value)
