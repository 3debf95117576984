"""Requests captured from real clients: in a world that has what they name, none is answered 404, 405, 406, 415 or 5xx.

Bodies were not captured: each write gets the least body of its kind, in the format the client used.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

from argosy.cluster.http.assembly import ClusterFront, Keys, Settings
from argosy.cluster.http.routing import Route, parse_query, route, split_target, verb_of
from argosy.cluster.kind import User
from argosy.cluster.kinds import builtin_kinds
from argosy.cluster.server import EmbeddedCluster
from argosy.runtime.chance import SeededRng
from argosy.runtime.virtual import VirtualClock, run_virtual

from .outcome import Outcome

FAMILY = "client-requests"
TOKEN = "client-token"
REFUSED = frozenset({404, 405, 406, 415})
CONTAINERS = {"containers": [{"name": "p1", "image": "x"}]}
TEMPLATE = {"metadata": {"labels": {"app": "x"}}, "spec": CONTAINERS}
SELECTED = {"selector": {"matchLabels": {"app": "x"}}, "template": TEMPLATE}
JOB = {"template": {"spec": {**CONTAINERS, "restartPolicy": "Never"}}}
LEAST: dict[str, dict[str, Any]] = {
    "pods": {"spec": CONTAINERS},
    "deployments": {"spec": SELECTED},
    "replicasets": {"spec": SELECTED},
    "daemonsets": {"spec": SELECTED},
    "statefulsets": {"spec": {**SELECTED, "serviceName": "x"}},
    "replicationcontrollers": {"spec": {"selector": {"app": "x"}, "template": TEMPLATE}},
    "jobs": {"spec": JOB},
    "cronjobs": {"spec": {"schedule": "* * * * *", "jobTemplate": {"spec": JOB}}},
    "services": {"spec": {"ports": [{"port": 80}]}},
    "ingresses": {"spec": {"defaultBackend": {"service": {"name": "x", "port": {"number": 80}}}}},
    "persistentvolumeclaims": {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1"}}}},
    "horizontalpodautoscalers": {
        "spec": {"maxReplicas": 1, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"}}
    },
    "rolebindings": {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "x"}},
    "clusterrolebindings": {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "x"}},
    "priorityclasses": {"value": 1},
    "storageclasses": {"provisioner": "x"},
}
"""What an object must have beside its name."""
KINDS = {(kind.resource.group, kind.resource.plural): kind.resource.kind for kind in builtin_kinds()}


def run(data: Path) -> Iterator[Outcome]:
    """`data` is the directory that holds `kubernetes/client-requests.json`."""
    commands = json.loads((data / "kubernetes" / "client-requests.json").read_text())

    async def main(clock: VirtualClock, rng: SeededRng) -> list[Outcome]:
        keys = Keys.make(clock.now())
        async with EmbeddedCluster(clock=clock, rng=rng, cluster_ca=keys.authority.certificate.decode()) as cluster:
            settings = Settings(tokens={TOKEN: User("client", ("system:masters",))}, logs=_NoLines())
            world = _World(ClusterFront(cluster, keys, settings))
            return [await world.judged(command["cmd"], each) for command in commands for each in command["requests"]]

    yield from run_virtual(main)


class _NoLines:
    """Logs of containers that print nothing."""

    async def read(self, pod: object, options: object) -> AsyncGenerator[bytes, None]:
        yield b""


class _World:
    def __init__(self, front: ClusterFront) -> None:
        self._front = front.front
        self._documents: dict[str, Any] = {}

    async def judged(self, command: str, request: dict[str, Any]) -> Outcome:
        try:
            return await self.outcome(command, request)
        except Exception as error:
            name = f"{command}: {request['m']} {request['path']}"
            return Outcome(FAMILY, name, passed=False, detail=f"{type(error).__name__} {error}")

    async def outcome(self, command: str, request: dict[str, Any]) -> Outcome:
        target = await self._target(request["path"])
        path, query = split_target(target)
        asked = route(path)
        verb = verb_of(request["m"], asked, parse_query(query))
        if asked.name and verb != "create":
            await self._ensure(asked)
        headers = {"accept": request["accept"]} if "accept" in request else {}
        body = b""
        if request["m"] in ("POST", "PUT", "PATCH"):
            headers["content-type"] = request["contentType"]
            body = _body(asked, verb or "", request)
        status, detail = await self._send(request["m"], target, headers, body)
        passed = status not in REFUSED and status < 500
        return Outcome(FAMILY, f"{command}: {request['m']} {path}", passed, "" if passed else f"{status} {detail}")

    async def _target(self, path: str) -> str:
        """The path with its placeholders filled: `{hash}` as the OpenAPI index says."""
        if "{hash}" in path:
            index = json.loads((await self._send("GET", "/openapi/v3", {}, b""))[1])
            document = split_target(path)[0].removeprefix("/openapi/v3/")
            path = path.replace("{hash}", index["paths"][document]["serverRelativeURL"].partition("hash=")[2])
        for placeholder, value in (("{uid}", "u"), ("{n}", "1"), ("{rv}", "1")):
            path = path.replace(placeholder, value)
        return path

    async def _ensure(self, asked: Route) -> None:
        """Makes the named object unless it is there."""
        collection = asked.path.partition(f"/{asked.plural}/{asked.name}")[0] + f"/{asked.plural}"
        found, _ = await self._send("GET", f"{collection}/{asked.name}", {}, b"")
        if found == 404:
            if asked.namespace and asked.plural != "namespaces":
                namespace = json.dumps(_object("namespaces", asked.namespace)).encode()
                await self._send("POST", "/api/v1/namespaces", {"content-type": "application/json"}, namespace)
            body = json.dumps(_object(asked.plural, asked.name)).encode()
            status, detail = await self._send("POST", collection, {"content-type": "application/json"}, body)
            assert status == 201, f"cannot prepare {asked.path}: {detail}"

    async def _send(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, str]:
        sent = {"authorization": f"Bearer {TOKEN}", **headers}
        status, _, answer = await self._front.send(method, target, sent, body)
        if isinstance(answer, bytes):
            return status, answer.decode(errors="replace")
        await answer.aclose()
        return status, "a stream"


def _object(plural: str, name: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, **LEAST.get(plural, {})}


def _body(asked: Route, verb: str, request: dict[str, Any]) -> bytes:
    content_type = request["contentType"]
    name = asked.name or "made"
    if content_type == "application/vnd.kubernetes.protobuf":
        version = f"{asked.group}/{asked.version}" if asked.group else asked.version
        return _protobuf(version, request["protobufBodyKind"], name)
    if content_type == "application/json-patch+json":
        return b"[]"
    if verb == "patch" and content_type != "application/apply-patch+yaml":
        return b"{}"
    kind = KINDS.get((asked.group, asked.plural), "")
    version = f"{asked.group}/{asked.version}" if asked.group else asked.version
    return json.dumps({"apiVersion": version, "kind": kind, **_object(asked.plural, name)}).encode()


def _protobuf(api_version: str, kind: str, name: str) -> bytes:
    """An envelope around an object that has a name and nothing else; options and reviews are empty."""
    named = kind != "DeleteOptions" and not kind.endswith("Review")
    raw = _field(1, _field(1, name.encode())) if named else b""
    meta = _field(1, api_version.encode()) + _field(2, kind.encode())
    return b"k8s\0" + _field(1, meta) + _field(2, raw)


def _field(number: int, content: bytes) -> bytes:
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content
