"""Recorded exchanges: each scenario runs in order against an empty cluster behind its HTTP front, in virtual time."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from argosy.cluster.http.assembly import ClusterFront, Keys, Settings
from argosy.cluster.kind import User
from argosy.cluster.server import NAMESPACES, EmbeddedCluster
from argosy.cluster.workloads.server import PipelineServer
from argosy.cluster.workloads.simulation import Settings as WorkloadSettings
from argosy.cluster.workloads.simulation import Workloads
from argosy.machinery.patches.mergepatch import merge_patch
from argosy.runtime.chance import SeededRng
from argosy.runtime.virtual import VirtualClock, run_virtual
from tests.kit.verbs import verbs

from .compare import Bindings, differences
from .outcome import Outcome, not_run
from .reading import stories

TOKEN = "recorder-token"
RECORDER = User("system:admin", ("system:masters",))
BETWEEN_STEPS = 0.02
"""Seconds: the recorder's requests came one after the other, with controllers at work between them."""
COMPARED_HEADERS = ("content-type", "warning", "cache-control")
QUOTA_USE = re.compile(r"([\w./-]+): \w+/(\w+)")
LARGE = re.compile(r"<\w+ of ([0-9.]+) MB>")
"""What is written in place of a body that is too long to be recorded."""


def run(data: Path) -> Iterator[Outcome]:
    """`data` is the directory that holds `kubernetes/exchanges`."""
    for path, _, unread in stories("exchanges", scenarios(data), "steps"):
        if unread:
            yield unread
            continue
        try:
            yield from run_scenario(path)
        except Exception as error:
            yield not_run("exchanges", path.stem, f"cannot be run: {type(error).__name__} {error}")


def scenarios(data: Path) -> list[Path]:
    """The files with steps; timelines of workloads are another family."""
    found = sorted((data / "kubernetes" / "exchanges").glob("*.json"))
    return [path for path in found if not isinstance(_content(path), list)]


def _content(path: Path) -> Any:
    """None of what is not JSON."""
    try:
        return json.loads(path.read_bytes())
    except ValueError:
        return None


def only(steps: list[dict[str, Any]], method: str) -> bool:
    """Whether every step is such a request, whose answer is compared."""
    return all("response" in step and step["request"]["method"] == method for step in steps)


def made_beside(path: Path) -> list[dict[str, Any]]:
    """The steps that do nothing but create an object each, in the sibling scenarios."""
    others = (_content(other) for other in sorted(path.parent.glob("*.json")) if other != path)
    return [
        step
        for other in others
        if isinstance(other, dict) and only(other.get("steps") or [], "POST")
        for step in other.get("steps") or ()
        if step["response"]["status"] == 201 and "metadata" in step["response"]["body"]
    ]


