"""Ignored differences in full jq, in virtual time on the embedded cluster, with real jq workers."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.machinery.objects import Resource
from argosy.render.jq.port import Answer
from tests.kit.gitops import REPO, Bench, application, config
from tests.kit.world import CONFIG_MAPS

EVENTS = Resource("", "v1", "events", "Event")
BY_PATTERN = ".data | length as $n | .value | select(. != null and $n > 0)"
VALUE = 'select(.metadata.name | test("^a$")) | .data.value'


def ignoring(*expressions: str, **spec: Any) -> dict[str, Any]:
    return {"ignoreDifferences": [{"kind": "ConfigMap", "jqPathExpressions": list(expressions)}], **spec}


def told(bench: Bench) -> list[str]:
    found = bench.world.run(bench.world.client.list(EVENTS, "argocd")).items
    return [event["message"] for event in found if event["reason"] == "InvalidSetting"]


def drift(bench: Bench, name: str, value: str) -> None:
    bench.patch(name, {"data": {"value": value}}, CONFIG_MAPS, "default")


@pytest.mark.parametrize("expression", [VALUE, BY_PATTERN, ".. | .value? // empty"])
def test_what_jq_leads_to_is_no_difference(bench: Bench, expression: str) -> None:
    bench.create(application(**ignoring(expression)))
    bench.world.run_until(bench.synced)
    drift(bench, "a", "drifted")
    bench.world.pass_time(600)
    assert (bench.sync_status(), bench.value("a")) == ("Synced", "drifted")
    assert told(bench) == []


def test_what_jq_does_not_lead_to_is_healed(bench: Bench) -> None:
    bench.create(application(**ignoring(VALUE)))
    bench.world.run_until(bench.synced)
    drift(bench, "b", "drifted")
    bench.world.run_until(lambda: bench.value("b") == "two")
    bench.world.run_until(bench.synced)


def test_a_systems_rule_acts_as_an_applications(bench: Bench) -> None:
    rules = f"jqPathExpressions:\n- '{VALUE}'\n"
    bench.settings(**{"resource.customizations.ignoreDifferences.ConfigMap": rules})
    bench.create(application())
    bench.world.run_until(bench.synced)
    drift(bench, "a", "drifted")
    bench.world.pass_time(600)
    assert (bench.sync_status(), bench.value("a")) == ("Synced", "drifted")


def test_an_unchanged_object_costs_no_jq(bench: Bench) -> None:
    bench.create(application(**ignoring(VALUE)))
    bench.world.run_until(bench.synced)
    bench.world.pass_time(10)
    asking = bench.gitops.context.jq
    before = asking.asked
    assert before > 0
    bench.refresh()
    bench.refresh(how="hard")
    bench.world.pass_time(600)
    assert asking.asked == before
    drift(bench, "a", "drifted")
    bench.world.pass_time(60)
    assert asking.asked > before


def test_plain_paths_need_no_worker(bench: Bench) -> None:
    bench.create(application(**ignoring(".data.value", '.metadata.labels["a/b"]')))
    bench.world.run_until(bench.synced)
    drift(bench, "a", "drifted")
    bench.world.pass_time(60)
    assert (bench.sync_status(), bench.jq.pool.started) == ("Synced", 0)


def test_a_sync_leaves_what_jq_leads_to_as_it_is(bench: Bench) -> None:
    policy = {"automated": {}, "syncOptions": ["RespectIgnoreDifferences=true"]}
    bench.create(application(**ignoring(VALUE, syncPolicy=policy)))
    bench.world.run_until(bench.synced)
    drift(bench, "a", "drifted")
    bench.git.push(REPO, {"conf/a.yaml": config("a", "three", x="y"), "conf/b.yaml": config("b", "four")})
    bench.world.run_until(lambda: bench.value("b") == "four" and bench.synced())
    found = bench.get(CONFIG_MAPS, "a")
    assert found is not None
    assert found["data"]["value"] == "drifted"
    assert found["metadata"]["annotations"]["argocd.argoproj.io/x"] == "y"


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (".data | to_entries[]", "Invalid path expression"),
        (".data | select(", "it is not a jq expression"),
        (".data), (.kind", "it is not a jq expression"),
        ("def f: f; f", "it met its limits"),
        ("[range(1e9)]", "it met its limits"),
        ("error(.data)", "it ends in an error"),
    ],
)
def test_an_expression_that_fails_is_reported_once_and_others_act(bench: Bench, expression: str, text: str) -> None:
    bench.create(application(**ignoring(expression, VALUE)))
    bench.world.run_until(bench.synced)
    drift(bench, "a", "drifted")
    drift(bench, "b", "drifted")
    bench.world.run_until(lambda: bench.value("b") == "two")
    bench.world.run_until(bench.synced)
    bench.refresh()
    assert bench.value("a") == "drifted"
    [message] = told(bench)
    assert text in message
    assert "drifted" not in message


def test_without_jq_nothing_is_known_and_nothing_is_healed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.create(application(**ignoring(VALUE)))
    bench.world.run_until(bench.synced)

    async def outage(calls: list[object]) -> list[Answer]:
        return [Answer(error="no worker can be started", is_outage=True)] * len(calls)

    with monkeypatch.context() as patched:
        patched.setattr(bench.jq, "evaluate", outage)
        drift(bench, "a", "drifted")
        bench.world.run_until(lambda: "ComparisonError" in bench.conditions())
        assert "no worker can be started" in bench.conditions()["ComparisonError"]
        assert (bench.sync_status(), bench.value("a")) == ("Unknown", "drifted")
    bench.refresh()
    bench.world.run_until(bench.synced)
    assert bench.value("a") == "drifted"


def test_a_new_process_decides_as_the_one_before(bench: Bench) -> None:
    bench.create(application(**ignoring(VALUE)))
    bench.world.run_until(bench.synced)
    drift(bench, "a", "drifted")
    bench.kill()
    bench.start()
    bench.world.pass_time(60)
    assert (bench.sync_status(), bench.value("a")) == ("Synced", "drifted")
