"""An AnalysisRun from its first look to its deletion, in virtual time."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from argosy.analysis import AnalysisSettings
from argosy.analysis.ports import Judged
from argosy.machinery.objects import Key
from argosy.machinery.timestamps import parse
from tests.kit.analysis import RUN, RUNS, AnalysisWorld, Script, broken, metric, run, value, values
from tests.kit.world import EVENTS

KAYENTA = {
    "address": "http://kayenta",
    "application": "app",
    "canaryConfigName": "config",
    "configurationAccountName": "c",
    "metricsAccountName": "m",
    "storageAccountName": "s",
    "scopes": [],
    "threshold": {"pass": 90, "marginal": 70},
}


def events(world: AnalysisWorld) -> list[tuple[str, str, str]]:
    found = [event for event in world.list(EVENTS, "default") if event["involvedObject"]["kind"] == "AnalysisRun"]
    found.sort(key=lambda event: (event.get("firstTimestamp") or "", event["reason"] != "MetricFailed"))
    return [(event["type"], event["reason"], event["message"]) for event in found]


def test_one_measurement_that_succeeds_ends_the_run() -> None:
    with AnalysisWorld(Script(m=[0.95])) as world:
        world.begin(metric())
        world.until("Successful")

        status = world.status()
        moment = status["startedAt"]
        assert status == {
            "phase": "Successful",
            "startedAt": moment,
            "completedAt": moment,
            "runSummary": {"count": 1, "successful": 1},
            "dryRunSummary": {},
            "metricResults": [
                {
                    "name": "m",
                    "phase": "Successful",
                    "count": 1,
                    "successful": 1,
                    "consecutiveSuccess": 1,
                    "metadata": {"ResolvedPrometheusQuery": "up"},
                    "measurements": [
                        {"phase": "Successful", "value": "0.95", "startedAt": moment, "finishedAt": moment}
                    ],
                }
            ],
        }
        assert events(world) == [
            ("Normal", "MetricSuccessful", "Metric 'm' Completed. Result: Successful"),
            ("Normal", "AnalysisRunSuccessful", "Analysis Completed. Result: Successful"),
        ]


def test_a_failure_beyond_the_limit_ends_the_run_with_the_reason() -> None:
    with AnalysisWorld(Script(m=[0.1])) as world:
        world.begin(metric())
        world.until("Failed")
        assert world.status()["message"] == 'Metric "m" assessed Failed due to failed (1) > failureLimit (0)'
        assert ("Warning", "AnalysisRunFailed", "Analysis Completed. Result: Failed") in events(world)


def test_measurements_are_taken_exactly_an_interval_apart_and_nothing_is_looked_at_in_between() -> None:
    script = Script(m=[0.95])
    with AnalysisWorld(script) as world:
        world.begin(metric(interval="90s", count=3))
        world.until("Successful")
        asked = [question.asked_at for question in script.asked]
        assert [later - one for one, later in pairwise(asked)] == [timedelta(seconds=90)] * 2
        assert world.turns("analysis") < 20


def test_an_initial_delay_holds_the_first_measurement_back() -> None:
    script = Script(late=[0.95], soon=[0.95])
    with AnalysisWorld(script) as world:
        world.begin(metric("late", initialDelay="10m"), metric("soon"))
        world.until("Successful")
        late = next(question for question in script.asked if question.metric == "late")
        waited = late.asked_at - parse(world.status()["startedAt"])
        assert timedelta(minutes=10) <= waited < timedelta(minutes=10, seconds=1)


def test_an_error_is_tried_again_after_ten_seconds_and_four_in_a_row_are_borne() -> None:
    script = Script(m=[broken("connection refused")])
    with AnalysisWorld(script) as world:
        world.begin(metric(interval="5m", count=2))
        world.until("Error")
        asked = [question.asked_at for question in script.asked]
        assert len(asked) == 5
        assert asked[1] - asked[0] == timedelta(seconds=10)
        assert world.status()["message"] == (
            'Metric "m" assessed Error due to consecutiveErrors (5) > consecutiveErrorLimit (4): '
            '"Error Message: connection refused"'
        )


def test_an_error_that_passes_counts_for_nothing() -> None:
    with AnalysisWorld(Script(m=[broken("down"), broken("down"), 0.95])) as world:
        world.begin(metric())
        world.until("Successful")
        result = world.result("m")
        assert (result["error"], result["count"], result.get("consecutiveError")) == (2, 1, None)


def test_neither_condition_true_is_inconclusive() -> None:
    with AnalysisWorld(Script(m=[0.5])) as world:
        world.begin(metric(failureCondition="result < 0.1"))
        world.until("Inconclusive")
        assert "inconclusive (1) > inconclusiveLimit (0)" in world.status()["message"]


def test_successes_in_a_row_end_a_metric_early() -> None:
    with AnalysisWorld(Script(m=[0.1, 0.95, 0.1, 0.95])) as world:
        world.begin(metric(interval="10s", consecutiveSuccessLimit=3, failureLimit=-1))
        world.until("Successful")
        assert world.result("m")["count"] == 6


def test_a_metric_without_count_runs_until_it_is_terminated() -> None:
    with AnalysisWorld(Script(m=[0.95])) as world:
        world.begin(metric(interval="10s"))
        world.until_taken("m", 25)
        assert len(world.result("m")["measurements"]) == 10
        world.patch(RUNS, "run", {"spec": {"terminate": True}})
        world.until("Successful")
        assert world.status()["message"] == "Run Terminated"


def test_a_retention_rule_keeps_more_measurements() -> None:
    with AnalysisWorld(Script(m=[0.95])) as world:
        world.begin(metric(interval="10s"), measurementRetention=[{"metricName": "m.*", "limit": 15}])
        world.until_taken("m", 25)
        assert len(world.result("m")["measurements"]) == 15


def test_a_dry_run_does_not_count_and_says_what_it_would_have_come_to() -> None:
    with AnalysisWorld(Script(bad=[0.1], good=[0.95])) as world:
        world.begin(metric("bad"), metric("good"), dryRun=[{"metricName": "bad"}])
        world.until("Successful")
        assert world.result("bad")["message"] == "Metric assessed Failed due to failed (1) > failureLimit (0)"
        assert world.result("bad")["dryRun"] is True
        assert world.status()["dryRunSummary"] == {"count": 1, "failed": 1}
        assert world.status()["runSummary"] == {"count": 1, "successful": 1}


def test_a_metric_that_fails_ends_the_others() -> None:
    with AnalysisWorld(Script(bad=[0.95, 0.1], good=[0.95])) as world:
        world.begin(metric("bad", interval="60s"), metric("good", interval="10s"))
        world.until("Failed")
        assert world.result("good")["phase"] == "Successful"


def test_metrics_that_are_asked_together_are_written_together() -> None:
    with AnalysisWorld(Script(a=[0.95], b=[0.95])) as world:
        world.script.slow = {"b": 0.5}
        world.begin(metric("a"), metric("b"))
        world.run_until(lambda: bool(world.status().get("metricResults")))
        assert world.phase() == "Successful"


def test_a_slow_provider_holds_up_no_other_metric_and_no_other_run() -> None:
    script = Script(slow=[0.95], fast=[0.95])
    script.slow = {"slow": 50.0}
    with AnalysisWorld(script) as world:
        begun = world.clock.now()
        world.begin(metric("slow"), metric("fast", interval="5s", count=3))
        world.begin(metric("fast"), name="other")
        assert world.until("Successful", "other") - begun < timedelta(seconds=2)
        assert world.until_taken("fast", 3) - begun < timedelta(seconds=20)
        assert world.until("Successful") - begun >= timedelta(seconds=50)


def test_no_answer_at_all_is_an_error_without_foreign_text() -> None:
    with AnalysisWorld(Script(m=[RuntimeError("token=s3cret")])) as world:
        world.begin(metric(consecutiveErrorLimit=0))
        world.until("Error")
        assert "no answer from the metric provider: RuntimeError" in world.status()["message"]
        assert "s3cret" not in str(world.get(RUNS, RUN))


def test_a_provider_may_take_its_time_and_is_gone_on_with() -> None:
    script = Script(
        m=[
            Judged(phase="Running", metadata={"canaryExecutionId": "7"}, resume_after=15),
            Judged(phase="Running", resume_after=15),
            Judged(phase="Successful", text="90"),
        ]
    )
    with AnalysisWorld(script) as world:
        world.begin({"name": "m", "provider": {"kayenta": KAYENTA}})
        world.until("Running")
        assert world.result("m")["measurements"][0]["metadata"] == {"canaryExecutionId": "7"}
        world.until("Successful")
        assert [question.operation for question in script.asked] == ["run", "resume", "resume"]
        assert script.asked[2].asked_at - script.asked[1].asked_at == timedelta(seconds=15)
        assert world.result("m")["count"] == 1


def test_a_plug_in_is_asked_to_end_what_it_has_started() -> None:
    running, ended = Judged(phase="Running", resume_after=600), Judged(phase="Successful")
    script = Script(m=[running, ended])
    with AnalysisWorld(script) as world:
        world.begin({"name": "m", "provider": {"plugin": {"acme/sample": {"x": 1}}}})
        world.until("Running")
        world.patch(RUNS, "run", {"spec": {"terminate": True}})
        world.until("Successful")
        assert [question.operation for question in script.asked] == ["run", "terminate"]
        assert world.result("m")["measurements"][0]["message"] == "Metric Terminated"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"metrics": []}, "Analysis spec invalid: no metrics specified"),
        (
            {"metrics": [metric(count=2)]},
            "Analysis spec invalid: metrics[0]: interval must be specified when count > 1",
        ),
        (
            {"metrics": [metric()], "dryRun": [{"metricName": "other"}]},
            "Analysis spec invalid: dryRun[0]: Rule didn't match any metric name(s)",
        ),
        (
            {"metrics": [metric(condition="{{args.nope}}")]},
            "Unable to resolve metric arguments: failed to resolve {{args.nope}}",
        ),
        (
            {"metrics": [metric()], "args": [{"name": "x"}]},
            'Unable to resolve metric arguments: argument "x" was not supplied',
        ),
        (
            {
                "metrics": [metric(condition="{{args.x}}")],
                "args": [{"name": "x", "valueFrom": {"secretKeyRef": {"name": "gone", "key": "k"}}}],
            },
            'Unable to resolve metric arguments: secrets "gone" not found',
        ),
    ],
)
def test_what_cannot_be_measured_is_an_error_that_says_why(spec: dict[str, Any], message: str) -> None:
    with AnalysisWorld() as world:
        world.create(run(**{**spec, "metrics": []}) | {"spec": spec})
        world.until("Error")
        assert world.status()["message"] == message
        assert "completedAt" not in world.status()


def test_a_secret_fills_an_argument_and_is_shown_nowhere() -> None:
    script = Script(m=[broken("denied for token-12345"), value(0.95)])
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "creds", "namespace": "default"},
        "stringData": {"token": "token-12345"},
    }
    query = {"prometheus": {"address": "http://p", "query": 'up{token="{{args.token}}"}'}}
    with AnalysisWorld(script) as world:
        world.create(secret)
        world.begin(
            {"name": "m", "provider": query, "successCondition": "result > 0.9"},
            args=[{"name": "token", "valueFrom": {"secretKeyRef": {"name": "creds", "key": "token"}}}],
        )
        world.until("Successful")
        assert "token-12345" in script.asked[0].spec.value
        assert "token-12345" not in repr(script.asked[0])
        shown = str(world.get(RUNS, RUN)) + str(world.list(EVENTS, "default"))
        assert "token-12345" not in shown
        assert "denied for *****" in shown


def test_a_secret_that_comes_a_little_later_is_waited_for() -> None:
    with AnalysisWorld(Script(m=[0.95])) as world:
        world.begin(
            metric(condition="result > {{args.x}}"),
            args=[{"name": "x", "valueFrom": {"secretKeyRef": {"name": "late", "key": "x"}}}],
        )
        world.pass_time(5)
        world.create(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": "late", "namespace": "default"},
                "stringData": {"x": "0.5"},
            }
        )
        world.until("Successful")


def test_a_finished_run_is_deleted_when_it_has_outlived_its_time() -> None:
    with AnalysisWorld(Script(m=[0.95])) as world:
        world.begin(metric(), ttlStrategy={"secondsAfterSuccess": 3600, "secondsAfterCompletion": 60})
        done = world.until("Successful")
        gone = world.run_until(lambda: ("AnalysisRun", "run") not in world.stored)
        assert timedelta(seconds=3600) < gone - done <= timedelta(seconds=3602)


def test_a_finished_run_is_never_touched_again() -> None:
    with AnalysisWorld(Script(m=[0.95])) as world:
        world.begin(metric())
        world.until("Successful")
        before = world.engine.writes_count
        world.pass_time(86400)
        assert world.engine.writes_count == before


def test_after_a_crash_the_measurement_is_taken_again_and_counted_once() -> None:
    script = Script(m=[values(0.95)])
    script.slow = {"m": 30.0}
    with AnalysisWorld(script) as world:
        world.begin(metric(condition="result[0] > 0.9"))
        world.pass_time(10)
        world.restart()
        world.until("Successful")
        assert world.result("m")["count"] == 1
        assert len(script.asked) == 2


def test_only_runs_with_the_instance_id_are_measured() -> None:
    with AnalysisWorld(Script(m=[0.95]), AnalysisSettings(instance_id="blue")) as world:
        world.begin(metric())
        ours = run(metric(), name="ours")
        ours["metadata"]["labels"] = {"argo-rollouts.argoproj.io/controller-instance-id": "blue"}
        world.create(ours)
        world.until("Successful", "ours")
        assert world.phase() == ""
        assert world.get(RUNS, Key("default", "run")) is not None


def test_a_plug_in_is_found_in_the_settings_of_rollouts() -> None:
    script = Script(m=[Judged(phase="Successful")])
    with AnalysisWorld(script, AnalysisSettings(namespace="default")) as world:
        world.create(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "argo-rollouts-config", "namespace": "default"},
                "data": {"metricProviderServices": "- name: acme/sample\n  url: http://plugin.acme/\n- broken"},
            }
        )
        world.begin({"name": "m", "provider": {"plugin": {"acme/sample": {"x": 1}}}})
        world.until("Successful")
        assert script.asked[0].credentials.value == '{"acme/sample": "http://plugin.acme/"}'
