"""What is known of a cluster's objects: all of what Applications track, little of the rest, and never too little."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.gitops.clusters.cache_reduction import MetadataOnly, Reduction, reduced
from argosy.gitops.keys import ResourceKey
from argosy.gitops.model.resource_tracking import Marks
from argosy.machinery.objects import JsonObject, Resource
from argosy.runtime.caches.outline import Outline
from tests.kit.gitops import CRDS, REPO, Bench, application
from tests.kit.world import CONFIG_MAPS, SECRETS

SERVICE_ACCOUNTS = Resource("", "v1", "serviceaccounts", "ServiceAccount")
CRON_TABS = Resource("stable.example.com", "v1", "crontabs", "CronTab")
MARK = "argocd.argoproj.io/tracking-id"


def key(name: str, kind: str = "ConfigMap", group: str = "") -> ResourceKey:
    return ResourceKey(group, kind, "default", name)


def config_map(name: str, *, labels: dict[str, str] | None = None, **data: str) -> JsonObject:
    metadata: JsonObject = {"name": name, "namespace": "default", **({"labels": labels} if labels else {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def definition() -> str:
    return """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: crontabs.stable.example.com}
spec:
  group: stable.example.com
  scope: Namespaced
  names: {plural: crontabs, singular: crontab, kind: CronTab}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""


def test_a_kind_is_watched_whole_from_when_an_application_targets_it(bench: Bench) -> None:
    live = bench.gitops.live
    assert not live.complete_kinds
    bench.create(application())
    bench.world.run_until(bench.synced)
    assert live.complete_kinds == {("", "ConfigMap")}
    assert (live.get(key("a")) or {})["data"] == {"value": "one"}
    assert live.fetches == 0


def test_a_successor_watches_whole_from_the_start_what_applications_have(bench: Bench) -> None:
    bench.create(application())
    bench.world.run_until(bench.synced)
    bench.world.pass_time(5)
    bench.kill()
    bench.start()
    bench.world.run_until(lambda: bool(bench.gitops.live.complete_kinds))
    assert bench.gitops.live.complete_kinds == {("", "ConfigMap")}


def test_of_an_object_that_nobody_tracks_only_its_outline_is_kept(bench: Bench) -> None:
    bench.create(application())
    bench.world.run_until(bench.synced)
    bench.create(config_map("foreign", value="much"), CONFIG_MAPS)
    bench.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "default"}}, SECRETS)
    bench.world.pass_time(1)
    for name, kind in (("foreign", "ConfigMap"), ("s", "Secret")):
        found = bench.gitops.live.get(key(name, kind))
        assert isinstance(found, Outline)
        assert found.keys() == {"apiVersion", "kind", "metadata"}


def test_changes_of_foreign_objects_cost_no_look(bench: Bench) -> None:
    bench.create(application())
    bench.world.run_until(bench.synced)
    bench.world.pass_time(5)
    looks = bench.gitops.passes.count
    for number in range(20):
        bench.create(config_map(f"foreign-{number}", value="x"), CONFIG_MAPS)
        bench.patch(f"foreign-{number}", {"data": {"value": "y"}}, CONFIG_MAPS, "default")
    bench.world.pass_time(5)
    assert bench.gitops.passes.count == looks


def test_an_object_that_is_adopted_is_read_whole_once_and_keeps_what_others_wrote(bench: Bench) -> None:
    bench.create(config_map("a", value="before", extra="kept"), CONFIG_MAPS)
    bench.create(config_map("b", value="two"), CONFIG_MAPS)
    uid = (bench.get(CONFIG_MAPS, "a") or {})["metadata"]["uid"]
    bench.create(application(syncPolicy=None))
    bench.world.run_until(lambda: bench.sync_status() == "OutOfSync")
    assert bench.gitops.live.fetches == 2
    bench.refresh()
    bench.refresh()
    assert bench.gitops.live.fetches == 2, "they are as they were"

    bench.patch("a", {"data": {"more": "1"}}, CONFIG_MAPS, "default")
    bench.world.pass_time(1)
    bench.refresh()
    assert bench.gitops.live.fetches == 3, "one has changed"

    bench.sync()
    bench.world.run_until(bench.synced)
    found = bench.get(CONFIG_MAPS, "a") or {}
    assert found["metadata"]["uid"] == uid
    assert found["data"] == {"value": "one", "extra": "kept", "more": "1"}
    fetches = bench.gitops.live.fetches
    bench.refresh()
    assert bench.gitops.live.fetches == fetches, "tracked objects are kept whole"


