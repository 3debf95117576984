"""Prometheus' HTTP API: against recorded shapes, and against the real program where it is installed."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from argosy.analysis.ports import Broken, Measured
from argosy.runtime.clock import RealClock
from argosy.sources.egress import EgressPolicy
from tests.kit.metrics import HERE, measure
from tests.kit.ports import free_port

SPEC = {"address": HERE, "query": "up"}


def vector(*values: str, **more: Any) -> dict[str, Any]:
    result = [{"metric": {}, "value": [1.5, value]} for value in values]
    return {"status": "success", "data": {"resultType": "vector", "result": result}, **more}


@pytest.mark.parametrize(
    ("reply", "value", "text"),
    [
        ({"status": "success", "data": {"resultType": "scalar", "result": [1, "0.5"]}}, 0.5, "0.5"),
        (vector("1", "0.25"), [1.0, 0.25], "[1,0.25]"),
        (vector(), [], "[]"),
        (vector("+Inf", "1e21"), [math.inf, 1e21], "[+Inf,1000000000000000000000]"),
        (
            {
                "status": "success",
                "data": {
                    "resultType": "matrix",
                    "result": [{"metric": {}, "values": [[1, "1"], [2, "2"]]}, {"metric": {}, "values": [[1, "3"]]}],
                },
            },
            [1.0, 2.0, 3.0],
            "[1,2,3]",
        ),
    ],
)
def test_every_type_of_result_becomes_floats(reply: Any, value: Any, text: str) -> None:
    answer, asked = measure("prometheus", SPEC, reply)
    assert isinstance(answer, Measured)
    assert (answer.value, answer.text) == (value, text)
    assert (asked[0].method, asked[0].path) == ("POST", "/api/v1/query")
    assert parse_qs(asked[0].text)["query"] == ["up"]


def test_no_number_is_a_number_too() -> None:
    answer, _ = measure("prometheus", SPEC, vector("NaN"))
    assert isinstance(answer, Measured)
    assert answer.text == "[NaN]"


def test_a_range_query_asks_for_what_its_expressions_say() -> None:
    ranged = {"start": 'now() - duration("1h")', "end": "now()", "step": "1m30s"}
    _, asked = measure("prometheus", {**SPEC, "rangeQuery": ranged}, vector())
    form = parse_qs(asked[0].text)
    assert asked[0].path == "/api/v1/query_range"
    assert float(form["end"][0]) - float(form["start"][0]) == 3600
    assert form["step"] == ["90"]


def test_a_server_that_refuses_post_is_asked_by_get() -> None:
    answer, asked = measure("prometheus", SPEC, 405, vector("1"))
    assert isinstance(answer, Measured)
    assert (asked[1].method, asked[1].query["query"]) == ("GET", "up")


def test_warnings_and_headers_and_authentication_are_handed_on() -> None:
    spec = {
        **SPEC,
        "headers": [{"key": "X-Scope-OrgID", "value": "team"}],
        "authentication": {"basicAuth": {"username": "u", "password": "p"}},
    }
    answer, asked = measure("prometheus", spec, vector("1", warnings=["slow", "old"]))
    assert isinstance(answer, Measured)
    assert answer.metadata == {"warnings": '"slow", "old"'}
    assert asked[0].headers["X-Scope-OrgID"] == "team"
    assert asked[0].headers["Authorization"] == "Basic dTpw"


def test_a_token_is_fetched_with_the_clients_credentials() -> None:
    oauth2 = {"tokenUrl": f"{HERE}/token", "clientId": "id", "clientSecret": "s", "scopes": ["a", "b"]}
    spec = {**SPEC, "authentication": {"oauth2": oauth2}}
    _, asked = measure("prometheus", spec, {"access_token": "t0ken"}, vector("1"))
    assert parse_qs(asked[0].text) == {"grant_type": ["client_credentials"], "scope": ["a b"]}
    assert asked[1].headers["Authorization"] == "Bearer t0ken"


@pytest.mark.parametrize(
    ("spec", "reply", "message"),
    [
        ({"query": "up"}, {}, "prometheus address is not configured"),
        ({"address": "no-url", "query": "up"}, {}, "prometheus address is not is url format"),
        ({**SPEC, "timeout": -1}, {}, "prometheus timeout should not be negative"),
        (
            SPEC,
            {"status": "error", "errorType": "bad_data", "error": "parse error"},
            "bad_data: parse error",
        ),
        (SPEC, {"status": "success", "data": {"resultType": "string", "result": [1, "x"]}}, "not supported"),
        (SPEC, 500, "server_error: server error: 500"),
        (SPEC, "<html>", "bad_response"),
        (
            {**SPEC, "rangeQuery": {"start": "yesterday", "end": "now()", "step": "1m"}},
            {},
            "failed to parse rangeQuery.start as time: unknown name yesterday",
        ),
        (
            {**SPEC, "rangeQuery": {"start": "1", "end": "now()", "step": "1m"}},
            {},
            "failed to parse rangeQuery.start as time: expected time.Time, but got int",
        ),
        (
            {**SPEC, "authentication": {"basicAuth": {"username": "u"}}},
            {},
            "missing mandatory parameter in metric for basic auth setup: password",
        ),
        (
            {**SPEC, "authentication": {"oauth2": {"tokenUrl": HERE}}},
            {},
            "missing mandatory parameter in metric for OAuth2 setup",
        ),
    ],
)
def test_errors_are_reported(spec: dict[str, Any], reply: Any, message: str) -> None:
    answer, _ = measure("prometheus", spec, reply)
    assert isinstance(answer, Broken)
    assert message in answer.message


def test_the_environment_may_name_the_address() -> None:
    environment = {"ARGO_ROLLOUTS_PROMETHEUS_ADDRESS": HERE}
    answer, _ = measure("prometheus", {"query": "up"}, vector("1"), environment=environment)
    assert isinstance(answer, Measured)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "http://169.254.169.254", "http://[::1]:9090"])
def test_the_egress_policy_judges_every_address(address: str) -> None:
    answer, _ = measure("prometheus", {"address": address, "query": "up"}, policy=EgressPolicy())
    assert isinstance(answer, Broken)
    assert "the address" in answer.message


# -- the real program --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is not installed (apt-get install prometheus)")
    folder: Path = tmp_path_factory.mktemp("prometheus")
    address = f"127.0.0.1:{free_port()}"
    scrape = {"job_name": "self", "scrape_interval": "1s", "static_configs": [{"targets": [address]}]}
    (folder / "prometheus.yml").write_text(json.dumps({"scrape_configs": [scrape]}))
    arguments = [
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address={address}",
    ]
    process = subprocess.Popen([program, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(f"http://{address}/api/v1/query?query=up", lambda body: bool(body["data"]["result"]))
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(10)


def _wait(url: str, is_there: Any) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=2) as response:
                if is_there(json.load(response)):
                    return
        except OSError:
            pass
        threading.Event().wait(0.1)
    raise AssertionError("prometheus has scraped nothing within 30 s")


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("up", "[1]"),
        ("scalar(up)", "1"),
        ("vector(0) / 0", "[NaN]"),
        ("nothing_of_that_name", "[]"),
        ("1 + 1", "2"),
    ],
)
def test_the_real_prometheus_is_understood(prometheus: str, query: str, text: str) -> None:
    answer, _ = measure("prometheus", {"address": prometheus, "query": query}, now=RealClock().now())
    assert isinstance(answer, Measured)
    assert answer.text == text


@pytest.mark.e2e
def test_the_real_prometheus_answers_ranges_and_reports_errors(prometheus: str) -> None:
    ranged = {"start": 'now() - duration("5s")', "end": "now()", "step": "1s"}
    spec = {"address": prometheus, "query": "up", "rangeQuery": ranged}
    answer, _ = measure("prometheus", spec, now=RealClock().now())
    assert isinstance(answer, Measured)
    assert set(answer.text.strip("[]").split(",")) == {"1"}
    answer, _ = measure("prometheus", {"address": prometheus, "query": "sum("})
    assert isinstance(answer, Broken)
    assert answer.message.startswith("bad_data:")
