"""Metrics that are Jobs, with the simulated workloads that run them."""

from __future__ import annotations

import pytest

from argosy.analysis.jobs import job_name
from argosy.apis.rollouts.analysis import AnalysisRun
from argosy.apis.schema import read
from argosy.machinery.objects import Key
from tests.kit.analysis import JOBS, RUNS, AnalysisWorld, job_metric, run


def rule(image: str, **effect: object) -> dict[str, object]:
    return {"match": {"image": image}, "effect": effect}


def test_a_job_that_completes_is_a_success() -> None:
    with AnalysisWorld() as world:
        world.begin(job_metric())
        world.until("Successful")
        result = world.result("job")
        uid = world.get(RUNS, Key("default", "run"))["metadata"]["uid"]  # type: ignore[index]
        assert result["measurements"][0]["metadata"] == {
            "job-name": f"{uid}.job.1",
            "job-namespace": "default",
        }
        job = world.get(JOBS, Key("default", f"{uid}.job.1"))
        assert job is not None
        assert job["metadata"]["annotations"]["analysisrun.argoproj.io/metric-name"] == "job"
        assert job["metadata"]["ownerReferences"][0]["kind"] == "AnalysisRun"


def test_jobs_repeat_with_numbers_and_old_ones_are_deleted() -> None:
    with AnalysisWorld() as world:
        world.begin(job_metric(interval="60s", count=14))
        world.until("Successful")
        world.pass_time(60)
        names = sorted(job["metadata"]["name"].rpartition(".")[2] for job in world.list(JOBS, "default"))
        assert len(names) == 10
        assert "14" in names
        assert "1" not in names


def test_a_terminated_run_deletes_its_job_and_is_inconclusive_about_it() -> None:
    with AnalysisWorld() as world:
        metric = job_metric()
        container = metric["provider"]["job"]["spec"]["template"]["spec"]["containers"][0]
        container["command"] = ["sleep", "3600"]
        world.begin(metric)
        world.run_until(lambda: bool(world.jobs()))
        world.patch(RUNS, "run", {"spec": {"terminate": True}})
        world.run_until(lambda: world.phase() not in ("", "Running"))
        assert world.phase() == "Inconclusive"
        assert world.result("job")["measurements"][0]["message"] == "Metric Terminated"
        world.run_until(lambda: not world.jobs())


def test_a_job_that_the_server_refuses_is_an_error_and_is_tried_again_under_a_new_name() -> None:
    with AnalysisWorld() as world:
        metric = job_metric(consecutiveErrorLimit=1)
        metric["provider"]["job"]["spec"]["template"]["spec"]["restartPolicy"] = "Always"
        world.begin(metric)
        world.until("Error")
        assert world.result("job")["error"] == 2
        assert "restartPolicy" in world.status()["message"]


def test_after_a_crash_the_same_job_is_found_again() -> None:
    with AnalysisWorld() as world:
        metric = job_metric()
        metric["provider"]["job"]["spec"]["template"]["spec"]["containers"][0]["command"] = ["sleep", "60"]
        world.begin(metric)
        world.run_until(lambda: bool(world.jobs()))
        world.restart()
        world.until("Successful")
        assert len(world.list(JOBS, "default")) == 1


@pytest.mark.parametrize(("metric", "length"), [("short", 48), ("a-very-long-name-of-a-metric-indeed", 63)])
def test_the_name_of_a_job_fits_into_a_label(metric: str, length: int) -> None:
    view = read(AnalysisRun, run() | {"metadata": {"name": "r", "uid": "3f2b8a52-6a51-4d0c-9f10-0123456789ab"}})
    name = job_name(view, {"metricResults": [{"name": metric, "count": 8999, "error": 1000}]}, metric)
    assert len(name) == length
    assert name.endswith(".10000")
