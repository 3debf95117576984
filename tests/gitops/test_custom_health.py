"""Users' health checks from the settings, in virtual time on the embedded cluster, with real Lua workers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from argosy.machinery.objects import Resource
from argosy.machinery.pieces import finished
from tests.kit.gitops import REPO, SETTINGS, Bench, application, config
from tests.kit.world import CONFIG_MAPS

EVENTS = Resource("", "v1", "events", "Event")
CHECK = "resource.customizations.health.ConfigMap"
BY_VALUE = """
if obj.data.value == "bad" then return {status = "Degraded", message = obj.metadata.name .. " is bad"} end
if obj.data.value == "slow" then return {status = "Progressing"} end
return {status = "Healthy"}
"""


def customize(bench: Bench, **data: str | None) -> None:
    given = {name.replace("__", "."): value for name, value in data.items()}
    bench.patch(SETTINGS, {"data": given}, CONFIG_MAPS)


@pytest.fixture
def judged(bench: Bench) -> Bench:
    bench.settings(**{CHECK: BY_VALUE})
    return bench


def test_an_application_is_as_well_as_a_users_check_says(judged: Bench) -> None:
    judged.create(application())
    judged.world.run_until(lambda: judged.synced() and judged.health() == "Healthy")

    judged.git.push(REPO, {"conf/a.yaml": config("a", "bad"), "conf/b.yaml": config("b", "two")})
    judged.world.run_until(lambda: judged.health() == "Degraded")
    assert judged.status()["health"]["message"] == "Caused by ConfigMap:default/a"

    judged.git.push(REPO, {"conf/a.yaml": config("a", "good"), "conf/b.yaml": config("b", "two")})
    judged.world.run_until(lambda: judged.health() == "Healthy")


def test_an_unchanged_object_is_not_judged_again_and_a_change_of_the_settings_judges_all(judged: Bench) -> None:
    judged.create(application())
    judged.world.run_until(lambda: judged.synced() and judged.health() == "Healthy")
    judged.world.pass_time(10)
    custom_checks = judged.gitops.context.custom_checks
    before = custom_checks.evaluated
    judged.refresh()
    judged.refresh(how="hard")
    judged.world.pass_time(600)
    assert custom_checks.evaluated == before

    customize(judged, **{CHECK: "return {status = 'Suspended', message = 'mine'}"})
    judged.world.run_until(lambda: judged.health() == "Suspended")
    assert custom_checks.evaluated == before + 2
    customize(judged, **{CHECK: None})
    judged.world.run_until(lambda: judged.health() == "Healthy")
    assert custom_checks.evaluated == before + 2


def test_a_deletion_waits_for_its_hook_as_a_users_check_judges_it(judged: Bench) -> None:
    judged.git.push(
        REPO, {"conf/a.yaml": config("a", "good"), "conf/pre.yaml": config("pre", "slow", hook="PreDelete")}
    )
    judged.create(application())
    judged.world.run_until(judged.synced)
    judged.delete("app")
    judged.world.run_until(lambda: judged.value("pre") == "slow")
    judged.world.pass_time(300)
    assert judged.app()
    judged.patch("pre", {"data": {"value": "quick"}}, CONFIG_MAPS, "default")
    judged.world.run_until(lambda: not judged.app())


def test_a_wave_waits_for_what_a_users_check_calls_healthy(judged: Bench) -> None:
    judged.git.push(REPO, {"conf/a.yaml": config("a", "slow"), "conf/b.yaml": config("b", "two", sync_wave="1")})
    judged.create(application(syncPolicy={}))
    judged.world.run_until(lambda: judged.sync_status() == "OutOfSync")
    judged.sync()
    judged.world.run_until(lambda: judged.value("a") == "slow")
    judged.world.pass_time(300)
    assert (judged.phase(), judged.value("b")) == ("Running", None)
    assert "waiting for healthy state of /ConfigMap/a" in judged.state()["message"]

    judged.patch("a", {"data": {"value": "quick"}}, CONFIG_MAPS, "default")
    judged.world.run_until(lambda: judged.phase() == "Succeeded")
    assert judged.value("b") == "two"


def test_a_wave_fails_with_what_a_users_check_calls_degraded(judged: Bench) -> None:
    judged.git.push(REPO, {"conf/a.yaml": config("a", "bad"), "conf/b.yaml": config("b", "two", sync_wave="1")})
    judged.create(application(syncPolicy={}))
    judged.world.run_until(lambda: judged.sync_status() == "OutOfSync")
    judged.sync()
    judged.world.run_until(lambda: judged.phase() == "Failed")
    assert judged.result("ConfigMap", "a")["message"] == "a is bad"
    assert judged.value("b") is None


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("while true do end", "script exceeded its limit of time"),
        ("local t = {} while true do t[#t + 1] = {} end", "script needs more than 64 MiB"),
        ("return obj.no.such", "attempt to index field 'no'"),
    ],
)
def test_a_script_that_fails_makes_its_objects_unknown_and_nothing_else(bench: Bench, script: str, text: str) -> None:
    bench.settings(**{"resource.customizations": f"a/B: x\nConfigMap:\n  health.lua: {script!r}"})
    bench.create(application())
    bench.world.run_until(lambda: bench.synced() and bench.health() == "Unknown")
    live = finished(bench.gitops.live.tracked("app", bench.gitops.plane.settings))
    memory = next(iter(bench.gitops.context.memory.values()))
    verdicts = [verdict for _, verdict in memory.verdicts.values() if verdict]
    assert len(live) == 2
    assert all(text in verdict.message for verdict in verdicts)
    bench.git.push(REPO, {"conf/a.yaml": config("a", "three")})
    bench.world.run_until(lambda: bench.value("a") == "three" and bench.value("b") is None)


def test_a_check_that_asks_the_time_gets_the_clocks_and_is_asked_again(bench: Bench) -> None:
    until = bench.world.clock.now() + timedelta(seconds=1000)
    early = f"require('os').time() < {int(until.timestamp())}"
    bench.settings(**{CHECK: f"return {{status = {early} and 'Progressing' or 'Healthy'}}"})
    bench.create(application())
    bench.world.run_until(lambda: bench.synced() and bench.health() == "Progressing")
    bench.world.pass_time(10)
    before = bench.gitops.context.custom_checks.evaluated
    bench.world.run_until(lambda: bench.health() == "Healthy")
    late = bench.world.clock.now() - until
    assert timedelta(0) <= late <= timedelta(seconds=121)
    # Two objects, once in two minutes.
    assert bench.gitops.context.custom_checks.evaluated - before <= 2 * (1000 // 120 + 2)


def test_an_application_that_can_no_longer_be_compared_does_not_wait_for_a_verdict(bench: Bench) -> None:
    bench.settings(**{CHECK: "return {status = require('os').time() > 0 and 'Healthy' or ''}"})
    bench.create(application())
    bench.world.run_until(lambda: bench.synced() and bench.health() == "Healthy")
    bench.patch("app", {"spec": {"project": "gone"}})
    bench.world.run_until(lambda: "InvalidSpecError" in bench.conditions())
    bench.world.pass_time(2)  # a changed spec has a comparison with a time of its own
    before = bench.gitops.context.custom_checks.evaluated, bench.gitops.status_writes
    bench.world.pass_time(600)
    assert (bench.gitops.context.custom_checks.evaluated, bench.gitops.status_writes) == before


def test_bad_settings_are_reported_by_an_event_and_the_others_count(bench: Bench) -> None:
    bench.settings(**{CHECK: BY_VALUE, "resource.customizations.health.a_b_c": "return {}"})
    bench.git.push(REPO, {"conf/a.yaml": config("a", "bad")})
    bench.create(application())
    bench.world.run_until(lambda: bench.synced() and bench.health() == "Degraded")
    found = bench.world.run(bench.world.client.list(EVENTS, "argocd")).items
    told = [event for event in found if event["involvedObject"]["name"] == SETTINGS]
    assert [(event["type"], event["reason"]) for event in told] == [("Warning", "InvalidSetting")]
    assert "resource.customizations.health.a_b_c: must end with <group>_<kind>" in told[0]["message"]


def test_a_new_process_judges_as_the_one_before(judged: Bench) -> None:
    judged.git.push(REPO, {"conf/a.yaml": config("a", "bad")})
    judged.create(application())
    judged.world.run_until(lambda: judged.synced() and judged.health() == "Degraded")
    judged.kill()
    version = judged.world.run(judged.world.client.read(CONFIG_MAPS, "a", "default"))["metadata"]["resourceVersion"]
    judged.start()
    judged.world.pass_time(60)
    assert judged.health() == "Degraded"
    assert judged.gitops.context.custom_checks.evaluated == 1
    after = judged.world.run(judged.world.client.read(CONFIG_MAPS, "a", "default"))["metadata"]["resourceVersion"]
    assert after == version
