"""A Chart.yaml is a stranger's: names in it become files' names."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from argosy.promotion.steps.kind import Result, StepFault
from argosy.promotion.steps.rendering import helm_update_chart
from argosy.sources.port import Credentials
from tests.kit.scripted_http import Asked, Reply, ScriptedHttp
from tests.kit.step_tools import step, step_tools


@pytest.mark.parametrize("name", ["../../outside/old", "a/b", "*", "", ".hidden", "a\\b"])
def test_a_dependency_whose_name_is_a_path_or_a_pattern_is_refused(tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "old-1.tgz").touch()
    chart = tmp_path / "files" / "chart"
    chart.mkdir(parents=True)
    (chart / "Chart.yaml").write_text(
        f"name: a\ndependencies:\n- name: '{name}'\n  version: 1.0.0\n  repository: https://charts.example.com\n"
    )
    with pytest.raises(StepFault, match="no name that a chart may have"):
        updated(tmp_path / "files")
    assert (outside / "old-1.tgz").exists()


def updated(directory: Path, **more: Any) -> Result:
    async def scenario() -> Result:
        async with step_tools(**more) as tools:
            run = step("helm-update-chart", directory, tools, {"path": "chart", "charts": []})
            return await helm_update_chart.run(run)

    return asyncio.run(scenario())


ARCHIVE = b"a chart"
SECRET = Credentials(username="me", password="canary-5d1e")


@pytest.mark.parametrize("passes", [False, True])
@pytest.mark.parametrize("redirected", [False, True])
def test_credentials_go_to_no_other_host_that_an_index_or_a_redirect_names(
    tmp_path: Path, redirected: bool, passes: bool
) -> None:
    """But where the Secret says so, and then to what the index names."""
    digest = hashlib.sha256(ARCHIVE).hexdigest()

    async def scenario() -> tuple[ScriptedHttp, ScriptedHttp]:
        elsewhere = ScriptedHttp(lambda asked: (200, ARCHIVE))

        def answer(asked: Asked) -> Reply:
            if asked.path == "/index.yaml":
                where = "a-1.0.0.tgz" if redirected else f"{elsewhere.url}/a-1.0.0.tgz"
                entry = {"version": "1.0.0", "urls": [where], "digest": digest}
                return 200, json.dumps({"apiVersion": "v1", "entries": {"a": [entry]}}).encode()
            raise web.HTTPFound(f"{elsewhere.url}/a-1.0.0.tgz")

        async with elsewhere.running(), ScriptedHttp(answer).running() as charts:
            chart = tmp_path / "files" / "chart"
            chart.mkdir(parents=True)
            (chart / "Chart.yaml").write_text(
                f"name: b\ndependencies:\n- name: a\n  version: 1.0.0\n  repository: {charts.url}\n"
            )
            given = {("helm", charts.url): replace(SECRET, pass_credentials=passes)}
            async with step_tools(found=given) as tools:
                run = step("helm-update-chart", tmp_path / "files", tools, {"path": "chart", "charts": []})
                await helm_update_chart.run(run)
            assert (chart / "charts" / "a-1.0.0.tgz").read_bytes() == ARCHIVE
            return charts, elsewhere

    charts, elsewhere = asyncio.run(scenario())
    assert charts.asked[0].headers["authorization"].startswith("Basic ")
    assert ("authorization" in elsewhere.asked[0].headers) is (passes and not redirected)


def test_an_archive_that_is_not_what_the_index_promised_is_not_kept(tmp_path: Path) -> None:
    async def scenario() -> None:
        entry = {"version": "1.0.0", "urls": ["a-1.0.0.tgz"], "digest": "0" * 64}
        index = json.dumps({"apiVersion": "v1", "entries": {"a": [entry]}}).encode()
        answers = ScriptedHttp(lambda asked: (200, index if asked.path == "/index.yaml" else ARCHIVE))
        async with answers.running() as charts, step_tools() as tools:
            chart = tmp_path / "files" / "chart"
            chart.mkdir(parents=True)
            (chart / "Chart.yaml").write_text(
                f"name: b\ndependencies:\n- name: a\n  version: 1.0.0\n  repository: {charts.url}\n"
            )
            await helm_update_chart.run(
                step("helm-update-chart", tmp_path / "files", tools, {"path": "chart", "charts": []})
            )

    with pytest.raises(StepFault, match="digest that was promised"):
        asyncio.run(scenario())
    assert not (tmp_path / "files" / "chart" / "charts").exists()
