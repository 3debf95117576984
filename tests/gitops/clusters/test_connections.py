"""Clusters other than our own, in virtual time: connected to when an application names them, and each by itself."""

from __future__ import annotations

import pytest

from argosy.gitops.clusters.connections import State
from argosy.gitops.clusters.contact import PULSE_SECONDS, PULSES_MISSED
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key
from tests.kit.gitops import NAMESPACES, REPO, Bench, application, config
from tests.kit.world import CONFIG_MAPS, SECRETS

PROD = "https://prod.example"


def goes_to(server: str = PROD, name: str = "app", **spec: object) -> JsonObject:
    return application(name, destination={"server": server, "namespace": "default"}, **spec)


def test_an_application_is_synced_into_the_cluster_that_it_names(bench: Bench) -> None:
    bench.clusters.add("prod")
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.create(goes_to())
    bench.world.run_until(bench.synced)
    assert bench.clusters.values(PROD) == {"a": "one"}
    assert bench.value("a") is None


def test_a_cluster_is_named_by_server_or_by_name(bench: Bench) -> None:
    bench.clusters.add("prod")
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.create(application(destination={"name": "prod", "namespace": "default"}))
    bench.world.run_until(bench.synced)
    assert bench.clusters.values(PROD) == {"a": "one"}


def test_drift_in_another_cluster_is_healed_and_what_git_drops_is_pruned(bench: Bench) -> None:
    prod = bench.clusters.add("prod")
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one"), "conf/b.yaml": config("b", "one")})
    bench.create(goes_to())
    bench.world.run_until(bench.synced)
    bench.world.run(prod.write(requests.remove(CONFIG_MAPS, Key("default", "a"))))
    bench.world.run_until(lambda: bench.clusters.values(PROD) == {"a": "one", "b": "one"})
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.refresh()
    bench.world.run_until(lambda: bench.synced() and bench.clusters.values(PROD) == {"a": "one"})


def test_deleting_an_application_takes_its_objects_in_the_other_cluster_along(bench: Bench) -> None:
    bench.clusters.add("prod")
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    app = goes_to()
    app["metadata"]["finalizers"] = ["resources-finalizer.argocd.argoproj.io"]
    bench.create(app)
    bench.world.run_until(bench.synced)
    bench.delete("app")
    bench.world.run_until(lambda: not bench.app())
    assert bench.clusters.values(PROD) == {}


def test_no_cluster_is_connected_to_before_an_application_names_it_and_each_only_once(bench: Bench) -> None:
    bench.clusters.add("prod")
    bench.clusters.add("idle")
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    for number in range(3):
        bench.create(goes_to(name=f"app-{number}", source={**SOURCE, "path": "conf"}))
    bench.world.run_until(lambda: all(bench.sync_status(f"app-{number}") for number in range(3)))
    assert bench.clusters.connected == [PROD]


SOURCE = {"repoURL": "https://git.example/app.git", "targetRevision": "main"}


def test_a_cluster_that_is_away_is_reported_and_used_as_soon_as_it_is_back_and_others_continue(bench: Bench) -> None:
    bench.clusters.add("prod")
    bench.clusters.down.add(PROD)
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.create(goes_to())
    bench.create(application("here"))
    bench.world.run_until(lambda: bench.synced("here") and bool(bench.conditions()))
    text = bench.conditions()["ComparisonError"]
    assert text.startswith(f'Failed to load live state: failed to get cluster info for "{PROD}": ')
    assert "connection refused" in text
    assert bench.sync_status() == "Unknown"
    assert bench.gitops.clusters.states()[PROD].state is State.FAILED
    bench.clusters.down.clear()
    bench.world.run_until(bench.synced)
    assert bench.clusters.values(PROD) == {"a": "one"}
    assert bench.conditions() == {}
    assert bench.gitops.clusters.states()[PROD].state is State.SUCCESSFUL


def test_a_cluster_that_becomes_unreachable_later_is_reported_and_nothing_in_it_is_touched(bench: Bench) -> None:
    bench.clusters.add("prod")
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.create(goes_to())
    bench.world.run_until(bench.synced)
    bench.world.pass_time(60)
    before = bench.app()
    bench.clusters.down.add(PROD)
    bench.world.pass_time(PULSE_SECONDS * (PULSES_MISSED - 1))
    bench.clusters.down.clear()
    bench.world.pass_time(60)
    assert bench.app() == before  # it only started again
    assert bench.clusters.connected == [PROD]
    bench.clusters.down.add(PROD)
    bench.world.run_until(lambda: bool(bench.conditions()))
    assert "connection refused" in bench.conditions()["ComparisonError"]
    assert bench.gitops.clusters.states()[PROD].state is State.FAILED
    assert bench.clusters.values(PROD) == {"a": "one"}
    bench.clusters.down.clear()
    bench.world.run_until(lambda: bench.synced() and not bench.conditions())
    assert bench.clusters.values(PROD) == {"a": "one"}


