"""Phases x waves x hook policies x failures: any sync, played to its end by a cluster that succeeds or fails at will.

The cluster here is a dict of objects with a health each; a crash forgets what was not recorded yet, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from argosy.gitops.keys import HOOK, HOOK_DELETE_POLICY, ResourceKey
from argosy.gitops.sync.hooks import delete_policies
from argosy.gitops.sync.order import PHASES
from argosy.gitops.sync.plan import INTENDED, Identity, Result, cleared_at_success, next_step
from argosy.gitops.sync.tasks import Task, in_order
from argosy.machinery.objects import JsonObject

POLICIES = ("BeforeHookCreation", "HookSucceeded", "HookFailed")
MOST_STEPS = 400


@dataclass(frozen=True)
class Fate:
    """What becomes of one task's object."""

    refused: bool
    """The server refuses it."""
    ends_well: bool
    patience: int
    """Looks until its end."""


@dataclass(frozen=True)
class Case:
    tasks: tuple[Task, ...]
    fates: dict[ResourceKey, Fate]
    left_over: frozenset[ResourceKey]
    """Hooks that an earlier sync left in the cluster."""


def job(name: str, hook: str, policies: tuple[str, ...]) -> JsonObject:
    annotations = {HOOK: hook, **({HOOK_DELETE_POLICY: ",".join(policies)} if policies else {})} if hook else {}
    metadata = {"name": name, "namespace": "x", "annotations": annotations}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {}}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    tasks, fates, left = [], {}, set()
    for number in range(draw(st.integers(1, 7))):
        name, wave = f"job-{number}", draw(st.integers(-1, 1))
        key = ResourceKey("batch", "Job", "x", name)
        kind = draw(st.sampled_from(("object", "prune", *PHASES)))
        policies = tuple(draw(st.sets(st.sampled_from(POLICIES), max_size=2))) if kind in PHASES else ()
        obj = job(name, kind if kind in PHASES else "", policies)
        phase = kind if kind in PHASES else "Sync"
        if kind == "prune":
            tasks.append(Task(phase, wave, key, None, obj))
        else:
            tasks.append(Task(phase, wave, key, obj, None, phase if kind in PHASES else ""))
        refused = draw(st.integers(0, 3)) == 0
        fates[key] = Fate(refused, draw(st.integers(0, 3)) > 0, draw(st.integers(0, 2)))
        if kind in PHASES and draw(st.booleans()):
            left.add(key)
    return Case(tuple(in_order(tasks)), fates, frozenset(left))


@dataclass
class Cluster:
    """`made`: every creation, in order."""

    case: Case
    live: dict[ResourceKey, int] = field(default_factory=dict)
    """Looks that an object still needs; the leftovers of an earlier sync have ended long ago."""
    made: list[Task] = field(default_factory=list)
    cleared: list[ResourceKey] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.live |= dict.fromkeys(self.case.left_over, 0)
        self.live |= {task.key: 0 for task in self.case.tasks if task.is_prune}

    def run(self, task: Task) -> Result:
        fate = self.case.fates[task.key]
        if task.is_prune:
            self.live.pop(task.key, None)
            return Result("Pruned", "pruned", "Running")
        if fate.refused:
            return Result("SyncFailed", "refused", "Failed")
        if task.key not in self.live:
            self.made.append(task)
            self.live[task.key] = fate.patience
        return Result("" if task.hook else "Synced", "created", "Running")

    def seen(self) -> dict[ResourceKey, JsonObject]:
        return {task.key: self._as_it_is(task) for task in self.case.tasks if task.key in self.live}

    def look(self) -> None:
        self.live = {key: max(0, left - 1) for key, left in self.live.items()}

    def clear(self, task: Task) -> None:
        self.live.pop(task.key, None)
        self.cleared.append(task.key)

    def _as_it_is(self, task: Task) -> JsonObject:
        if self.live[task.key] > 0:
            return task.obj
        end = "Complete" if self.case.fates[task.key].ends_well else "Failed"
        return {**task.obj, "status": {"conditions": [{"type": end, "status": "True", "message": "the end"}]}}


@dataclass
class Played:
    cluster: Cluster
    phase: str = ""
    message: str = ""
    record: dict[Identity, Result] = field(default_factory=dict)


