"""Webhooks and proxies that name a Service: real endpoints are dialled, simulated Pods pass by a rule or a warning."""

from __future__ import annotations

import asyncio
import json
import ssl
import tempfile
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest

from argosy.cluster.admission.http_caller import HttpCaller
from argosy.cluster.auth.bootstrap import bootstrap_objects
from argosy.cluster.endpoints import may_be_dialled
from argosy.cluster.http import tls
from argosy.cluster.http.assembly import ClusterFront, Keys, Settings
from argosy.cluster.kind import User
from argosy.cluster.server import EmbeddedCluster
from argosy.cluster.workloads.server import PipelineServer
from argosy.cluster.workloads.simulation import Workloads
from argosy.machinery.objects import JsonObject
from argosy.runtime.chance import SeededRng
from argosy.runtime.clock import RealClock
from tests.cluster.http.test_assembly import Talk

API = "/api/v1/namespaces/default"
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"


def with_workloads(story: Callable[[Talk], Awaitable[None]]) -> None:
    async def main() -> None:
        clock, rng, caller = RealClock(), SeededRng(1), HttpCaller()
        cluster = EmbeddedCluster(clock=clock, rng=rng, bootstrap=bootstrap_objects(), webhook_caller=caller)
        async with cluster:
            workloads = Workloads(PipelineServer(cluster.core, cluster.on_commit, cluster.spawn), clock)
            workloads.start()
            tokens = {"root": User("root", ("system:masters",))}
            settings = Settings(tokens=tokens, pod_runtime=workloads.pod_runtime, dialer=caller)
            try:
                await story(Talk(cluster, ClusterFront(cluster, Keys.make(clock.now()), settings)))
            finally:
                workloads.stop()
                await caller.close()

    asyncio.run(main())


@asynccontextmanager
async def listening(answer: Callable[[str, bytes], bytes], context: ssl.SSLContext | None) -> AsyncIterator[int]:
    """A small HTTP server on loopback; its port."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next((int(line[15:]) for line in head.split("\r\n") if line.lower().startswith("content-length:")), 0)
        body = answer(head.split(" ")[1], await reader.readexactly(length))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


def serving(now: datetime, name: str) -> tuple[ssl.SSLContext, bytes]:
    authority = tls.make_authority(now)
    pair = tls.issue_serving(authority, now, [name])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pair.pem"
        path.write_bytes(pair.certificate + pair.key)
        context.load_cert_chain(path)
    return context, authority.certificate


async def service_at(talk: Talk, name: str, port: int) -> None:
    """A Service without a selector, and Endpoints that say where it is."""
    await talk.made(f"{API}/services", {"metadata": {"name": name}, "spec": {"ports": [{"port": 443}]}})
    slice_ = {
        "metadata": {"name": f"{name}-1", "labels": {"kubernetes.io/service-name": name}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["127.0.0.1"]}],
        "ports": [{"port": port}],
    }
    await talk.made("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", slice_)


def configuration(service: str, bundle: bytes) -> JsonObject:
    return {
        "metadata": {"name": "w"},
        "webhooks": [
            {
                "name": "w.example.com",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "clientConfig": {
                    "service": {"namespace": "default", "name": service, "path": "/check"},
                    "caBundle": b64encode(bundle).decode(),
                },
                "rules": [
                    {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["secrets"]}
                ],
            }
        ],
    }


@pytest.mark.parametrize("allowed", [True, False])
def test_a_webhook_behind_a_service_is_asked_where_its_endpoint_is(allowed: bool) -> None:
    async def story(talk: Talk) -> None:
        asked: list[str] = []

        def answer(path: str, body: bytes) -> bytes:
            asked.append(path)
            response = {"uid": json.loads(body)["request"]["uid"], "allowed": allowed}
            review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}
            return json.dumps(review).encode()

        context, bundle = serving(talk.cluster.clock.now(), "hook.default.svc")
        async with listening(answer, context) as port:
            await service_at(talk, "hook", port)
            await talk.made(WEBHOOKS, configuration("hook", bundle))
            status, _ = await talk("root", "POST", f"{API}/secrets", {"metadata": {"name": "s"}})
        assert (status, asked) == (201 if allowed else 403, ["/check"])

    with_workloads(story)


def test_a_webhook_whose_certificate_is_for_another_name_is_not_believed() -> None:
    async def story(talk: Talk) -> None:
        context, bundle = serving(talk.cluster.clock.now(), "other.default.svc")
        async with listening(lambda path, body: b"{}", context) as port:
            await service_at(talk, "hook", port)
            await talk.made(WEBHOOKS, configuration("hook", bundle))
            status, answer = await talk("root", "POST", f"{API}/secrets", {"metadata": {"name": "s"}})
        assert status == 500
        assert "failed calling webhook" in answer["message"]

    with_workloads(story)


POD: JsonObject = {
    "metadata": {"name": "p", "labels": {"app": "hook"}},
    "spec": {"containers": [{"name": "c", "image": "hook:1", "ports": [{"containerPort": 8443}]}]},
}
SERVICE: JsonObject = {
    "metadata": {"name": "hook"},
    "spec": {"selector": {"app": "hook"}, "ports": [{"port": 443, "targetPort": 8443}]},
}
DENIES = """
rules:
- match: {image: "hook:*"}
  effect: {http: [{path: /check, review: {allowed: false, message: by rule}}]}
