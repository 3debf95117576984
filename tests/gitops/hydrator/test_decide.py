"""When a group is collected, asked for its dry commit, hydrated and updated: pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.hydrator.decide import GATHERING, UNKNOWN, decide
from argosy.gitops.hydrator.look import Memory, Seen
from argosy.gitops.hydrator.questions import Batch, End
from argosy.machinery.controller import KEEP, Apart, Decision
from argosy.machinery.objects import JsonObject, Key, key_of

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
SETTINGS = Settings(hydrator_enabled=True, refresh_seconds=120.0, refresh_jitter=60.0)
GROUP = Key("repo@main", "repo@env")


def app(name: str = "a", **operation: Any) -> JsonObject:
    hydrator = {"drySource": {"repoURL": "repo", "targetRevision": "main", "path": "dry"},
                "syncSource": {"targetBranch": "env", "path": name}}  # fmt: skip
    status = {"currentOperation": {"sourceHydrator": hydrator, **operation}} if operation else {}
    if operation.get("drySHA"):
        status["lastComparedDryRevision"] = operation["drySHA"]
    metadata = {"name": name, "namespace": "argocd", "uid": name, "resourceVersion": "1"}
    return {"metadata": metadata, "spec": {"sourceHydrator": hydrator}, "status": {"sourceHydrator": status}}


def seen(*apps: JsonObject, settings: Settings = SETTINGS, **more: Any) -> Seen:
    memory = more.pop("memory", Memory(members=frozenset(key_of(item) for item in apps)))
    return Seen(key=GROUP, settings=settings, apps=apps, memory=memory,
                relevant={key_of(item): True for item in apps}, **more)  # fmt: skip


def memory_of(decision: Decision) -> Memory:
    assert isinstance(decision.memory, Memory)
    return decision.memory


def hydrated(name: str = "a", dry: str = "one") -> JsonObject:
    return app(name, phase="Hydrated", drySHA=dry)


def test_new_members_are_waited_for_and_not_longer_than_that() -> None:
    found = memory_of(decide(seen(app(), memory=Memory()), NOON))
    assert found.gather_until == NOON + GATHERING
    assert decide(seen(app(), memory=found), NOON).wake_at == NOON + GATHERING
    assert memory_of(decide(seen(app(), memory=found), NOON + GATHERING)).gather_until is None


def test_one_that_leaves_is_waited_for_by_nobody() -> None:
    before = Memory(members=frozenset({Key("argocd", "a"), Key("argocd", "b")}))
    assert memory_of(decide(seen(app(), memory=before), NOON)).gather_until is None


def test_a_poll_is_due_at_its_moment_and_each_group_and_poll_has_a_jitter_of_its_own() -> None:
    memory = Memory(members=frozenset({Key("argocd", "a")}), dry="one", poll_at=NOON)
    asked = memory_of(decide(seen(hydrated(), memory=memory), NOON))
    assert asked.asked == 1
    assert asked.poll_at is not None
    assert timedelta(seconds=120) <= asked.poll_at - NOON <= timedelta(seconds=180)
    again = replace(asked, answered=1)
    later = memory_of(decide(seen(hydrated(), memory=again), asked.poll_at))
    assert later.poll_at is not None
    assert later.poll_at - asked.poll_at != asked.poll_at - NOON
    early = decide(seen(hydrated(), memory=again), asked.poll_at - timedelta(seconds=1))
    assert (early.wake_at, early.background, early.steps) == (asked.poll_at, True, ())


def test_what_could_not_be_learned_is_asked_again_though_nothing_is_polled() -> None:
    quiet = replace(SETTINGS, refresh_seconds=0.0)
    asked = memory_of(decide(seen(hydrated(), settings=quiet), NOON))
    unknown = memory_of(decide(seen(hydrated(), settings=quiet, memory=asked, dry=""), NOON))
    assert decide(seen(hydrated(), settings=quiet, memory=unknown), NOON).wake_at == NOON + UNKNOWN
    assert memory_of(decide(seen(hydrated(), settings=quiet, memory=unknown), NOON + UNKNOWN)).asked == 2
    known = replace(unknown, dry="one")
    assert decide(seen(hydrated(), settings=quiet, memory=known), NOON + UNKNOWN).wake_at is None


def test_nothing_is_committed_before_every_member_says_that_it_is_hydrating() -> None:
    memory = Memory(members=frozenset({Key("argocd", "a"), Key("argocd", "b")}), begun=True)
    found = decide(seen(app("a"), app("b", phase="Hydrating", startedAt="2030-01-01T11:59:00Z"), memory=memory), NOON)
    [apart] = found.steps
    assert isinstance(apart, Apart)
    assert [str(write) for chain in apart.chains for write in chain] == ["patch applications.argoproj.io argocd/a"]
    assert memory_of(found).batch == Batch(1, ())


def test_a_running_hydration_is_awaited_and_its_end_is_written_to_those_that_still_say_so() -> None:
    marked = [app(name, phase="Hydrating", startedAt="2030-01-01T11:59:00Z") for name in "ab"]
    memory = Memory(members=frozenset(map(key_of, marked)), begun=True, batch=Batch(1, tuple(marked)))
    waiting = decide(seen(*marked, memory=memory), NOON)
    assert (waiting.steps, waiting.memory) == ((), KEEP)
    told = decide(seen(hydrated("a"), marked[1], memory=memory, end=End("two", "commit")), NOON)
    [apart] = told.steps
    assert isinstance(apart, Apart)
    assert [str(write) for chain in apart.chains for write in chain] == ["patch applications.argoproj.io argocd/b"]
    assert (memory_of(told).batch, memory_of(told).begun, memory_of(told).dry) == (None, False, "two")


def test_an_idle_group_writes_nothing() -> None:
    memory = Memory(members=frozenset({Key("argocd", "a")}), dry="one", poll_at=NOON + timedelta(seconds=9))
    found = decide(seen(hydrated(), memory=memory), NOON)
    assert (found.steps, found.memory) == ((), memory)