def play(case: Case, crashes: frozenset[int] = frozenset()) -> Played:
    """Carries out steps as the shell does. `crashes`: turns whose effects happen and are not recorded."""
    played = Played(Cluster(case))
    for turn in range(MOST_STEPS):
        step = next_step(case.tasks, played.record, played.cluster.seen())
        record = {**played.record, **step.updates}
        for task in step.clear:
            played.cluster.clear(task)
        if step.phase:
            played.phase, played.message, played.record = step.phase, step.message, record
            return played
        record |= {task.identity: INTENDED for task in step.run if task.hook and task.identity not in record}
        if turn not in crashes:
            played.record = record
        ran = {task.identity: played.cluster.run(task) for task in step.run}
        if turn in crashes:
            played.record = {**played.record, **{key: value for key, value in record.items() if value == INTENDED}}
            continue
        played.record = {**record, **ran}
        if step.is_last and not any(result.failed for result in played.record.values()):
            for task in cleared_at_success(case.tasks, played.cluster.seen()):
                played.cluster.clear(task)
            played.phase = "Succeeded"
            return played
        played.cluster.look()
    raise AssertionError(f"the sync did not end in {MOST_STEPS} turns: {played.message or played.record}")


def failed(played: Played, *, syncfail: bool = False) -> bool:
    return any(result.failed for (phase, _), result in played.record.items() if syncfail or phase != "SyncFail")


@settings(max_examples=60, deadline=None)
@given(cases())
def test_every_sync_ends_and_succeeds_exactly_when_nothing_failed(case: Case) -> None:
    played = play(case)
    assert played.phase == ("Failed" if failed(played) else "Succeeded")


@settings(max_examples=60, deadline=None)
@given(cases())
def test_nothing_is_begun_before_everything_of_earlier_phases_and_waves_ended_well(case: Case) -> None:
    played = play(case)
    places = {task.identity: (PHASES.index(task.phase), task.wave) for task in case.tasks}
    main = {identity: result for identity, result in played.record.items() if identity[0] != "SyncFail"}
    if not main:
        return
    last = max(places[identity] for identity in main)
    for task in case.tasks:
        if task.phase != "SyncFail" and places[task.identity] < last:
            assert played.record[task.identity].phase == "Succeeded"


@settings(max_examples=60, deadline=None)
@given(cases())
def test_syncfail_hooks_run_after_a_failure_and_only_then(case: Case) -> None:
    played = play(case)
    hooks = [task for task in case.tasks if task.phase == "SyncFail"]
    ran = [task for task in hooks if task.identity in played.record]
    if not failed(played):
        assert ran == []
    elif not any(played.record[task.identity].failed for task in ran):
        assert ran == hooks


@settings(max_examples=60, deadline=None)
@given(cases())
def test_a_hook_is_deleted_when_its_policy_says_so_and_not_otherwise(case: Case) -> None:
    played = play(case)
    waits = {task.key for task in case.tasks if task.hook}
    for task in case.tasks:
        if task.key not in waits or task.identity not in played.record:
            continue
        policies, made = delete_policies(task.obj), task in played.cluster.made
        goes = {"Succeeded": "HookSucceeded", "Failed": "HookFailed"}[played.phase]
        if goes in policies:
            assert task.key not in played.cluster.live
        elif made:
            assert task.key in played.cluster.live


@settings(max_examples=60, deadline=None)
@given(cases())
def test_a_hook_left_by_an_earlier_sync_is_made_again_where_its_policy_says_so(case: Case) -> None:
    played = play(case)
    for task in case.tasks:
        begun = task.identity in played.record and played.record[task.identity].status != "SyncFailed"
        if task.key in case.left_over and begun and "BeforeHookCreation" in delete_policies(task.obj):
            assert task.key in played.cluster.cleared
            assert task in played.cluster.made


@settings(max_examples=60, deadline=None)
@given(cases(), st.frozensets(st.integers(0, 12), max_size=4))
def test_crashes_at_any_turns_lose_nothing_and_make_nothing_twice(case: Case, crashes: frozenset[int]) -> None:
    undisturbed, disturbed = play(case), play(case, crashes)
    assert disturbed.phase == undisturbed.phase
    assert disturbed.cluster.live.keys() == undisturbed.cluster.live.keys()
    assert sorted(task.key for task in disturbed.cluster.made) == sorted(task.key for task in undisturbed.cluster.made)


@settings(max_examples=200, deadline=None)
@given(cases())
def test_a_look_without_a_change_decides_the_same(case: Case) -> None:
    cluster = Cluster(case)
    assert next_step(case.tasks, {}, cluster.seen()) == next_step(case.tasks, {}, cluster.seen())