"""


@pytest.mark.parametrize("rule", ["", DENIES])
def test_a_webhook_that_only_simulated_pods_run_passes_with_a_warning_or_follows_a_rule(rule: str) -> None:
    async def story(talk: Talk) -> None:
        labels = {"argosy.dev/simulation-rules": "true"}
        rules = {"metadata": {"name": "rules", "labels": labels}, "data": {"r": rule or "rules: []"}}
        await talk.made(f"{API}/configmaps", rules)
        await talk.made(f"{API}/services", SERVICE)
        await talk.made(f"{API}/pods", POD)
        await talk.made(WEBHOOKS, configuration("hook", b""))
        slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
        async with asyncio.timeout(20):
            while not any(
                (endpoint.get("conditions") or {}).get("ready")
                for piece in (await talk("root", "GET", slices))[1]["items"]
                for endpoint in piece.get("endpoints") or ()
            ):
                await talk.cluster.clock.sleep(0.05)
        headers = {"authorization": "Bearer root", "content-type": "application/json"}
        body = json.dumps({"metadata": {"name": "s"}}).encode()
        status, answered, raw = await talk.front.front.send("POST", f"{API}/secrets", headers, body)
        if rule:
            assert status == 403
            assert b"denied the request: by rule" in bytes(raw)  # type: ignore[arg-type]
        else:
            assert status == 201
            (warning,) = answered["warning"]
            assert "only simulated Pods stand behind service default/hook" in warning

    with_workloads(story)


def test_a_webhook_with_nobody_behind_its_service_still_fails() -> None:
    async def story(talk: Talk) -> None:
        await talk.made(f"{API}/services", SERVICE)
        await talk.made(WEBHOOKS, configuration("hook", b""))
        status, answer = await talk("root", "POST", f"{API}/secrets", {"metadata": {"name": "s"}})
        assert status == 500
        assert 'no endpoints available for service "hook"' in answer["message"]

    with_workloads(story)


@pytest.mark.parametrize("name", ["sealer", "http:sealer:443", "sealer:443"])
def test_the_proxy_of_a_service_dials_its_endpoint_without_the_callers_credentials(name: str) -> None:
    """`kubeseal --fetch-cert` of a controller that runs next to the server."""

    async def story(talk: Talk) -> None:
        heads: list[str] = []

        def answer(path: str, body: bytes) -> bytes:
            heads.append(path)
            return b"certificate"

        async with listening(answer, None) as port:
            await service_at(talk, "sealer", port)
            headers = {"authorization": "Bearer root"}
            path = f"{API}/services/{name}/proxy/v1/cert.pem?x=1"
            status, _, raw = await talk.front.front.send("GET", path, headers)
        assert (status, raw, heads) == (200, b"certificate", ["/v1/cert.pem?x=1"])

    with_workloads(story)


def test_an_endpoint_that_does_not_answer_is_unavailable() -> None:
    async def story(talk: Talk) -> None:
        async with listening(lambda path, body: b"", None) as port:
            pass
        await service_at(talk, "gone", port)
        status, answer = await talk("root", "GET", f"{API}/services/gone/proxy/")
        assert status == 503
        assert "error trying to reach service" in answer["message"]

    with_workloads(story)


@pytest.mark.parametrize(
    ("address", "fine"),
    [
        ("10.0.0.1", True),
        ("127.0.0.1", True),
        ("2001:db8::1", True),
        ("169.254.169.254", False),
        ("::ffff:169.254.169.254", False),
        ("fe80::1", False),
        ("fd00:ec2::254", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("metadata.internal", False),
    ],
)
def test_what_only_the_link_knows_is_never_dialled(address: str, *, fine: bool) -> None:
    assert may_be_dialled(address) is fine
