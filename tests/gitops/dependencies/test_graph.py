"""`argosy.dev/depends-on`: who waits for whom, cycles, and the reverse order of deletion."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.gitops.applicationsets import JqRunner, answerers, controllers
from argosy.gitops.dependencies import graph as dependencies
from argosy.gitops.dependencies.graph import DEPENDS_ON, Reverse, deletion_waits, errors_of, waits_for
from argosy.gitops.keys import APPLICATION_SETS, APPLICATIONS
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.timestamps import parse
from argosy.observe.metrics import Registry
from argosy.render.jq.evaluator import JqWorkers
from argosy.runtime.engine import Engine
from tests.kit.applicationsets import made_generators
from tests.kit.gitops import REPO, Bench, application, config
from tests.kit.hook_jobs import JOBS, Jobs
from tests.kit.world import CONFIG_MAPS

FINALIZER = "resources-finalizer.argocd.argoproj.io"
DELETED = "2026-01-01T00:00:00Z"


# -- the decisions ---------------------------------------------------------------------------------------------------


def app(
    name: str, on: str | None = None, sync: str = "", health: str = "", namespace: str = "argocd", **more: Any
) -> JsonObject:
    metadata: JsonObject = {"name": name, "namespace": namespace, **more.pop("metadata", {})}
    if on is not None:
        metadata["annotations"] = {DEPENDS_ON: on}
    status = {"sync": {"status": sync}, "health": {"status": health}} if sync else {}
    return {"metadata": metadata, "spec": {"project": more.pop("project", "default")}, "status": status, **more}


def world(*apps: JsonObject) -> dependencies.Get:
    found = {Key(item["metadata"]["namespace"], item["metadata"]["name"]): item for item in apps}
    return found.get


WAITS = [
    ([], ", which does not exist"),
    ([app("a")], " to be Synced (it is Unknown)"),
    ([app("a", sync="OutOfSync", health="Healthy")], " to be Synced (it is OutOfSync)"),
    ([app("a", sync="Synced", health="Progressing")], " to be Healthy (it is Progressing)"),
    ([app("a", sync="Synced", health="Healthy", operation={})], None),
    ([app("a", sync="Synced", health="Healthy", operation={"sync": {}})], " to finish its sync"),
    ([app("a", sync="Synced", health="Healthy", metadata={"deletionTimestamp": DELETED})], ", which is being deleted"),
    ([app("a", sync="Synced", health="Healthy")], None),
]


@pytest.mark.parametrize(("others", "reason"), WAITS)
def test_what_a_sync_waits_for(others: list[JsonObject], reason: str | None) -> None:
    expected = f"waiting for application a{reason}" if reason else ""
    assert waits_for(app("b", "a"), world(*others)) == expected


def test_the_first_is_named_and_the_others_are_counted() -> None:
    text = waits_for(app("b", " x, y , team/z,x"), world())
    assert text == "waiting for application x, which does not exist and 2 more applications"


def test_across_namespaces_only_applications_of_the_same_project_are_seen() -> None:
    """An annotation is not a way to learn about another tenant's applications (security rule 10)."""
    there = app("a", sync="Synced", health="Degraded", namespace="other", project="theirs")
    mine = app("b", "other/a", namespace="team", project="mine")
    unseen = waits_for(mine, world(there))
    assert unseen == waits_for(mine, world()) == "waiting for application other/a, which does not exist"
    ours = app("b", "other/a", namespace="team", project="theirs")
    assert waits_for(ours, world(there)) == "waiting for application other/a to be Healthy (it is Degraded)"


@pytest.mark.parametrize("word", ["A", "a/b/c", "/a", "a/", "-a", "a b", "a" * 254])
def test_a_name_that_cannot_be_is_refused_by_name(word: str) -> None:
    (text,) = errors_of(app("b", f"x,{word}"), world())
    assert repr(word) in text
    assert DEPENDS_ON in text


CYCLES = [
    ({"a": "a"}, {"a": "a -> a"}),
    ({"a": "b", "b": "a"}, {"a": "a -> b -> a", "b": "a -> b -> a"}),
    ({"c": "a", "a": "b", "b": "c", "d": "a", "e": ""}, dict.fromkeys("abc", "a -> b -> c -> a")),
    ({"a": "b,c", "b": "c", "c": ""}, {}),
    ({"a": "b", "b": "a", "c": "b", "x": "c"}, dict.fromkeys("ab", "a -> b -> a")),
    ({"a": "gone", "gone2": "a"}, {}),
]