def test_a_cluster_that_refuses_to_list_its_objects_is_reported_at_once_and_by_kind(bench: Bench) -> None:
    bench.clusters.add("prod")
    bench.clusters.users[PROD] = ("system:serviceaccount:default:limited", ())
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.create(goes_to())
    bench.world.pass_time(10)
    text = bench.conditions()["ComparisonError"]
    assert "failed to load initial state of resource " in text
    assert 'User "system:serviceaccount:default:limited" cannot list resource' in text
    assert "more kinds)" in text


def test_a_restart_changes_no_status_while_clusters_are_being_connected_to(bench: Bench) -> None:
    bench.clusters.add("prod")
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.create(goes_to())
    bench.world.run_until(bench.synced)
    bench.world.pass_time(60)
    before = bench.app()
    bench.kill()
    bench.start()
    bench.world.pass_time(60)
    assert bench.app() == before


def test_a_cluster_whose_secret_is_gone_is_no_destination_any_more(bench: Bench) -> None:
    bench.clusters.add("prod")
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.create(goes_to())
    bench.world.run_until(bench.synced)
    bench.delete("cluster-prod", SECRETS)
    bench.world.run_until(lambda: "InvalidSpecError" in bench.conditions())
    assert bench.conditions()["InvalidSpecError"] == (
        f'error getting cluster by server "{PROD}": rpc error: code = NotFound desc = cluster "{PROD}" not found'
    )
    assert bench.gitops.clusters.states() == {}


def test_a_secret_that_asks_for_it_is_labelled_with_its_cluster_s_version_and_stays_connected(
    bench: Bench,
) -> None:
    bench.clusters.add("prod")
    asks = {"metadata": {"labels": {"argocd.argoproj.io/auto-label-cluster-info": "true"}}}
    bench.patch("cluster-prod", asks, SECRETS)
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.create(goes_to())
    bench.world.run_until(bench.synced)
    bench.world.pass_time(60)
    secret = bench.get(SECRETS, "cluster-prod", "argocd")
    assert secret is not None
    version = bench.gitops.live.kube_version.removeprefix("v")
    assert version.startswith(secret["metadata"]["labels"]["argocd.argoproj.io/kubernetes-version"] + ".")
    assert bench.clusters.connected == [PROD]


def test_a_secret_that_asks_for_the_label_later_gets_it_without_connecting_again(bench: Bench) -> None:
    bench.clusters.add("prod")
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.create(goes_to())
    bench.world.run_until(bench.synced)
    asks = {"metadata": {"labels": {"argocd.argoproj.io/auto-label-cluster-info": "true"}}}
    bench.patch("cluster-prod", asks, SECRETS)
    bench.world.pass_time(5)
    secret = bench.get(SECRETS, "cluster-prod", "argocd")
    assert secret is not None
    assert "argocd.argoproj.io/kubernetes-version" in secret["metadata"]["labels"]
    assert bench.clusters.connected == [PROD]


def test_a_changed_secret_connects_again(bench: Bench) -> None:
    bench.clusters.add("prod")
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.create(goes_to())
    bench.world.run_until(bench.synced)
    mark = {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "2026-01-01T00:00:00Z"}}}
    bench.patch("cluster-prod", mark, SECRETS)
    bench.world.run_until(lambda: bench.clusters.connected == [PROD, PROD])
    bench.world.run_until(bench.synced)


def test_a_cluster_limited_to_namespaces_is_watched_in_these_only(bench: Bench) -> None:
    prod = bench.clusters.add("prod", namespaces="default,other", clusterResources="false")
    for name in ("other", "third"):
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        bench.world.run(prod.write(requests.create(NAMESPACES, namespace)))
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.create(goes_to())
    bench.world.run_until(bench.synced)
    bench.world.run(prod.write(requests.remove(CONFIG_MAPS, Key("default", "a"))))
    bench.world.run_until(lambda: bench.clusters.values(PROD) == {"a": "one"})


@pytest.mark.parametrize(
    ("manifest", "text"),
    [
        (
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: new}\n",
            'cluster level Namespace "new" can not be managed when in namespaced mode',
        ),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: third}\ndata: {value: x}\n",
            'namespace "third" for ConfigMap "a" is not managed',
        ),
    ],
)
def test_what_a_limited_cluster_does_not_cover_is_refused_by_name(bench: Bench, manifest: str, text: str) -> None:
    bench.clusters.add("prod", namespaces="default", clusterResources="false")
    bench.git.push(REPO, {"conf/a.yaml": manifest})
    bench.create(goes_to())
    bench.world.run_until(lambda: bench.phase() in ("Failed", "Error") or "Retrying" in str(bench.state()))
    assert text in bench.state()["message"]


def test_a_cluster_of_one_project_is_open_to_it_and_to_no_other(bench: Bench) -> None:
    bench.clusters.add("prod", project="mine")
    bench.create_project("mine", destinations=[], permitOnlyProjectScopedClusters=True)
    bench.create_project("other", permitOnlyProjectScopedClusters=True)
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.create(goes_to(project="mine"))
    bench.create(goes_to(name="foreign", project="other"))
    bench.world.run_until(lambda: bench.synced() and bool(bench.conditions("foreign")))
    assert (
        "do not match any of the allowed destinations in project 'other'"
        in bench.conditions("foreign")["InvalidSpecError"]
    )
