"""RollingSync as a table: who is Waiting, Pending, Progressing, Healthy, and who gets a sync."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.apis.argoproj import ApplicationSet
from argosy.apis.argoproj.applicationset.spec import RollingStep
from argosy.apis.schema import read
from argosy.gitops.applicationsets.rolling import rolling_sync
from argosy.gitops.applicationsets.rolling.rolling_sync import (
    advanced,
    deletion_batch,
    operation,
    unusable,
    without_automation,
)
from argosy.gitops.applicationsets.rolling.steps import issue, most, step_of
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import seconds

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
SPEC: JsonObject = {"project": "p", "source": {"repoURL": "r", "path": "x"}, "destination": {"name": "c"}}


def step(*values: str, **more: Any) -> JsonObject:
    return {"matchExpressions": [{"key": "env", "operator": "In", "values": list(values)}], **more}


def view(one: JsonObject) -> RollingStep:
    return read(RollingStep, one)


def appset(steps: list[JsonObject], statuses: list[JsonObject] | None = None) -> JsonObject:
    strategy = {"type": "RollingSync", "rollingSync": {"steps": steps}}
    return {
        "metadata": {"name": "fleet", "namespace": "argocd"},
        "spec": {"strategy": strategy},
        "status": {"applicationStatus": statuses or []},
    }


def app(name: str, env: str, spec: JsonObject = SPEC) -> JsonObject:
    return {"metadata": {"name": name, "labels": {"env": env}}, "spec": spec}


def live(name: str, env: str, sync: str, health: str, revision: str = "r1", **status: Any) -> JsonObject:
    shown = {"sync": {"status": sync, "revision": revision}, "health": {"status": health}, **status}
    return {**app(name, env), "status": shown}


def status(name: str, phase: str, number: int = 1, revision: str = "r1") -> JsonObject:
    return {
        "application": name, "status": phase, "step": str(number), "targetRevisions": [revision], "message": "m",
        "lastTransitionTime": seconds(NOON),
    }  # fmt: skip


def phases(found: rolling_sync.Advance) -> dict[str, str]:
    return {item["application"]: item["status"] for item in found.statuses}


STARTED: dict[str, Any] = {"operationState": {"startedAt": seconds(LATER)}, "reconciledAt": seconds(LATER)}


@pytest.mark.parametrize(
    ("before", "shown", "after"),
    [
        (None, live("a", "dev", "OutOfSync", "Healthy"), "Pending"),
        ("Waiting", live("a", "dev", "Synced", "Healthy"), "Healthy"),
        ("Waiting", live("a", "dev", "Synced", "Degraded"), "Progressing"),
        ("Waiting", live("a", "dev", "OutOfSync", "Healthy"), "Pending"),
        ("Pending", live("a", "dev", "OutOfSync", "Healthy"), "Pending"),
        ("Pending", live("a", "dev", "OutOfSync", "Healthy", **STARTED), "Progressing"),
        ("Pending", live("a", "dev", "OutOfSync", "Healthy", reconciledAt=seconds(LATER)), "Pending"),
        (
            "Pending",
            live(
                "a",
                "dev",
                "OutOfSync",
                "Healthy",
                reconciledAt=seconds(LATER),
                conditions=[{"type": "InvalidSpecError"}],
            ),
            "Progressing",
        ),
        ("Progressing", live("a", "dev", "Synced", "Progressing"), "Progressing"),
        ("Progressing", live("a", "dev", "OutOfSync", "Healthy"), "Progressing"),
        ("Progressing", live("a", "dev", "Synced", "Healthy"), "Healthy"),
        ("Healthy", live("a", "dev", "Synced", "Degraded"), "Healthy"),
        ("Healthy", live("a", "dev", "OutOfSync", "Healthy", revision="r2"), "Pending"),
    ],
)
def test_each_edge_of_the_machine(before: str | None, shown: JsonObject, after: str) -> None:
    given_set = appset([step("dev")], [status("a", before)] if before else [])
    assert phases(advanced(given_set, [app("a", "dev")], {"a": shown}, LATER)) == {"a": after}


def test_a_changed_spec_waits_again_and_a_sync_from_before_the_change_does_not_count() -> None:
    changed = {**SPEC, "source": {"repoURL": "r", "path": "y"}}
    given_set = appset([step("dev", maxUpdate=0)], [status("a", "Healthy")])
    shown = live("a", "dev", "Synced", "Healthy")
    assert phases(advanced(given_set, [app("a", "dev", changed)], {"a": shown}, LATER)) == {"a": "Waiting"}
    given_set = appset([step("dev", maxUpdate=0)], [status("a", "Waiting")])
    stale = {**live("a", "dev", "Synced", "Healthy"), "spec": changed}
    stale["status"]["sync"]["comparedTo"] = {"source": SPEC["source"], "destination": SPEC["destination"]}
    assert phases(advanced(given_set, [app("a", "dev", changed)], {"a": stale}, LATER)) == {"a": "Waiting"}


def test_the_next_step_waits_until_all_of_the_one_before_are_healthy() -> None:
    steps = [step("dev"), step("prod")]
    wanted = [app("d1", "dev"), app("d2", "dev"), app("p", "prod")]
    shown = {
        name: live(name, env, "OutOfSync", "Healthy") for name, env in (("d1", "dev"), ("d2", "dev"), ("p", "prod"))
    }
    for second, expected in (("Progressing", "Waiting"), ("Healthy", "Pending")):
        before = [status("d1", "Healthy"), status("d2", second), status("p", "Waiting", 2)]
        found = advanced(appset(steps, before), wanted, shown, LATER)
        assert phases(found)["p"] == expected
        assert found.sync == (("p",) if expected == "Pending" else ())


def test_one_that_was_let_go_is_not_synced_while_an_earlier_step_is_under_way_again() -> None:
    steps = [step("dev"), step("prod")]
    found = advanced(
        appset(steps, [status("a", "Healthy"), status("b", "Pending", 2)]),
        [app("a", "dev"), app("b", "prod")],
        {"a": live("a", "dev", "OutOfSync", "Healthy", "r2"), "b": live("b", "prod", "OutOfSync", "Healthy")},
        LATER,
    )
    assert phases(found) == {"a": "Pending", "b": "Pending"}
    assert found.sync == ("a",)


@pytest.mark.parametrize(
    ("limit", "total", "many"),
    [
        (None, 5, None),
        (2, 5, 2),
        (0, 5, 0),
        ("50%", 5, 2),
        ("10%", 5, 1),
        ("0%", 5, 0),
        ("3", 5, 1),
        ("many", 5, 1),
        ("100%", 5, 5),
    ],
)
def test_how_many_may_be_under_way(limit: Any, total: int, many: int | None) -> None:
    assert most(view({} if limit is None else {"maxUpdate": limit}), total) == many


def test_applications_in_no_step_are_never_synced_but_count_into_the_first() -> None:
    wanted = [app(f"d{number}", "dev") for number in range(2)] + [app(f"x{number}", "other") for number in range(2)]
    shown = {
        a["metadata"]["name"]: live(a["metadata"]["name"], a["metadata"]["labels"]["env"], "OutOfSync", "Healthy")
        for a in wanted
    }
    found = advanced(appset([step("dev", maxUpdate="50%")]), wanted, shown, LATER)
    assert phases(found) == {"d0": "Pending", "d1": "Pending", "x0": "Waiting", "x1": "Waiting"}
    assert {item["step"] for item in found.statuses} == {"1", "-1"}
    assert found.sync == ("d0", "d1")


def test_deletion_in_reverse_takes_the_last_step_that_has_any() -> None:
    owned = [app("d", "dev"), app("p", "prod"), app("x", "none")]
    given_set = appset([step("dev"), step("prod")])
    order = []
    while batch := deletion_batch(given_set, owned):
        order.append([a["metadata"]["name"] for a in batch])
        owned = [a for a in owned if a not in batch]
    assert (order, [a["metadata"]["name"] for a in owned]) == ([["p"], ["d"]], ["x"])


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ([step("dev"), step("prod")], ""),
        ([step("dev"), {"matchExpressions": [{"key": "k", "operator": "Exists"}]}], "'Exists' is not valid"),
        ([step("dev", maxUpdate="many"), step("prod")], "'many' is neither"),
        ([step("dev"), step("dev", "prod")], "'d' is selected by steps 1, 2"),
        ([step("dev"), step("stage"), step("prod")], "criteria of steps 2"),
        ([step("dev"), {}], "'d' is selected by steps 1, 2"),
    ],
)
def test_a_wrong_strategy_says_what_is_wrong(steps: list[JsonObject], problem: str) -> None:
    found = issue(list(map(view, steps)), [app("d", "dev"), app("p", "prod")])
    assert problem in found if problem else found == ""


@pytest.mark.parametrize(("enabled", "steps", "problem"), [(True, [], "No steps"), (True, [{}], ""), (False, [], "")])
def test_a_strategy_without_steps_stops_everything(enabled: bool, steps: list[JsonObject], problem: str) -> None:
    found = unusable(read(ApplicationSet, appset(steps)).spec, enabled=enabled)
    assert found.startswith(problem) if problem else found == ""


@pytest.mark.parametrize(("env", "index"), [("dev", 0), ("both", 0), ("prod", 1), ("none", -1)])
def test_labels_choose_the_first_step_that_matches(env: str, index: int) -> None:
    assert step_of(app("a", env), [view(step("dev", "both")), view(step("prod", "both"))]) == index


def test_a_step_may_take_what_lacks_a_label() -> None:
    others = {"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["db"]}]}
    assert step_of(app("a", "dev"), [view(others)]) == 0
    assert step_of(app("a", "dev"), [view({})]) == 0


def automated(**policy: Any) -> JsonObject:
    return app("a", "dev", {**SPEC, "syncPolicy": {"automated": policy, "syncOptions": ["Validate=false"]}})


@pytest.mark.parametrize(
    ("policy", "prunes"), [({"prune": True}, True), ({}, False), ({"prune": True, "enabled": False}, False)]
)
def test_a_sync_prunes_as_the_automation_would_that_the_strategy_switches_off(policy: JsonObject, prunes: bool) -> None:
    off = without_automation(automated(**policy))["spec"]["syncPolicy"]
    assert off == {"automated": {**policy, "enabled": False}, "syncOptions": ["Validate=false"]}
    sync = operation(automated(**policy))
    assert sync["sync"] == {"syncOptions": ["Validate=false"], **({"prune": True} if prunes else {})}
    assert (sync["retry"], sync["initiatedBy"]["automated"]) == ({"limit": 5}, True)


def test_the_rollout_names_the_first_step_that_is_not_done() -> None:
    wanted, steps = [app("d", "dev"), app("p", "prod"), app("x", "none")], [step("dev"), step("prod")]
    shown = {a["metadata"]["name"]: live(a["metadata"]["name"], "", "OutOfSync", "Healthy") for a in wanted}
    for first, second, expected in (
        ("Progressing", "Waiting", 1),
        ("Healthy", "Waiting", 2),
        ("Healthy", "Healthy", None),
    ):
        before = [status("d", first), status("p", second, 2), status("x", "Waiting", -1)]
        assert advanced(appset(steps, before), wanted, shown, LATER).step == expected


ENVS = ("dev", "stage", "prod")
PHASES = ("Waiting", "Pending", "Progressing", "Healthy")


@given(
    st.lists(st.tuples(st.sampled_from(ENVS), st.sampled_from(PHASES), st.booleans(), st.booleans()), max_size=8),
    st.lists(st.sampled_from([None, 0, 1, 2, "50%"]), min_size=3, max_size=3),
)
def test_no_step_begins_before_its_time_and_no_limit_is_passed(
    rows: list[tuple[str, str, bool, bool]], limits: list[Any]
) -> None:
    steps = [
        step(env, **({} if limit is None else {"maxUpdate": limit})) for env, limit in zip(ENVS, limits, strict=True)
    ]
    wanted = [app(f"a{at}", env) for at, (env, *_) in enumerate(rows)]
    before = [status(f"a{at}", phase, ENVS.index(env) + 1) for at, (env, phase, *_) in enumerate(rows)]
    shown = {
        f"a{at}": live(f"a{at}", env, "Synced" if synced else "OutOfSync", "Healthy" if healthy else "Degraded")
        for at, (env, _, synced, healthy) in enumerate(rows)
    }
    found = phases(advanced(appset(steps, before), wanted, shown, LATER))
    was = {item["application"]: item["status"] for item in before}
    for at, (env, *_) in enumerate(rows):
        if found[f"a{at}"] == "Pending" and was[f"a{at}"] == "Waiting":
            earlier = [found[f"a{n}"] for n, (other, *_) in enumerate(rows) if ENVS.index(other) < ENVS.index(env)]
            assert set(earlier) <= {"Healthy"}
            number = ENVS.index(env)
            limit = most(view(steps[number]), sum(other == env for other, *_ in rows))
            busy = sum(
                found[f"a{n}"] in ("Pending", "Progressing") for n, (other, *_) in enumerate(rows) if other == env
            )
            assert limit is None or busy <= limit
    again = appset(steps, advanced(appset(steps, before), wanted, shown, LATER).statuses)
    settled = advanced(again, wanted, shown, LATER)
    first = min((ENVS.index(env) for at, (env, *_) in enumerate(rows) if found[f"a{at}"] != "Healthy"), default=0)
    due = {f"a{at}" for at, (env, *_) in enumerate(rows) if found[f"a{at}"] == "Pending" and ENVS.index(env) <= first}
    assert due <= set(settled.sync), "what has an operation to come gets it"
    phase_of, step_of_name = phases(settled), {f"a{at}": ENVS.index(env) for at, (env, *_) in enumerate(rows)}
    first = min((step_of_name[name] for name, phase in phase_of.items() if phase != "Healthy"), default=0)
    assert all(step_of_name[name] <= first for name in settled.sync)


@pytest.mark.parametrize(
    ("started", "synced", "begins"),
    [
        (NOON, "r1", True),
        (NOON, "", True),  # it has just begun, and did not record yet what it syncs
        (NOON, "r0", False),
        (LATER, "r0", True),  # somebody synced to something else meanwhile, as upstream counts it
        (NOON - timedelta(seconds=1), "r1", False),
    ],
)
def test_an_earlier_sync_of_the_same_second_is_not_taken_for_the_one_that_is_due(
    started: datetime, synced: str, begins: bool
) -> None:
    state: JsonObject = {"startedAt": seconds(started), "syncResult": {"revision": synced}}
    shown = live("a", "dev", "OutOfSync", "Healthy", operationState=state, reconciledAt=seconds(LATER))
    pending = status("a", "Pending")
    found = rolling_sync.advanced(appset([step("dev")], [pending]), [app("a", "dev")], {"a": shown}, LATER)
    assert phases(found) == {"a": "Progressing" if begins else "Pending"}
    assert rolling_sync.needs_operation(shown, pending) is not begins
