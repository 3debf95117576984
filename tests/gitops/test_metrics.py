"""What a scraper sees of Applications and clusters, in virtual time."""

from __future__ import annotations

from argosy.gitops.clusters.metrics import ClusterMetrics
from argosy.gitops.keys import APPLICATIONS, IN_CLUSTER
from argosy.gitops.metrics import CONDITIONS, LABELS, ApplicationMetrics
from argosy.machinery.objects import Key
from argosy.observe.metrics import Registry
from tests.kit.gitops import REPO, Bench, application
from tests.kit.world import CONFIG_MAPS

ENVIRON = {LABELS: "team, app.kubernetes.io/name", CONDITIONS: "ComparisonError"}


def measured(bench: Bench) -> tuple[ApplicationMetrics, Registry]:
    registry = Registry()
    gitops, lookup = bench.gitops, bench.gitops.cluster_lookup
    ClusterMetrics(gitops.clusters, lookup.name_of, lookup.labels_of, ENVIRON, registry)
    found = ApplicationMetrics(gitops.plane.applications, gitops.owns, lookup.server_of, ENVIRON, registry)
    return found, registry


def series(registry: Registry, name: str) -> list[str]:
    return [line for line in registry.text().splitlines() if line.startswith((f"{name}{{", f"{name} "))]


def test_an_application_is_shown_as_upstream_shows_it_while_it_is_there(bench: Bench) -> None:
    _, registry = measured(bench)
    app = application(syncPolicy={"automated": {}})
    app["metadata"]["labels"] = {"team": "a"}
    bench.create(app)
    bench.world.run_until(bench.synced)

    assert series(registry, "argocd_app_info") == [
        (
            'argocd_app_info{namespace="argocd",name="app",project="default",autosync_enabled="true",'
            f'repo="{REPO.removesuffix(".git")}",dest_server="{IN_CLUSTER}",dest_namespace="default",'
            'sync_status="Synced",health_status="Healthy",operation=""} 1'
        )
    ]
    assert series(registry, "argocd_app_labels") == [
        (
            'argocd_app_labels{namespace="argocd",name="app",project="default",label_team="a",'
            'label_app_kubernetes_io_name=""} 1'
        )
    ]

    bench.world.run(bench.world.client.delete(APPLICATIONS, "app", "argocd"))
    bench.world.run_until(lambda: not bench.app())
    assert series(registry, "argocd_app_info") == []
    assert series(registry, "argocd_app_sync_total") == []


def test_each_sync_that_ended_is_counted_once(bench: Bench) -> None:
    _, registry = measured(bench)
    bench.create(application(syncPolicy={"automated": {}}))
    bench.world.run_until(bench.synced)
    bench.world.pass_time(600)

    (count,) = series(registry, "argocd_app_sync_total")
    assert count.endswith(f'dest_server="{IN_CLUSTER}",phase="Succeeded",dry_run="false"}} 1')
    assert len(series(registry, "argocd_app_sync_duration_seconds_total")) == 1


def test_a_condition_has_a_series_while_it_holds(bench: Bench) -> None:
    _, registry = measured(bench)
    bench.create(application("bad", source={"repoURL": REPO, "path": "conf", "targetRevision": "nope"}))
    bench.world.run_until(lambda: bool((bench.app("bad").get("status") or {}).get("conditions")))

    assert series(registry, "argocd_app_condition") == [
        'argocd_app_condition{namespace="argocd",name="bad",project="default",condition="ComparisonError"} 1'
    ]


def test_requests_and_looks_name_the_application(bench: Bench) -> None:
    found, registry = measured(bench)
    bench.create(application())
    bench.world.run_until(bench.synced)
    key = Key("argocd", "app")
    found.requested(IN_CLUSTER, "Patch", CONFIG_MAPS, "default", "409", False, key)
    found.requested(IN_CLUSTER, "Get", CONFIG_MAPS, "", "200", False, None)
    found.reconciled(key, 0.3)

    assert [line.partition("{")[2] for line in series(registry, "argocd_app_k8s_request_total")] == [
        (
            f'namespace="",name="",project="",server="{IN_CLUSTER}",response_code="200",verb="Get",'
            'resource_kind="ConfigMap",resource_namespace="",dry_run="false"} 1'
        ),
        (
            f'namespace="argocd",name="app",project="default",server="{IN_CLUSTER}",response_code="409",verb="Patch",'
            'resource_kind="ConfigMap",resource_namespace="default",dry_run="false"} 1'
        ),
    ]
    assert f'argocd_app_reconcile_bucket{{namespace="argocd",dest_server="{IN_CLUSTER}",le="0.5"}} 1' in registry.text()


def test_a_cluster_is_shown_with_its_version_kinds_and_objects(bench: Bench) -> None:
    _, registry = measured(bench)
    bench.create(application())
    bench.world.run_until(bench.synced)

    assert series(registry, "argocd_cluster_info")[0].endswith('name="in-cluster"} 1')
    assert series(registry, "argocd_cluster_connection_status")[0].endswith(" 1")
    assert float(series(registry, "argocd_cluster_api_resources")[0].split()[-1]) > 10
    assert float(series(registry, "argocd_cluster_api_resource_objects")[0].split()[-1]) >= 2
    assert any('kind="ConfigMap"' in line for line in series(registry, "argocd_cluster_events_total"))