def test_definitions_bear_no_marks_and_are_compared_all_the_same(bench: Bench) -> None:
    bench.git.push(REPO, {"conf/crd.yaml": definition()})
    bench.create(application())
    bench.world.run_until(bench.synced)
    bench.world.pass_time(5)
    fetches, writes = bench.gitops.live.fetches, bench.gitops.status_writes
    for _ in range(3):
        bench.refresh()
    assert (bench.gitops.live.fetches, bench.gitops.status_writes) == (fetches, writes + 3)

    name = "crontabs.stable.example.com"
    bench.patch(name, {"spec": {"names": {"shortNames": ["ct"]}}}, CRDS, "")
    bench.patch(name, {"metadata": {"labels": {"a": "b"}}}, CRDS, "")
    bench.world.pass_time(5)
    bench.refresh()
    assert bench.entry("CustomResourceDefinition", name)["status"] == "Synced", "what Git does not mention is free"


def test_objects_of_a_new_kind_are_tracked_whole(bench: Bench) -> None:
    tab = "apiVersion: stable.example.com/v1\nkind: CronTab\nmetadata: {name: tab}\nspec: {cron: daily}\n"
    bench.git.push(REPO, {"conf/crd.yaml": definition(), "conf/tab.yaml": tab})
    bench.create(application())
    bench.world.run_until(bench.synced)
    assert ("stable.example.com", "CronTab") in bench.gitops.live.complete_kinds
    bench.patch("tab", {"spec": {"cron": "hourly"}}, CRON_TABS, "default")
    bench.world.pass_time(10)
    assert (bench.get(CRON_TABS, "tab") or {})["spec"]["cron"] == "daily", "what a person changed is healed"


def test_a_target_deleted_while_it_is_read_counts_as_gone(bench: Bench) -> None:
    """Deleted between the event and the reading: the outline says that it exists, the server that it does not."""
    bench.create(config_map("a", value="x"), CONFIG_MAPS)
    bench.create(application())
    bench.world.run_until(bench.synced)
    bench.patch("a", {"metadata": {"annotations": {MARK: None}}}, CONFIG_MAPS, "default")
    bench.delete("a", CONFIG_MAPS, "default")
    bench.world.run_until(lambda: bench.value("a") == "one")
    bench.world.run_until(bench.synced)


@pytest.mark.parametrize(("before", "after"), [("label", "annotation"), ("annotation", "annotation+label")])
def test_another_way_of_tracking_finds_the_same_objects(bench: Bench, before: str, after: str) -> None:
    bench.settings(application__resourceTrackingMethod=before)
    bench.create(application())
    bench.world.run_until(bench.synced)
    bench.patch("argocd-cm", {"data": {"application.resourceTrackingMethod": after}}, CONFIG_MAPS)
    bench.world.pass_time(30)
    bench.world.run_until(bench.synced)
    assert (bench.value("a"), bench.value("b")) == ("one", "two")
    assert bench.health() == "Healthy"


def test_a_deleted_application_deletes_what_it_has_under_the_current_settings(bench: Bench) -> None:
    bench.settings(application__resourceTrackingMethod="label")
    app = application()
    app["metadata"]["finalizers"] = ["resources-finalizer.argocd.argoproj.io"]
    bench.create(app)
    bench.world.run_until(bench.synced)
    bench.create(config_map("free", value="x"), CONFIG_MAPS)
    bench.delete("app")
    bench.world.run_until(lambda: not bench.app())
    assert (bench.value("a"), bench.value("free")) == (None, "x")


def tracked_by(app: str, **more: Any) -> JsonObject:
    name = config_map("a", labels={"app": "x", "app.kubernetes.io/instance": app}, value="1")
    annotations = {MARK: f"{app}:/ConfigMap:default/a", "other": "y"} if app else {"other": "y"}
    name["metadata"] |= {"annotations": annotations, "uid": "u", "resourceVersion": "7", "managedFields": [{}], **more}
    return name


def test_a_tracked_object_is_kept_as_it_is_and_any_other_by_its_identity_and_marks() -> None:
    assert Reduction(Marks())(obj := tracked_by("app")) is obj
    found = Reduction(Marks())(tracked_by(""))
    assert isinstance(found, Outline)
    assert found["metadata"] == {"name": "a", "namespace": "default", "uid": "u", "resourceVersion": "7"}
    made_by_others = tracked_by("app", ownerReferences=[{"uid": "o", "kind": "K", "name": "n", "apiVersion": "v1"}])
    assert isinstance(Reduction(Marks())(made_by_others), Outline), "a copy of a mark makes no object ours"
    assert Reduction(Marks("label"))(obj) is obj


def test_metadata_alone_shows_the_tracking_and_is_never_taken_for_the_whole_object() -> None:
    found = MetadataOnly(Marks())(tracked_by("app"))
    assert isinstance(found, Outline)
    assert found["metadata"]["annotations"]["other"] == "y"
    assert "data" not in found
    assert reduced(tracked_by("app"), Marks())["metadata"]["annotations"].keys() == {MARK}


def test_two_of_equal_marks_share_a_cache() -> None:
    assert Reduction(Marks()) == Reduction(Marks())
    assert len({Reduction(Marks()), Reduction(Marks()), Reduction(Marks("label")), MetadataOnly(Marks())}) == 3
