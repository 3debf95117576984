"""Logs of a verification's Job, asked for through Kargo's API as its command does."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from aiohttp import web

from argosy.machinery.objects import JsonObject
from argosy.promotion.kinds import ANALYSIS_RUNS
from argosy.promotion.names import STAGE
from tests.kit.kargo_api import KargoApi
from tests.kit.promotion import PromotionWorld

RUNS = "/v1beta1/projects/demo/analysis-runs"
NAMES = ("project", "stage", "analysisRun", "metricName", "jobNamespace", "jobName", "container")


@pytest.fixture(scope="module")
def asked() -> list[web.Request]:
    return []


@pytest.fixture(scope="module")
def logs(world: PromotionWorld, asked: list[web.Request]) -> Iterator[KargoApi]:
    """Over a log server that answers with the address it was asked for."""

    async def answer(request: web.Request) -> web.Response:
        asked.append(request)
        return web.Response(text=f"{request.path}\nend\n")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)

    async def begin() -> str:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    place = world.run(begin())
    environ = {
        "ANALYSIS_RUN_LOG_URL_TEMPLATE": "/".join((place, *(f"${{{{ {name} }}}}" for name in NAMES))),
        "ANALYSIS_RUN_LOG_TOKEN": "t0p",
        "ANALYSIS_RUN_LOG_HTTP_HEADERS": "Authorization=Bearer ${{ token }}",
    }
    with KargoApi(world, environ) as made:
        made.sign_in()
        yield made
    world.run(runner.cleanup())


def make(world: PromotionWorld, name: str, metrics: dict[str, list[str]]) -> None:
    """`metrics`: the containers of each metric's Job."""

    def metric(metric: str, containers: list[str]) -> JsonObject:
        pod = {"containers": [{"name": one, "image": "check"} for one in containers], "restartPolicy": "Never"}
        job = {"spec": {"template": {"spec": pod}}}
        return {"name": metric, "provider": {"job": job}}

    measured = [{"phase": "Running", "metadata": {"job-namespace": "jobs", "job-name": f"{name}-job"}}]
    results = [{"name": one, "phase": "Running", "count": 1, "measurements": measured} for one in metrics]
    run = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisRun",
        "metadata": {"name": name, "namespace": "demo", "annotations": {STAGE: "test"}},
        "spec": {"metrics": [metric(*item) for item in metrics.items()]},
        "status": {"phase": "Running", "metricResults": results},
    }
    world.run(world.kubectl.create(ANALYSIS_RUNS, run))


def test_the_log_is_that_of_the_only_container_of_the_only_job(
    world: PromotionWorld, logs: KargoApi, asked: list[web.Request]
) -> None:
    make(world, "one", {"smoke": ["main"]})
    (event,) = logs.events(f"{RUNS}/one/logs", count=1)
    assert event == "data: /demo/test/one/smoke/jobs/one-job/main\ndata: end\ndata: \n\n"
    assert asked[-1].headers["Authorization"] == "Bearer t0p"


@pytest.fixture(scope="module")
def many(world: PromotionWorld) -> None:
    """A run with several Jobs and containers."""
    make(world, "many", {"smoke": ["main", "side"], "load": ["main"]})


@pytest.mark.usefixtures("many")
def test_of_several_jobs_or_containers_one_must_be_named(logs: KargoApi) -> None:
    status, answer = logs.call("GET", f"{RUNS}/many/logs")
    assert (status, answer["error"]) == (
        400,
        'AnalysisRun "many" in namespace "demo" has multiple job metrics; please specify a metric name',
    )
    status, answer = logs.call("GET", f"{RUNS}/many/logs?metricName=smoke")
    assert status == 400
    assert "please specify a container name" in answer["error"]
    (event,) = logs.events(f"{RUNS}/many/logs?metricName=smoke&containerName=side", count=1)
    assert event.startswith("data: /demo/test/many/smoke/jobs/many-job/side\n")


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("query", ["metricName=other", "metricName=smoke&containerName=other"])
def test_what_is_not_there_is_named(logs: KargoApi, query: str) -> None:
    status, answer = logs.call("GET", f"{RUNS}/many/logs?{query}")
    assert status == 404
    assert '"other"' in answer["error"]


def test_a_run_that_is_not_there_is_not_found(logs: KargoApi) -> None:
    status, answer = logs.call("GET", f"{RUNS}/absent/logs")
    assert (status, answer["error"]) == (404, 'AnalysisRun "absent" in namespace "demo" not found')


def test_the_token_of_the_log_server_is_never_shown(logs: KargoApi) -> None:
    assert "t0p" not in json.dumps(logs.call("GET", f"{RUNS}/absent/logs")) + logs.audit.text
