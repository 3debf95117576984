"""Jobs and CronJobs beyond the recorded timelines."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.cluster.workloads.batch.job_indexes import ranges, unranges
from tests.kit.workloads import World, job, play


def rules(*pairs: tuple[str, str]) -> str:
    return "rules:\n" + "\n".join(f"- match: {match}\n  effect: {effect}" for match, effect in pairs)


def status(world: World, name: str = "j") -> Any:
    return world.get("Job", name)["status"]


@given(st.sets(st.integers(0, 300)))
def test_indexes_survive_their_short_form(indexes: set[int]) -> None:
    assert unranges(ranges(indexes)) == indexes


def test_an_indexed_job_runs_each_index_once() -> None:
    async def scenario(world: World) -> None:
        await world.create(job("j", completions=5, parallelism=2, completionMode="Indexed"))
        await world.wait(60)
        pods = world.all("Pod")
        assert sorted(pod["metadata"]["labels"]["batch.kubernetes.io/job-completion-index"] for pod in pods) == list(
            "01234"
        )
        assert {pod["spec"]["hostname"] for pod in pods} == {f"j-{index}" for index in range(5)}
        assert all(pod["metadata"]["name"].startswith(f"{pod['spec']['hostname']}-") for pod in pods)
        assert status(world)["completedIndexes"] == "0-4"
        assert status(world)["succeeded"] == 5

    play(scenario)


def test_the_success_policy_ends_a_job_early() -> None:
    slow = rules(("{ordinal: 0}", "{runFor: 2}"), ("{}", "{runFor: 1000}"))

    async def scenario(world: World) -> None:
        policy = {"rules": [{"succeededIndexes": "3-4", "succeededCount": 2}, {"succeededIndexes": "0"}]}
        spec = {"completions": 5, "parallelism": 5, "completionMode": "Indexed", "successPolicy": policy}
        await world.create(job("j", **spec))
        await world.wait(60)
        assert world.conditions("Job", "j")["SuccessCriteriaMet"] == ("True", "SuccessPolicy")
        assert world.conditions("Job", "j")["Complete"] == ("True", "SuccessPolicy")
        assert [item["message"] for item in status(world)["conditions"]] == ["Matched rules at index 1"] * 2
        assert status(world)["completedIndexes"] == "0"
        assert "active" not in status(world)

    play(scenario, slow)


def test_each_index_has_its_own_backoff_limit() -> None:
    bad = rules(("{ordinal: 1}", "{exitCode: 1}"), ("{}", "{exitCode: 0}"))

    async def scenario(world: World) -> None:
        spec = {"completions": 3, "parallelism": 3, "completionMode": "Indexed", "backoffLimitPerIndex": 1}
        await world.create(job("j", **spec))
        await world.wait(5)
        assert status(world)["completedIndexes"] == "0,2"
        await world.wait(120)
        assert status(world)["failedIndexes"] == "1"
        assert status(world)["failed"] == 2
        assert world.conditions("Job", "j")["Failed"] == ("True", "FailedIndexes")
        name = "batch.kubernetes.io/job-index-failure-count"
        counts = [pod["metadata"]["annotations"][name] for pod in world.all("Pod")]
        assert sorted(counts) == ["0", "0", "0", "1"]

    play(scenario, bad)


def test_too_many_failed_indexes_end_the_job_at_once() -> None:
    bad = rules(("{ordinal: 0}", "{runFor: 500}"), ("{}", "{exitCode: 1}"))

    async def scenario(world: World) -> None:
        spec = {"completions": 4, "parallelism": 4, "completionMode": "Indexed", "backoffLimitPerIndex": 0}
        await world.create(job("j", maxFailedIndexes=1, **spec))
        await world.wait(60)
        assert world.conditions("Job", "j")["Failed"] == ("True", "MaxFailedIndexesExceeded")

    play(scenario, bad)


@pytest.mark.parametrize(
    ("action", "reason", "failed"),
    [("FailJob", "PodFailurePolicy", 1), ("Ignore", "", 0), ("Count", "BackoffLimitExceeded", 1)],
)
def test_the_pod_failure_policy_decides_what_a_failure_means(action: str, reason: str, failed: int) -> None:
    async def scenario(world: World) -> None:
        policy = {"rules": [{"action": action, "onExitCodes": {"operator": "In", "values": [42]}}]}
        await world.create(job("j", backoffLimit=0, podFailurePolicy=policy))
        await world.wait(8)
        assert world.conditions("Job", "j").get("Failed", ("", ""))[1] == reason
        assert status(world).get("failed", 0) == failed
        if reason == "PodFailurePolicy":
            text = status(world)["conditions"][-1]["message"]
            pod = world.all("Pod")[0]["metadata"]["name"]
            assert (
                text == f"Container c for pod default/{pod} failed with exit code 42 matching FailJob rule at index 0"
            )

    play(scenario, rules(("{}", "{exitCode: 42}")))


def test_an_index_may_fail_by_policy_while_others_go_on() -> None:
    bad = rules(("{ordinal: 1}", "{exitCode: 42}"), ("{}", "{exitCode: 0}"))

    async def scenario(world: World) -> None:
        policy = {"rules": [{"action": "FailIndex", "onExitCodes": {"operator": "In", "values": [42]}}]}
        spec = {"completions": 2, "parallelism": 1, "completionMode": "Indexed", "backoffLimitPerIndex": 5}
        await world.create(job("j", podFailurePolicy=policy, **spec))
        await world.wait(60)
        assert (status(world)["completedIndexes"], status(world)["failedIndexes"]) == ("0", "1")
        assert world.conditions("Job", "j")["Failed"] == ("True", "FailedIndexes")

    play(scenario, bad)


def test_a_suspended_job_has_no_pods_and_starts_again_when_resumed() -> None:
    async def scenario(world: World) -> None:
        await world.create(job("j", suspend=True, parallelism=2, completions=2))
        await world.wait(5)
        assert not world.all("Pod")
        assert world.conditions("Job", "j") == {"Suspended": ("True", "JobSuspended")}
        assert "startTime" not in status(world)
        await world.patch("Job", "j", {"spec": {"suspend": False}})
        await world.wait(0.5)
        begun = status(world)["startTime"]
        await world.patch("Job", "j", {"spec": {"suspend": True}})
        await world.wait(20)
        assert not [pod for pod in world.all("Pod") if pod["status"]["phase"] == "Running"]
        assert "startTime" not in status(world)
        await world.patch("Job", "j", {"spec": {"suspend": False}})
        await world.wait(120)
        assert status(world)["startTime"] > begun
        assert world.conditions("Job", "j")["Complete"] == ("True", "CompletionsReached")
        assert world.conditions("Job", "j")["Suspended"] == ("False", "JobResumed")
        assert {"Suspended", "Resumed", "Completed"} <= set(world.reasons("Job"))

    play(scenario)


def test_a_pod_that_somebody_deletes_is_replaced_and_lets_the_job_end() -> None:
    async def scenario(world: World) -> None:
        await world.create(job("j"))
        await world.wait(0.5)
        await world.delete("Pod", world.all("Pod")[0]["metadata"]["name"])
        await world.wait(120)
        assert world.conditions("Job", "j")["Complete"] == ("True", "CompletionsReached")
        assert [pod["status"]["phase"] for pod in world.all("Pod")] == ["Succeeded"]

    play(scenario, rules(("{}", "{runFor: 5}")))


def cron(**spec: Any) -> Any:
    template = {"spec": job("x")["spec"]}
    return {"kind": "CronJob", "metadata": {"name": "c"}, "spec": {"jobTemplate": template, **spec}}


def test_a_start_that_was_missed_for_longer_than_its_deadline_is_reported() -> None:
    async def scenario(world: World) -> None:
        await world.create(cron(schedule="@hourly", startingDeadlineSeconds=30))
        await world.wait(1)
        world.workloads.stop()
        await world.wait(3600 + 120)
        world.restart()
        await world.wait(1)
        assert world.reasons("CronJob") == ["MissSchedule"]
        assert not world.all("Job")
        await world.wait(3600)
        assert len(world.all("Job")) == 1

    play(scenario)


def test_a_job_under_a_cronjob_that_it_did_not_start_is_reported() -> None:
    async def scenario(world: World) -> None:
        owner = await world.create(cron(schedule="0 0 1 1 *"))
        metadata = owner["metadata"]
        reference = {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "name": "c",
            "uid": metadata["uid"],
            "controller": True,
        }
        manual = job("by-hand")
        manual["metadata"]["ownerReferences"] = [reference]
        await world.create(manual)
        await world.wait(1)
        assert "UnexpectedJob" in world.reasons("CronJob")
        assert "active" not in world.get("CronJob", "c")["status"]

    play(scenario)


def test_a_cronjob_that_replaces_ends_the_running_job_first() -> None:
    async def scenario(world: World) -> None:
        await world.create(cron(schedule="* * * * *", concurrencyPolicy="Replace"))
        await world.wait(200)
        running = [item for item in world.all("Job") if not item["metadata"].get("deletionTimestamp")]
        assert len(running) == 1
        assert "SuccessfulDelete" in world.reasons("CronJob")

    play(scenario, rules(("{}", "{runFor: 900}")))
