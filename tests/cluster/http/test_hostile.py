"""Requests that broke something once (seeds of fuzzing), and clients that want to hold what they may not use."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from argosy.cluster.auth.bootstrap import bootstrap_objects
from argosy.cluster.http.assembly import ClusterFront, Keys, Settings
from argosy.cluster.http.http1 import connection as http1
from argosy.cluster.http.http1.request_parser import STRANGER_BODY_LIMIT
from argosy.cluster.http.server import serve
from argosy.cluster.kind import User
from argosy.cluster.server import EmbeddedCluster
from argosy.runtime.chance import SeededRng
from argosy.runtime.clock import RealClock
from argosy.runtime.virtual import VirtualClock, run_virtual

TOKENS = {"root": User("root", ("system:masters",))}
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
APPLY, MERGE = "application/apply-patch+yaml", "application/merge-patch+json"
CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap"}
SEEDS: list[tuple[str, str, Any, str, int]] = [
    *(
        ("PATCH", "/api/v1/namespaces/default/configmaps/c?fieldManager=m", {**CONFIG_MAP, "metadata": bad}, APPLY, 400)
        for bad in (9223372036854775808, "x", [1], True)
    ),
    ("PATCH", f"{DEPLOYMENTS}/d/scale", {"spec": ["a"]}, MERGE, 400),
    ("GET", "/api/v1/pods?" + "&".join(["a=1"] * 1500), None, "application/json", 400),
    ("GET", "/nowhere?" + "&".join(["a=1"] * 1500), None, "application/json", 400),
]


@pytest.mark.parametrize(("method", "path", "body", "content_type", "code"), SEEDS)
def test_what_broke_once_is_a_bad_request_now(method: str, path: str, body: Any, content_type: str, code: int) -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        async with EmbeddedCluster(clock=clock, rng=rng, bootstrap=bootstrap_objects()) as cluster:
            front = ClusterFront(cluster, Keys.make(clock.now()), Settings(tokens=TOKENS)).front
            labels = {"app": "d"}
            template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
            made = {"metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": labels}, "template": template}}
            headers = {"authorization": "Bearer root", "content-type": "application/json"}
            assert (await front.send("POST", DEPLOYMENTS, headers, json.dumps(made).encode()))[0] == 201
            raw = json.dumps(body).encode() if body is not None else b""
            status, _, answer = await front.send(method, path, {**headers, "content-type": content_type}, raw)
            assert (status, b"unexpected" in bytes(answer)) == (code, False), answer  # type: ignore[arg-type]

    run_virtual(main)


@pytest.mark.parametrize(("token", "code"), [("", b"401"), ("wrong", b"401"), ("root", b"404")])
def test_a_large_body_is_taken_in_only_from_those_who_are_known(token: str, code: bytes) -> None:
    async def main() -> None:
        clock, rng = RealClock(), SeededRng(1)
        async with EmbeddedCluster(clock=clock, rng=rng, bootstrap=bootstrap_objects()) as cluster:
            front = ClusterFront(cluster, Keys.make(clock.now()), Settings(tokens=TOKENS)).front
            async with serve(front.handle, clock=clock, rng=rng, tls=None, knows=front.knows) as server:
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
                size = 200_000
                credential = f"Authorization: Bearer {token}\r\n" if token else ""
                writer.write(f"POST /nope HTTP/1.1\r\nHost: x\r\n{credential}Content-Length: {size}\r\n\r\n".encode())
                sent = size if token == "root" else STRANGER_BODY_LIMIT + 1  # the answer comes early
                writer.write(b"x" * sent)
                assert (await reader.readline()).split()[1] == code
                writer.close()

    asyncio.run(main())


def test_a_trickle_of_bytes_does_not_keep_a_request_open() -> None:
    async def main() -> None:
        clock, rng = RealClock(), SeededRng(1)

        async def never(_request: object) -> Any:
            raise AssertionError("no request was completed")

        async with serve(never, clock=clock, rng=rng, tls=None, drain_seconds=0.0) as server:
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            while not server.connections:
                await clock.sleep(0.001)
            (connection,) = server.connections
            connection.data_received(b"GET / HT")
            began = connection.progress
            connection.progress = began + http1.REQUEST_SECONDS  # as if one more byte had just come
            assert not connection.is_overdue(began + http1.REQUEST_SECONDS - 1)
            assert connection.is_overdue(began + http1.REQUEST_SECONDS + 1)
            writer.close()

    asyncio.run(main())


def test_connections_beyond_the_limit_are_asked_to_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1, "CONNECTION_LIMIT", 3)

    async def main() -> None:
        clock, rng = RealClock(), SeededRng(1)
        async with EmbeddedCluster(clock=clock, rng=rng, bootstrap=bootstrap_objects()) as cluster:
            front = ClusterFront(cluster, Keys.make(clock.now()), Settings(tokens=TOKENS)).front
            async with serve(front.handle, clock=clock, rng=rng, tls=None) as server:
                held = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(3)]
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
                assert (await reader.readline()).split()[1] == b"429"
                for _, one in (*held, (reader, writer)):
                    one.close()

    asyncio.run(main())