@pytest.mark.parametrize(("edges", "refused"), CYCLES)
def test_only_the_members_of_a_cycle_are_refused_and_it_is_named(
    edges: dict[str, str], refused: dict[str, str]
) -> None:
    apps = [app(name, on) for name, on in edges.items()]
    found = {item["metadata"]["name"]: errors_of(item, world(*apps)) for item in apps}
    assert found == {n: [f"dependency cycle: {refused[n]}"] if n in refused else [] for n in edges}


NAMES = "abcdefgh"
GRAPHS = st.dictionaries(st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES), max_size=3), min_size=1)


def closure(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """Who is reached from each, in one step or more: by another way than the code's."""
    reach = {name: {to for to in graph[name] if to in graph} for name in graph}
    for via in graph:
        for name in graph:
            if via in reach[name]:
                reach[name] |= reach[via]
    return reach


@given(GRAPHS, st.randoms(use_true_random=False))
def test_every_application_is_synced_in_order_unless_a_cycle_or_an_absent_one_is_before_it(
    graph: dict[str, set[str]], random: Any
) -> None:
    apps = {name: app(name, ",".join(sorted(on))) for name, on in graph.items()}
    get, reach = world(*apps.values()), closure(graph)
    order: list[str] = []
    while True:
        ready = [n for n in apps if n not in order and not errors_of(apps[n], get) and not waits_for(apps[n], get)]
        if not ready:
            break
        name = random.choice(ready)
        apps[name]["status"] = {"sync": {"status": "Synced"}, "health": {"status": "Healthy"}}
        order.append(name)
    refused = {name for name in apps if errors_of(apps[name], get)}
    assert refused == {name for name in graph if name in reach[name]}
    whole = {n for n in graph if not any(m in reach[m] or not graph[m] <= graph.keys() for m in {n, *reach[n]})}
    assert set(order) == whole
    assert all(order.index(on) < order.index(name) for name in order for on in graph[name])


@given(GRAPHS, st.randoms(use_true_random=False))
def test_together_deleted_all_go_in_reverse_order_even_from_a_cycle(graph: dict[str, set[str]], random: Any) -> None:
    deleted = {"deletionTimestamp": DELETED}
    apps = {name: app(name, ",".join(sorted(on)), metadata=deleted) for name, on in graph.items()}
    reach, order = closure(graph), []
    while apps:
        get = world(*apps.values())

        def is_free(name: str, get: dependencies.Get = get) -> bool:
            dependents = [item for other, item in apps.items() if name in graph[other]]
            return deletion_waits(apps[name], dependents, get, parse(DELETED)) == Reverse()

        free = [name for name in apps if is_free(name)]
        assert free, "nothing can go"
        order.append(random.choice(free))
        del apps[order[-1]]
    for name in graph:
        for on in graph[name] & graph.keys():
            assert order.index(name) < order.index(on) or name in reach[on] or name == on


def test_a_dependent_that_stays_is_mentioned_and_awaited_for_ten_seconds_only() -> None:
    progress, stays = app("a", metadata={"deletionTimestamp": DELETED}), app("b", "a")
    for after, left in ((0, 10.0), (9, 1.0), (10, None)):
        found = deletion_waits(progress, [stays], world(progress, stays), parse(DELETED) + timedelta(seconds=after))
        assert found == Reverse("", "application b depends on this one, which is being deleted", left)


# -- complete syncs and deletions ------------------------------------------------------------------------------------


def task(name: str) -> str:
    """A Job that makes its application Progressing until it ends, five seconds after it was made."""
    pod = "{containers: [{name: c, image: busybox}], restartPolicy: Never}"
    return f"apiVersion: batch/v1\nkind: Job\nmetadata: {{name: {name}}}\nspec: {{template: {{spec: {pod}}}}}\n"


def dependent(name: str, on: str = "", *, cascade: bool = True, **spec: Any) -> JsonObject:
    source = {"repoURL": REPO, "path": name, "targetRevision": "main"}
    made = application(name, source=source, **spec)
    if on:
        made["metadata"]["annotations"] = {DEPENDS_ON: on}
    if cascade:
        made["metadata"]["finalizers"] = [FINALIZER]
    return made


def push(bench: Bench, *names: str) -> Jobs:
    bench.git.push(REPO, {f"{name}/task.yaml": task(name) for name in names})
    return Jobs(bench.world)


def ready(bench: Bench, *names: str) -> bool:
    return all(bench.synced(name) and bench.health(name) == "Healthy" for name in names)


def waiting(bench: Bench, name: str) -> str:
    return bench.conditions(name).get("DependencyWaiting", "")


def test_automated_syncs_wait_for_each_other_and_say_so(bench: Bench) -> None:
    jobs = push(bench, "a", "b", "c")
    for made in (dependent("c", "b"), dependent("b", "a")):
        bench.create(made)
    bench.world.run_until(lambda: waiting(bench, "b") == "waiting for application a, which does not exist")
    bench.world.pass_time(30)
    writes = bench.gitops.status_writes
    bench.world.pass_time(600)
    assert bench.gitops.status_writes == writes
    assert jobs.made == []
    bench.create(dependent("a"))
    bench.world.run_until(lambda: waiting(bench, "b") == "waiting for application a to be Healthy (it is Progressing)")
    assert waiting(bench, "c") == "waiting for application b to be Synced (it is OutOfSync)"
    bench.world.run_until(lambda: ready(bench, "a", "b", "c"))
    assert jobs.made == ["a", "b", "c"]
    assert not any(waiting(bench, name) for name in "abc")


def test_a_change_of_the_dependency_wakes_at_once(bench: Bench) -> None:
    jobs = push(bench, "a", "b")
    bench.create(dependent("b", "a"))
    bench.create(dependent("a"))
    healthy = bench.world.run_until(lambda: ready(bench, "a"))
    begun = bench.world.run_until(lambda: jobs.made == ["a", "b"])
    assert begun - healthy < timedelta(seconds=1)


def test_a_manual_sync_waits_in_its_operation(bench: Bench) -> None:
    jobs = push(bench, "a", "b")
    bench.create(dependent("b", "a", syncPolicy={}))
    bench.create(dependent("a", syncPolicy={}))
    bench.world.run_until(lambda: bench.sync_status("b") == bench.sync_status("a") == "OutOfSync")
    assert waiting(bench, "b") == ""
    bench.sync("b")
    words = "waiting for application a to be Synced (it is OutOfSync)"
    bench.world.run_until(lambda: bench.state("b").get("message") == words)
    assert bench.phase("b") == "Running"
    bench.world.pass_time(300)
    assert jobs.made == []
    bench.sync("a")
    bench.world.run_until(lambda: bench.phase("b") == "Succeeded")
    assert jobs.made == ["a", "b"]


def test_a_dry_run_waits_for_nobody_and_a_waiting_sync_can_be_ended(bench: Bench) -> None:
    push(bench, "b")
    bench.create(dependent("b", "a", syncPolicy={}))
    bench.world.run_until(lambda: bench.sync_status("b") == "OutOfSync")
    bench.sync("b", dryRun=True)
    bench.world.run_until(lambda: bench.phase("b") == "Succeeded")
    bench.sync("b")
    bench.world.run_until(lambda: bench.phase("b") == "Running")
    bench.patch("b", {"status": {"operationState": {"phase": "Terminating"}}})
    bench.world.run_until(lambda: bench.phase("b") == "Failed")
    assert bench.state("b")["message"] == "Operation terminated"


def test_the_time_limit_of_a_sync_ends_its_waiting_too(bench: Bench) -> None:
    parameters = {"name": "argocd-cmd-params-cm", "namespace": "argocd"}
    data = {"controller.sync.timeout.seconds": "60"}
    bench.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": parameters, "data": data}, CONFIG_MAPS)
    push(bench, "b")
    bench.create(dependent("b", "a", syncPolicy={}))
    bench.world.run_until(lambda: bench.sync_status("b") == "OutOfSync")
    bench.sync("b")
    bench.world.run_until(lambda: bench.phase("b") == "Failed")
    state = bench.state("b")
    assert parse(state["finishedAt"]) - parse(state["startedAt"]) == timedelta(seconds=60)


def test_a_process_that_dies_while_it_waits_is_continued_by_the_next_one(bench: Bench) -> None:
    jobs = push(bench, "a", "b")
    bench.create(dependent("b", "a"))
    bench.world.run_until(lambda: bool(waiting(bench, "b")))
    bench.kill()
    bench.create(dependent("a"))
    bench.start()
    bench.world.run_until(lambda: ready(bench, "a", "b"))
    assert jobs.made == ["a", "b"]


def test_a_dependency_that_breaks_later_undoes_nothing(bench: Bench) -> None:
    jobs = push(bench, "a", "b")
    jobs.failing.add("late")
    bench.create(dependent("a"))
    bench.create(dependent("b", "a"))
    bench.world.run_until(lambda: ready(bench, "a", "b"))
    files = {"a/task.yaml": task("a"), "a/late.yaml": task("late"), "b/task.yaml": task("b")}
    bench.git.push(REPO, files)
    bench.refresh("a")
    bench.world.run_until(lambda: bench.health("a") == "Degraded")
    bench.world.pass_time(300)
    assert ready(bench, "b")
    assert not waiting(bench, "b")
    bench.git.push(REPO, {**files, "b/c.yaml": config("c", "1")})
    bench.refresh("b")
    bench.world.run_until(lambda: waiting(bench, "b") == "waiting for application a to be Healthy (it is Degraded)")
    assert bench.value("c") is None


def test_a_cycle_is_named_on_its_members_and_ends_by_breaking_it(bench: Bench) -> None:
    jobs = push(bench, "a", "b", "c", "d")
    for name, on in (("a", "b"), ("b", "c"), ("d", "a")):
        bench.create(dependent(name, on))
    bench.world.run_until(lambda: waiting(bench, "b") != "" and waiting(bench, "a") != "")
    bench.create(dependent("c", "a"))
    words = "dependency cycle: a -> b -> c -> a"
    bench.world.run_until(lambda: all(bench.conditions(n).get("InvalidSpecError") == words for n in "abc"))
    bench.world.run_until(lambda: waiting(bench, "d") == "waiting for application a to be Synced (it is Unknown)")
    assert "InvalidSpecError" not in bench.conditions("d")
    bench.world.pass_time(300)
    assert jobs.made == []
    bench.sync("a")
    bench.world.run_until(lambda: bench.phase("a") == "Error")
    assert bench.state("a")["message"] == f"InvalidSpecError: {words}"
    bench.patch("c", {"metadata": {"annotations": {DEPENDS_ON: None}}})
    bench.world.run_until(lambda: ready(bench, "a", "b", "c", "d"))
    assert jobs.made == ["c", "b", "a", "d"]


def test_removing_the_annotation_ends_the_wait(bench: Bench) -> None:
    push(bench, "b")
    bench.create(dependent("b", "a"))
    bench.world.run_until(lambda: bool(waiting(bench, "b")))
    bench.patch("b", {"metadata": {"annotations": {DEPENDS_ON: None}}})
    bench.world.run_until(lambda: ready(bench, "b"))


def test_mending_a_name_that_could_not_be_read_is_noticed(bench: Bench) -> None:
    push(bench, "b")
    bench.create(dependent("b", "No Name"))
    bench.world.run_until(lambda: "InvalidSpecError" in bench.conditions("b"))
    bench.patch("b", {"metadata": {"annotations": {DEPENDS_ON: None}}})
    bench.world.run_until(lambda: ready(bench, "b"), within=timedelta(seconds=10))


# -- deletion --------------------------------------------------------------------------------------------------------


def progress(bench: Bench) -> list[str]:
    """Names of Jobs in the order in which they went."""
    gone: list[str] = []
    cache = bench.world.caches.cache(JOBS)
    cache.on_change(lambda old, new: gone.append(old["metadata"]["name"]) if old and not new else None)
    return gone


def test_what_is_deleted_together_is_deleted_in_reverse(bench: Bench) -> None:
    push(bench, "a", "b", "c")
    for made in (dependent("a"), dependent("b", "a"), dependent("c", "b")):
        bench.create(made)
    bench.world.run_until(lambda: ready(bench, "a", "b", "c"))
    gone = progress(bench)
    bench.patch("c", {"metadata": {"finalizers": ["example.com/hold"]}}, JOBS, "default")
    for name in "abc":
        bench.delete(name)
    bench.world.run_until(lambda: waiting(bench, "a") == "waiting for application b to be deleted first")
    bench.world.pass_time(300)
    assert gone == []
    bench.patch("c", {"metadata": {"finalizers": None}}, JOBS, "default")
    bench.world.run_until(lambda: not any(bench.app(name) for name in "abc"))
    assert gone == ["c", "b", "a"]


def test_who_stays_is_mentioned_and_holds_nothing_up(bench: Bench) -> None:
    push(bench, "a", "b")
    for made in (dependent("a"), dependent("b", "a")):
        bench.create(made)
    bench.world.run_until(lambda: ready(bench, "a", "b"))
    gone = progress(bench)
    bench.delete("a")
    words = "application b depends on this one, which is being deleted"
    began = bench.world.run_until(lambda: bench.conditions("a").get("DependencyWarning") == words)
    ended = bench.world.run_until(lambda: not bench.app("a"))
    assert timedelta(seconds=9) < ended - began < timedelta(seconds=12)
    bench.world.pass_time(60)
    assert gone == ["a"]
    assert bench.sync_status("b") == "Synced"


def test_nothing_is_waited_for_once_the_last_dependent_is_gone(bench: Bench) -> None:
    push(bench, "a", "b")
    for made in (dependent("a"), dependent("b", "a")):
        bench.create(made)
    bench.world.run_until(lambda: ready(bench, "a", "b"))
    bench.delete("a")
    bench.world.run_until(lambda: "DependencyWarning" in bench.conditions("a"))
    began = bench.world.clock.now()
    bench.delete("b")
    ended = bench.world.run_until(lambda: not bench.app("a"))
    assert ended - began < timedelta(seconds=2)


def test_without_dependents_nothing_is_waited_for(bench: Bench) -> None:
    push(bench, "a")
    bench.create(dependent("a"))
    bench.world.run_until(lambda: ready(bench, "a"))
    began = bench.world.clock.now()
    bench.delete("a")
    ended = bench.world.run_until(lambda: not bench.app("a"))
    assert ended - began < timedelta(seconds=1)


def test_a_cycle_can_be_deleted(bench: Bench) -> None:
    push(bench, "a", "b")
    for made in (dependent("a", "b"), dependent("b", "a")):
        bench.create(made)
    bench.world.run_until(lambda: all("InvalidSpecError" in bench.conditions(name) for name in "ab"))
    bench.delete("a")
    bench.delete("b")
    bench.world.run_until(lambda: not bench.app("a") and not bench.app("b"))


def test_an_app_of_apps_brings_its_children_in_order_and_takes_them_away_in_reverse(bench: Bench) -> None:
    children = [dependent("a"), dependent("b", "a"), dependent("c", "a,b")]
    files = {f"parent/{child['metadata']['name']}.yaml": str(child).replace("True", "true") for child in children}
    bench.git.push(REPO, files | {f"{name}/task.yaml": task(name) for name in "abc"})
    jobs = Jobs(bench.world)
    bench.create(dependent("parent"))
    bench.world.run_until(lambda: ready(bench, "parent", "a", "b", "c"))
    assert jobs.made == ["a", "b", "c"]
    gone = progress(bench)
    bench.delete("parent")
    bench.world.run_until(lambda: not any(bench.app(name) for name in ("parent", "a", "b", "c")))
    assert gone == ["c", "b", "a"]


def test_what_an_applicationset_makes_is_created_in_order_and_deleted_in_reverse(bench: Bench) -> None:
    world = bench.world
    generators = made_generators(world.client, world.caches, bench.git, world.clock, world.rng)
    workers = JqWorkers(world.clock)
    answered = answerers(generators, JqRunner(workers))
    engine = Engine(world.client, world.caches, world.clock, world.rng, controllers(), answered, registry=Registry())
    world.supervisor.add("applicationsets", engine.run)
    jobs = push(bench, "a", "b", "c")
    template = dependent("{{name}}")
    template["metadata"] = {"name": "{{name}}", "annotations": {DEPENDS_ON: "{{on}}"}}
    elements = [{"name": "a", "on": ""}, {"name": "b", "on": "a"}, {"name": "c", "on": "b"}]
    spec = {
        "generators": [{"list": {"elements": elements}}],
        "template": {"metadata": template["metadata"], "spec": template["spec"]},
    }
    metadata = {"name": "fleet", "namespace": "argocd"}
    kind = {"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet"}
    bench.create({**kind, "metadata": metadata, "spec": spec}, APPLICATION_SETS)
    world.run_until(lambda: ready(bench, "a", "b", "c"))
    assert jobs.made == ["a", "b", "c"]
    gone = progress(bench)
    bench.delete("fleet", APPLICATION_SETS)
    world.run_until(lambda: not any(bench.app(name) for name in "abc"))
    workers.close()
    assert gone == ["c", "b", "a"]


def test_an_application_where_none_may_be_holds_up_nobodys_deletion(bench: Bench) -> None:
    bench.create_namespace("stranger")
    push(bench, "a")
    bench.create(dependent("a"))
    stranger = dependent("z", "argocd/a")
    stranger["metadata"]["namespace"] = "stranger"
    bench.create(stranger, APPLICATIONS)
    bench.world.run_until(lambda: ready(bench, "a"))
    bench.delete("z", APPLICATIONS, "stranger")
    bench.delete("a")
    bench.world.run_until(lambda: not bench.app("a"), within=timedelta(seconds=5))
