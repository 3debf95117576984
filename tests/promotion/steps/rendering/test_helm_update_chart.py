"""A Chart.yaml is a stranger's: names in it become files' names."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from argosy.promotion.steps.kind import Job, Run, StepFault
from argosy.promotion.steps.rendering import helm_update_chart


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
    job = Job(
        project="p", stage="s", promotion="promotion", uid="uid", alias="step-1", uses="helm-update-chart",
        config={"path": "chart", "charts": []},
    )  # fmt: skip
    with pytest.raises(StepFault, match="no name that a chart may have"):
        asyncio.run(helm_update_chart.run(Run(job=job, directory=tmp_path / "files", tools=None)))
    assert (outside / "old-1.tgz").exists()