def run_scenario(path: Path) -> list[Outcome]:
    document = json.loads(path.read_bytes())

    async def main(clock: VirtualClock, rng: SeededRng) -> list[Outcome]:
        keys = Keys.make(clock.now())
        authority = keys.authority.certificate.decode()
        async with EmbeddedCluster(clock=clock, rng=rng, cluster_ca=authority) as cluster:
            is_prepared = only(document["steps"], "GET")  # it reads what other scenarios made
            prepared = made_beside(path) if is_prepared else []
            await _make_namespaces(cluster, [*document["steps"], *prepared])
            server = PipelineServer(cluster.core, cluster.on_commit, cluster.spawn)
            workloads = Workloads(server, clock, settings=WorkloadSettings(node="", address_delay=-1))
            workloads.start()  # the recorded server had controllers, and no Node
            front = ClusterFront(cluster, keys, Settings(tokens={TOKEN: RECORDER}))
            try:
                player = Player(front, clock, path.stem, is_prepared=is_prepared)
                await player.prepare(prepared)
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
    def __init__(self, front: ClusterFront, clock: VirtualClock, scenario: str, *, is_prepared: bool) -> None:
        self._front = front.front
        self._clock = clock
        self._scenario = scenario
        self._bindings = Bindings()
        self._is_prepared = is_prepared
        self._made: set[str] = set()
        self._authors = {"kube-controller-manager"}
        """Whoever may own fields by now: managers that a request named, and the controllers."""

    async def prepare(self, steps: list[dict[str, Any]]) -> None:
        """Makes the objects whose rows were recorded; only rows of theirs are compared."""
        for step in steps:
            await self._send(step["request"])
            self._made.add(step["response"]["body"]["metadata"]["name"])
        if steps:
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
        status, headers, body = await self._send(step["request"], _named(step.get("response") or {}))
        assert isinstance(body, bytes), "a stream where one answer was recorded"
        answer = _parsed(body, headers)
        if step.get("setup"):
            for token, place in (step.get("bind") or {}).items():
                self._bindings.values[token] = _at(answer, place)
            if status == step["status"] or (step["status"] == 404 and status == 200):
                return []  # a definition is served in the transaction that creates it, there some time later
            return [
                self._outcome(index, step, [f"setup: expected {step['status']}, got {status}: {str(answer)[:300]}"])
            ]
        wanted = step["response"]
        problems = list(self._compare(wanted, status, headers, answer, step["request"]["path"]))
        for token, place in (step.get("bind") or {}).items():
            self._bindings.values[token] = _at(answer, place)
        if problems and (stranger := self._stranger(wanted.get("body"))):
            why = f"rests on a write by {stranger} that no step here sends: recorded in a part that is not given"
            return [not_run("exchanges", self._outcome(index, step, []).name, why)]
        return [self._outcome(index, step, problems)]

    def _stranger(self, body: Any) -> str:
        """Who owns fields of the recorded object without having sent anything, if somebody."""
        metadata = body.get("metadata") if isinstance(body, dict) else None
        entries = (metadata or {}).get("managedFields") or ()
        return next((entry["manager"] for entry in entries if entry["manager"] not in self._authors), "")

    def _compare(
        self, wanted: dict[str, Any], status: int, headers: dict[str, list[str]], answer: Any, path: str
    ) -> Iterator[str]:
        if status != wanted["status"]:
            yield f"status: expected {wanted['status']}, got {status}: {str(answer)[:300]}"
            return
        for name in COMPARED_HEADERS:
            said = (wanted.get("headers") or {}).get(name)
            if said is not None:
                listed = said if isinstance(said, list) else [said]
                yield from differences(listed, headers.get(name), self._bindings, name)
            elif name == "warning" and headers.get(name):
                yield f"warning: not expected, got {headers[name]}"
        expected: Any = wanted.get("body")
        if isinstance(expected, str) and expected.startswith("<") and expected.endswith(">"):
            return
        if isinstance(expected, str) and isinstance(answer, str) and "yaml" in str(headers.get("content-type")):
            expected = re.sub(r'resourceVersion: "\d+"', "resourceVersion: {rv}", expected)
            expected = re.sub(r'(?<!")(\{\w+(?::\d+)?\})(?!")', r'"\1"', expected)
            expected, answer = (yaml.load(text, Loader=yaml.BaseLoader) for text in (expected, answer))
        if self._is_prepared and isinstance(expected, dict) and expected.get("kind") == "Table":
            expected, answer = (_rows_of(table, self._made) for table in (expected, answer))
        if path == "/apis" and isinstance(answer, dict) and "name" in expected.get("metadata", {}):
            wanted_name = expected["metadata"]["name"]
            answer = next((item for item in answer["items"] if item["metadata"]["name"] == wanted_name), None)
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

    async def _send(
        self, request: dict[str, Any], named: str = "x"
    ) -> tuple[int, dict[str, list[str]], bytes | AsyncIterator[bytes]]:
        """`named`: the object's name where its body was too long to be recorded."""
        headers = {"authorization": f"Bearer {TOKEN}", "user-agent": request.get("user-agent") or "recorder"}
        headers |= {name: request[name] for name in ("accept", "content-type") if request.get(name)}
        headers |= request.get("headers") or {}
        self._authors |= {headers["user-agent"].partition("/")[0], *authors_in(request)}
        path = self._bindings.fill(request["path"])
        return await self._front.send(request["method"], path, headers, await self._body(request, named))

    async def _body(self, request: dict[str, Any], named: str) -> bytes:
        if source := request.get("body-from"):
            _, headers, found = await self._send({"method": "GET", "path": source["get"]})
            assert isinstance(found, bytes)
            change = json.loads(self._bindings.fill(json.dumps(source["merge"])))
            return json.dumps(merge_patch(_parsed(found, headers), change)).encode()
        body = request.get("body")
        if body is None:
            return b""
        if isinstance(body, str):
            if large := LARGE.fullmatch(body):
                size = int(float(large[1]) * 1_000_000)
                return json.dumps({"metadata": {"name": named}, "data": {"a": "x" * size}}).encode()
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


def authors_in(request: dict[str, Any]) -> list[str]:
    """The field managers that a request names: itself, or the ones that it says own the object."""
    named = parse_qs(urlsplit(request["path"]).query).get("fieldManager") or []
    body = request.get("body")
    metadata = body.get("metadata") if isinstance(body, dict) else None
    entries = metadata.get("managedFields") if isinstance(metadata, dict) else None
    return [*named, *(entry.get("manager", "") for entry in entries or () if isinstance(entry, dict))]


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
    """The columns, and the cells of the rows of these objects.

    What a quota counts is left out: it counted the objects of both parts, of which one may not be here.
    """
    rows = {row["object"]["metadata"]["name"]: [_uncounted(cell) for cell in row["cells"]] for row in table["rows"]}
    return {
        "columnDefinitions": table["columnDefinitions"],
        "cells": {name: cells for name, cells in rows.items() if name in names},
    }


def _uncounted(cell: Any) -> Any:
    return QUOTA_USE.sub(r"\1: {int}/\2", cell) if isinstance(cell, str) else cell


def _named(response: dict[str, Any]) -> str:
    """The name that an answer gives to its object."""
    body = response.get("body")
    told = body if isinstance(body, dict) else {}
    about = told.get("details") or told.get("metadata") or {}
    return str(about.get("name") or "x")


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
