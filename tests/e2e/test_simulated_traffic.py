"""A bad version shows in Prometheus' API as soon as a router sends it requests, and an autoscaler follows them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from argosy.cluster.auth.bootstrap import bootstrap_objects
from argosy.cluster.http.assembly import ClusterFront, Keys, Settings
from argosy.cluster.http.prometheus import PrometheusApi
from argosy.cluster.kind import User
from argosy.cluster.server import EmbeddedCluster
from argosy.cluster.workloads.server import PipelineServer
from argosy.cluster.workloads.simulation import Workloads
from argosy.machinery.objects import JsonObject
from argosy.runtime.chance import SeededRng
from argosy.runtime.virtual import VirtualClock, run_virtual
from tests.cluster.http.test_assembly import Talk

API, APPS = "/api/v1/namespaces/default", "/apis/apps/v1/namespaces/default"
RULES = """
rules:
- match: {service: web}
  answers: {rate: 100}
- match: {image: "web:2"}
  effect: {traffic: {errorShare: 0.2, errorCode: 502, latency: 400ms}}
"""


def with_traffic(story: Callable[[Talk, VirtualClock], Awaitable[None]]) -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        async with EmbeddedCluster(clock=clock, rng=rng, bootstrap=bootstrap_objects()) as cluster:
            workloads = Workloads(PipelineServer(cluster.core, cluster.on_commit, cluster.spawn), clock)
            workloads.observe(cluster.reader, cluster.on_commit)
            workloads.start()
            api = PrometheusApi(workloads.traffic.history, workloads.traffic.look, clock.now)
            tokens = {"root": User("root", ("system:masters",)), "ann": User("ann")}
            settings = Settings(tokens=tokens, prometheus=api.answer)
            try:
                await story(Talk(cluster, ClusterFront(cluster, Keys.make(clock.now()), settings)), clock)
            finally:
                workloads.stop()

    run_virtual(main)


def deployment(version: str) -> JsonObject:
    labels = {"app": "web", "v": version}
    containers = [{"name": "web", "image": f"web:{version}"}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    return {"metadata": {"name": f"web-{version}"}, "spec": spec}


def service(name: str, version: str) -> JsonObject:
    return {"metadata": {"name": name}, "spec": {"selector": {"app": "web", "v": version}, "ports": [{"port": 80}]}}


def ingress(name: str, backend: str, **annotations: str) -> JsonObject:
    target = {"service": {"name": backend, "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": target}]
    named = {f"nginx.ingress.kubernetes.io/{key}": value for key, value in annotations.items()}
    rules = [{"host": "web.example", "http": {"paths": paths}}]
    return {"metadata": {"name": name, "annotations": named}, "spec": {"rules": rules}}


async def asked(talk: Talk, query: str) -> Any:
    status, answer = await talk("root", "GET", f"/api/v1/query?query={quote(query)}")
    assert status == 200, answer
    return [float(item["value"][1]) for item in answer["data"]["result"]]


async def set_up(talk: Talk, clock: VirtualClock) -> None:
    rules = {"metadata": {"name": "rules", "labels": {"argosy.dev/simulation-rules": "true"}}, "data": {"r": RULES}}
    await talk.made(f"{API}/configmaps", rules)
    for version, name in (("1", "web"), ("2", "canary")):
        await talk.made(f"{APPS}/deployments", deployment(version))
        await talk.made(f"{API}/services", service(name, version))
    await clock.sleep(20)


SHARE = 'sum(rate(http_requests_total{status=~"5.."}[1m])) / sum(rate(http_requests_total[1m]))'
SLOW = "histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[1m])))"


def test_errors_and_latency_follow_the_weight_of_a_bad_version() -> None:
    async def story(talk: Talk, clock: VirtualClock) -> None:
        await set_up(talk, clock)
        ingresses = "/apis/networking.k8s.io/v1/namespaces/default/ingresses"
        await talk.made(ingresses, ingress("web", "web"))
        await talk.made(ingresses, ingress("web-canary", "canary", canary="true", **{"canary-weight": "0"}))
        await clock.sleep(120)
        assert await asked(talk, SHARE) == [0.0]
        assert (await asked(talk, SLOW))[0] < 0.1
        weight = {"metadata": {"annotations": {"nginx.ingress.kubernetes.io/canary-weight": "50"}}}
        merge = "application/merge-patch+json"
        assert (await talk("root", "PATCH", f"{ingresses}/web-canary", weight, merge))[0] == 200
        await clock.sleep(120)
        (share,) = await asked(talk, SHARE)
        assert abs(share - 0.1) < 1e-6
        assert (await asked(talk, SLOW))[0] > 0.4
        assert await asked(talk, 'argosy_traffic_weight{service="canary"}') == [50.0]
        by_code = 'sum(rate(nginx_ingress_controller_requests{service="canary",status="502"}[1m]))'
        assert abs((await asked(talk, by_code))[0] - 10.0) < 1e-6

    with_traffic(story)


def test_a_service_without_ready_pods_answers_503() -> None:
    async def story(talk: Talk, clock: VirtualClock) -> None:
        await set_up(talk, clock)
        for version in ("1", "2"):
            scale = {"spec": {"replicas": 0}}
            await talk("root", "PATCH", f"{APPS}/deployments/web-{version}", scale, "application/merge-patch+json")
        await clock.sleep(180)
        assert await asked(talk, 'sum(rate(istio_requests_total{response_code="503"}[1m]))') == [100.0]

    with_traffic(story)


def test_an_autoscaler_follows_the_requests_of_its_pods() -> None:
    async def story(talk: Talk, clock: VirtualClock) -> None:
        await set_up(talk, clock)
        metric = {
            "type": "Pods",
            "pods": {
                "metric": {"name": "http_requests_per_second"},
                "target": {"type": "AverageValue", "averageValue": "20"},
            },
        }
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web-1"}
        spec = {"minReplicas": 1, "maxReplicas": 9, "scaleTargetRef": target, "metrics": [metric]}
        path = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers"
        await talk.made(path, {"metadata": {"name": "web"}, "spec": spec})
        await clock.sleep(180)
        assert (await talk("root", "GET", f"{APPS}/deployments/web-1"))[1]["spec"]["replicas"] == 5

    with_traffic(story)


def test_the_api_is_prometheus_and_asks_who_may() -> None:
    async def story(talk: Talk, clock: VirtualClock) -> None:
        await set_up(talk, clock)
        await clock.sleep(60)
        assert (await talk("ann", "GET", "/api/v1/query?query=up"))[0] == 403
        end = clock.now().timestamp()
        query = quote("sum(rate(http_requests_total[30s]))")
        path = f"/api/v1/query_range?query={query}&start={end - 20}&end={end}&step=10s"
        answer = (await talk("root", "GET", path))[1]["data"]
        assert answer["resultType"] == "matrix"
        assert [value for _, value in answer["result"][0]["values"]] == ["100", "100", "100"]
        headers = {"authorization": "Bearer root", "content-type": "application/x-www-form-urlencoded"}
        _, _, raw = await talk.front.front.send("POST", "/api/v1/query", headers, b"query=up")
        assert json.loads(raw)["data"]["result"][0]["metric"]["job"] == "simulation"  # type: ignore[arg-type]
        status, wrong = await talk("root", "GET", "/api/v1/query?query=sum(")
        assert (status, wrong["errorType"]) == (400, "bad_data")
        names = (await talk("root", "GET", "/api/v1/label/__name__/values"))[1]["data"]
        selector = quote('http_requests_total{service="web",pod!="",code="200"}')
        _, _, raw = await talk.front.front.send("GET", f"/federate?match[]={selector}", headers, b"")
        lines = raw.decode().splitlines()  # type: ignore[union-attr]
        assert len(lines) == len(set(lines)) == 2  # of two pods
        assert all(line.startswith("http_requests_total{") and 'service="web"' in line for line in lines)
        assert (await talk("ann", "GET", f"/federate?match[]={selector}"))[0] == 403
        assert (await talk("root", "GET", "/federate"))[0] == 400
        assert {"http_requests_total", "istio_requests_total", "up"} <= set(names)

    with_traffic(story)
