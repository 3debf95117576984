"""Orphans: which objects of a namespace nobody brought, and how an Application hears of them (spec 2, 3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.apis.argoproj.project import OrphanKey
from argosy.apis.schema import read
from argosy.gitops.comparison.orphaned_resources import Asked, Orphans, is_ignored, orphans
from argosy.gitops.keys import PROJECTS, ResourceKey
from argosy.machinery.objects import JsonObject, Resource
from tests.kit.gitops import REPO, Bench, application, config
from tests.kit.world import CONFIG_MAPS, config_map

APIS = {"Deployment": "apps/v1", "ReplicaSet": "apps/v1", "StatefulSet": "apps/v1", "Job": "batch/v1"}


def thing(kind: str, name: str, *owners: str, app: str = "", namespace: str = "x", **marks: str) -> JsonObject:
    """Metadata is all that there is. Its uid is its name; `owners` are uids."""
    metadata: JsonObject = {"name": name, "namespace": namespace, "uid": name, "annotations": {"app": app, **marks}}
    if owners:
        metadata["ownerReferences"] = [{"uid": uid} for uid in owners]
    return {"apiVersion": APIS.get(kind, "v1"), "kind": kind, "metadata": metadata}


class Index:
    """An index that follows namespace x, and what it reported."""

    def __init__(self, *objects: JsonObject, apps: tuple[str, ...] = ("app",)) -> None:
        self.apps, self.told = set(apps), 0
        self.index = Orphans()
        self.index.watch("x", objects, Asked(self._owner, self.apps.__contains__, self._hear))

    def _owner(self, obj: JsonObject) -> str:
        metadata = obj["metadata"]
        return "" if metadata.get("ownerReferences") else str(metadata["annotations"]["app"])

    def _hear(self, namespace: str) -> None:
        assert namespace == "x"
        self.told += 1

    def names(self, ignored: Any = (), forbidden: str = "") -> list[str]:
        found = orphans(
            self.index,
            "x",
            own=lambda key: key.name == "own",
            ignored=[read(OrphanKey, one) for one in ignored],
            permitted=lambda key: key.name != forbidden,
        )
        return [key.name for key in found]

    def hears(self, obj: JsonObject) -> bool:
        """Whether the creation of the object is reported."""
        before = self.told
        self.index.on_change(None, obj)
        return self.told > before

    def loses(self, obj: JsonObject) -> bool:
        before = self.told
        self.index.on_change(obj, None)
        return self.told > before


def test_what_an_application_brought_and_all_below_it_are_no_orphans() -> None:
    index = Index(
        thing("Deployment", "web", app="app"), thing("ReplicaSet", "web-1", "web"), thing("Pod", "web-1-a", "web-1")
    )
    assert index.names() == []


def test_a_root_that_nobody_brought_is_one_with_all_below_it() -> None:
    index = Index(thing("Deployment", "d"), thing("ReplicaSet", "rs", "d"), thing("Pod", "p", "rs"))
    assert index.names() == ["p", "d", "rs"]


def test_the_mark_of_an_application_that_is_gone_protects_nothing() -> None:
    index = Index(thing("ConfigMap", "a", app="app"), thing("ConfigMap", "b", app="gone"))
    assert index.names() == ["b"]
    index.apps.clear()
    assert index.index.namespaces_of("app") == ["x"]
    assert index.names() == ["a", "b"]


def test_what_is_owned_by_something_elsewhere_is_no_root() -> None:
    assert Index(thing("ConfigMap", "a", "a-cluster-scoped-owner")).names() == []


def test_the_own_objects_of_who_asks_are_none_even_unmarked() -> None:
    assert Index(thing("ConfigMap", "own"), thing("ConfigMap", "other")).names() == ["other"]


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        (thing("Endpoints", "web"), thing("Service", "web", app="app")),
        (
            thing(
                "Secret",
                "t",
                **{"kubernetes.io/service-account.uid": "u", "kubernetes.io/service-account.name": "robot"},
            ),
            thing("ServiceAccount", "robot", app="app"),
        ),
        (thing("PersistentVolumeClaim", "data-my-db-0"), thing("StatefulSet", "my-db", app="app")),
        (thing("PersistentVolumeClaim", "my-data-db-10"), thing("StatefulSet", "db", app="app")),
    ],
)  # fmt: skip
def test_owners_that_no_reference_names_are_inferred(child: JsonObject, parent: JsonObject) -> None:
    assert Index(child, parent).names() == []
    orphaned = {**parent, "metadata": {**parent["metadata"], "annotations": {"app": ""}}}
    assert len(Index(child, orphaned).names()) == 2


@pytest.mark.parametrize("name", ["data-db", "db-0", "x-1"])
def test_a_claim_of_another_name_is_nobodys(name: str) -> None:
    assert Index(thing("PersistentVolumeClaim", name), thing("StatefulSet", "db", app="app")).names() == [name]


IGNORED = [
    (("", "Service", "default", "kubernetes"), [], True),
    (("", "Service", "other", "kubernetes"), [], False),
    (("", "ServiceAccount", "any", "default"), [], True),
    (("", "ConfigMap", "any", "kube-root-ca.crt"), [], True),
    (("other", "ConfigMap", "any", "kube-root-ca.crt"), [], False),
    (("", "ConfigMap", "n", "a"), [{"kind": "ConfigMap"}], True),
    (("", "ConfigMap", "n", "a"), [{"kind": "ConfigMap", "name": "b*"}], False),
    (("", "ConfigMap", "n", "b-1"), [{"kind": "ConfigMap", "name": "b*"}], True),
    (("apps", "Deployment", "n", "a"), [{"kind": "Deployment"}], False),
    (("apps", "Deployment", "n", "a"), [{"group": "app*", "kind": "Deploy*"}], True),
    (("apps", "Deployment", "n", "a"), [{"group": "*"}], True),
    (("", "Secret", "n", "a"), [{"kind": "ConfigMap"}, {"kind": "Secret"}], True),
]


@pytest.mark.parametrize(("key", "patterns", "ignored"), IGNORED)
def test_what_kubernetes_puts_there_and_what_the_project_names_is_ignored(
    key: tuple[str, str, str, str], patterns: list[JsonObject], ignored: bool
) -> None:
    assert is_ignored(ResourceKey(*key), [read(OrphanKey, one) for one in patterns]) is ignored


def test_an_ignored_root_hides_what_it_owns_and_a_forbidden_kind_is_not_counted() -> None:
    index = Index(thing("Job", "j"), thing("Pod", "p", "j"), thing("ConfigMap", "c"))
    assert index.names([{"group": "batch", "kind": "Job"}]) == ["c"]
    assert index.names(forbidden="j") == ["c"]


def test_only_changes_of_orphans_are_reported() -> None:
    index = Index(thing("Deployment", "web", app="app"), thing("Deployment", "stray"))
    assert not index.hears(thing("ReplicaSet", "web-1", "web"))
    assert not index.hears(thing("ConfigMap", "mine", app="app"))
    assert not index.hears(thing("ConfigMap", "far", namespace="y"))
    assert index.hears(thing("ReplicaSet", "stray-1", "stray"))
    assert not index.hears(thing("ReplicaSet", "stray-1", "stray"))
    assert index.hears(thing("ConfigMap", "lost"))
    assert index.hears(thing("ConfigMap", "lost", app="app"))
    assert index.loses(thing("Deployment", "stray"))
    assert not index.loses(thing("ReplicaSet", "web-1", "web"))


KINDS = ("Deployment", "ReplicaSet", "PersistentVolumeClaim", "StatefulSet")


@st.composite
def steps(draw: st.DrawFn) -> list[tuple[JsonObject, bool]]:
    """Arrivals and departures of a few objects that own each other."""
    found = []
    for _ in range(draw(st.integers(1, 25))):
        number = draw(st.integers(0, 7))
        owners = draw(st.lists(st.sampled_from([f"a-b{n}-0" for n in range(8)]), max_size=2, unique=True))
        app = draw(st.sampled_from(["", "app", "gone"]))
        name = f"a-b{number}-0" if number < 6 else f"b{number - 6}"
        obj = thing(KINDS[2] if number < 3 else KINDS[3] if number > 5 else KINDS[number % 2], name, *owners, app=app)
        found.append((obj, draw(st.booleans())))
    return found


@given(steps())
def test_the_index_followed_step_by_step_says_what_one_made_at_once_says(taken: list[tuple[JsonObject, bool]]) -> None:
    index, there = Index(), dict[tuple[str, str], JsonObject]()
    for obj, stays in taken:
        key = (obj["kind"], obj["metadata"]["name"])
        before, told = index.names(), index.told
        index.index.on_change(there.get(key), obj if stays else None)
        there = {**there, key: obj} if stays else {k: v for k, v in there.items() if k != key}
        assert index.names() == Index(*there.values()).names()
        if index.names() != before:
            assert index.told > told, "a change that nobody heard of"


# -- complete applications -------------------------------------------------------------------------------------------


def start(bench: Bench, **monitoring: Any) -> None:
    bench.create_namespace("team")
    bench.create_project("team", orphanedResources=monitoring)
    bench.create(place())
    bench.world.run_until(bench.synced)


def place(name: str = "app", namespace: str = "team", **spec: Any) -> JsonObject:
    destination = {"server": "https://kubernetes.default.svc", "namespace": namespace}
    return application(name, project="team", destination=destination, **spec)


def stray(bench: Bench, name: str, namespace: str = "team") -> None:
    bench.create(config_map(name, namespace, value="x"), CONFIG_MAPS)


def warning(bench: Bench, name: str = "app") -> str:
    return bench.conditions(name).get("OrphanedResourceWarning", "")


def test_an_orphan_is_reported_within_a_second_and_dropped_when_it_is_deleted(bench: Bench) -> None:
    start(bench)
    bench.world.pass_time(10)
    assert warning(bench) == ""
    began = bench.world.clock.now()
    stray(bench, "lost")
    told = bench.world.run_until(lambda: warning(bench) == "Application has 1 orphaned resources")
    assert told - began == timedelta(seconds=1)
    bench.delete("lost", CONFIG_MAPS, "team")
    bench.world.run_until(lambda: warning(bench) == "")


def test_many_that_come_at_once_are_one_write(bench: Bench) -> None:
    start(bench)
    bench.world.pass_time(10)
    writes = bench.gitops.status_writes
    for number in range(30):
        stray(bench, f"lost-{number}")
    bench.world.run_until(lambda: warning(bench) == "Application has 30 orphaned resources")
    bench.world.pass_time(10)
    assert bench.gitops.status_writes - writes <= 2


def test_an_orphan_elsewhere_and_own_objects_change_nothing(bench: Bench) -> None:
    start(bench)
    bench.world.pass_time(10)
    writes = bench.gitops.status_writes
    stray(bench, "lost", "default")
    bench.world.pass_time(10)
    assert bench.gitops.status_writes == writes
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one"), "conf/c.yaml": config("c", "three")})
    bench.refresh()
    bench.world.run_until(lambda: bench.value("c", "team") == "three" and bench.synced())
    assert warning(bench) == ""


@pytest.mark.parametrize("monitoring", [{"warn": False}, {"ignore": [{"kind": "ConfigMap", "name": "lo*"}]}])
def test_a_project_chooses_what_it_is_warned_of(bench: Bench, monitoring: JsonObject) -> None:
    start(bench, **monitoring)
    stray(bench, "lost")
    bench.world.pass_time(10)
    assert warning(bench) == ""


def test_monitoring_can_be_turned_on_and_off(bench: Bench) -> None:
    start(bench)
    bench.patch("team", {"spec": {"orphanedResources": None}}, PROJECTS)
    stray(bench, "lost")
    bench.world.pass_time(10)
    assert warning(bench) == ""
    bench.patch("team", {"spec": {"orphanedResources": {}}}, PROJECTS)
    bench.world.run_until(lambda: warning(bench) == "Application has 1 orphaned resources")
    bench.patch("team", {"spec": {"orphanedResources": None}}, PROJECTS)
    bench.world.run_until(lambda: warning(bench) == "")


def test_what_another_application_leaves_behind_becomes_an_orphan(bench: Bench) -> None:
    start(bench)
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one"), "more/m.yaml": config("m", "more")})
    bench.create(place("other", source={"repoURL": REPO, "path": "more", "targetRevision": "main"}))
    bench.world.run_until(lambda: bench.value("m", "team") == "more" and bench.synced("other"))
    bench.world.pass_time(10)
    assert (warning(bench), warning(bench, "other")) == ("", "")
    bench.delete("other")
    bench.world.run_until(lambda: warning(bench) == "Application has 1 orphaned resources")


def test_an_orphan_with_an_owner_chain_counts_with_what_it_owns(bench: Bench) -> None:
    start(bench)
    stray(bench, "root")
    root = bench.get(CONFIG_MAPS, "root", "team")
    assert root is not None
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "root", "uid": root["metadata"]["uid"]}
    secret = Resource("", "v1", "secrets", "Secret")
    metadata = {"name": "leaf", "namespace": "team", "ownerReferences": [owner]}
    bench.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata}, secret)
    bench.world.run_until(lambda: warning(bench) == "Application has 2 orphaned resources")


def test_a_new_process_counts_the_same(bench: Bench) -> None:
    start(bench)
    stray(bench, "lost")
    bench.world.run_until(lambda: warning(bench) != "")
    bench.kill()
    stray(bench, "lost-too")
    bench.start()
    bench.world.run_until(lambda: warning(bench) == "Application has 2 orphaned resources")
