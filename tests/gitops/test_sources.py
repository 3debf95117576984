"""Several sources of one application: value files from another repository, and which source an error is of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from argosy.sources.port import Credentials, NotFound, Tree
from argosy.sources.tree import MemoryStorage, RootedTree
from tests.kit.gitops import REPO, Bench, application, config, opened

VALUES = "https://git.example/values.git"
CHARTS = "https://charts.example"
CHART = {
    "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.2.0\n",
    "values.yaml": "value: default\n",
    "templates/x.yaml": config("x", "{{ .Values.value }}-{{ .Capabilities.KubeVersion.Minor }}"),
    "templates/y.yaml": '{{ if .Capabilities.APIVersions.Has "apps/v1/Deployment" }}\n'
    + config("kinds", "seen")
    + "{{ end }}",
}


class OneChart:
    """A chart repository with one version of one chart."""

    def __init__(self) -> None:
        self.files = {name: text.encode() for name, text in CHART.items()}

    async def resolve(self, url: str, chart: str, version: str, credentials: Credentials) -> str:
        if version not in ("1.x", "1.2.0"):
            raise NotFound(f"chart {chart!r} has no version {version!r}")
        return "1.2.0"

    async def tree(self, url: str, chart: str, version: str, credentials: Credentials) -> Tree:
        return RootedTree(MemoryStorage(self.files, None))


def sources(version: str = "1.x") -> list[dict[str, Any]]:
    return [
        {"repoURL": CHARTS, "chart": "web", "targetRevision": version, "helm": {"valueFiles": ["$values/prod.yaml"]}},
        {"repoURL": VALUES, "targetRevision": "main", "ref": "values"},
        {"repoURL": REPO, "path": "conf", "targetRevision": "main"},
    ]


def several(version: str = "1.x") -> dict[str, Any]:
    app = application(sources=sources(version))
    del app["spec"]["source"]
    return app


def filled(bench: Bench) -> None:
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.git.push(VALUES, {"prod.yaml": "value: prod\n"})


def test_a_chart_takes_values_from_another_repository_and_knows_the_cluster() -> None:
    with opened(charts=OneChart()) as bench:
        filled(bench)
        bench.create(several())
        bench.world.run_until(bench.synced)
        minor = bench.gitops.live.kube_version.split(".")[1]
        assert (bench.value("x"), bench.value("kinds"), bench.value("a")) == (f"prod-{minor}", "seen", "one")
        sync = bench.status()["sync"]
        assert sync["revisions"][0] == "1.2.0"
        assert len(sync["revisions"]) == 3
        assert "revision" not in sync
        assert bench.status()["history"][0]["revisions"] == sync["revisions"]
        bench.git.push(VALUES, {"prod.yaml": "value: new\n"})
        bench.world.run_until(lambda: bench.value("x") == f"new-{minor}")
        bench.world.run_until(bench.synced)


def test_an_error_says_which_of_the_sources_it_is_of() -> None:
    with opened(charts=OneChart()) as bench:
        filled(bench)
        bench.create(several("9.x"))
        bench.world.run_until(lambda: "ComparisonError" in bench.conditions())
        text = bench.conditions()["ComparisonError"]
        assert text.startswith("Failed to load target state: failed to generate manifest for source 1 of 3: ")
        bench.patch("app", {"spec": {"sources": sources()}})
        bench.world.run_until(bench.synced)
        bench.git.push(REPO, {"conf/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: [\n"})
        bench.refresh()
        assert "failed to generate manifest for source 3 of 3: " in bench.conditions()["ComparisonError"]


class TwoCharts(OneChart):
    """Two charts of one repository, followed by one range of versions."""

    def __init__(self) -> None:
        super().__init__()
        self.newest = {"api": "1.1.0", "web": "1.2.0"}

    async def resolve(self, url: str, chart: str, version: str, credentials: Credentials) -> str:
        return self.newest[chart] if version == "1.x" else version

    async def tree(self, url: str, chart: str, version: str, credentials: Credentials) -> Tree:
        about = f"apiVersion: v2\nname: {chart}\nversion: {version}\n".encode()
        made = {"Chart.yaml": about, "templates/x.yaml": config(chart, version).encode()}
        return RootedTree(MemoryStorage(made, None))


def test_a_chart_is_followed_though_another_one_has_that_version_already() -> None:
    charts = TwoCharts()
    with opened(charts=charts) as bench:
        for chart in charts.newest:
            bench.create(application(chart, source={"repoURL": CHARTS, "chart": chart, "targetRevision": "1.x"}))
        bench.world.run_until(lambda: bench.value("api") == "1.1.0" and bench.value("web") == "1.2.0")
        bench.world.pass_time(400)
        charts.newest["api"] = "1.2.0"
        bench.world.run_until(lambda: bench.value("api") == "1.2.0", within=timedelta(minutes=10))


def test_a_name_that_is_there_twice_stops_the_application_alone() -> None:
    with opened(charts=OneChart()) as bench:
        filled(bench)
        app = several()
        app["spec"]["sources"][2]["ref"] = "values"
        bench.create(app)
        bench.world.run_until(lambda: "ComparisonError" in bench.conditions())
        wanted = "failed to get ref sources: invalid sources: multiple sources had the same `ref` key 'values'"
        assert bench.conditions()["ComparisonError"] == f"Failed to load target state: {wanted}"


def test_one_repository_at_two_revisions_is_an_error() -> None:
    chart = {f"chart/{name}": text for name, text in CHART.items()}
    with opened() as bench:
        first = bench.git.push(REPO, {**chart, "prod.yaml": "value: old\n"})
        bench.git.push(REPO, {**chart, "prod.yaml": "value: new\n"})
        own = {"repoURL": REPO, "path": "chart", "helm": {"valueFiles": ["$v/prod.yaml"]}, "targetRevision": "main"}
        app = application(sources=[own, {"repoURL": REPO, "targetRevision": first, "ref": "v"}])
        del app["spec"]["source"]
        bench.create(app)
        bench.world.run_until(lambda: "ComparisonError" in bench.conditions())
        assert "cannot reference a different revision of the same repository" in bench.conditions()["ComparisonError"]
        bench.patch("app", {"spec": {"sources": [own, {"repoURL": REPO, "targetRevision": "main", "ref": "v"}]}})
        bench.world.run_until(bench.synced)
        assert str(bench.value("x")).startswith("new-")


class Recording(OneChart):
    """Which credentials a chart was asked for with."""

    def __init__(self) -> None:
        super().__init__()
        self.passed: set[bool] = set()
        self.asked: list[tuple[str, str, str]] = []

    async def resolve(self, url: str, chart: str, version: str, credentials: Credentials) -> str:
        self.asked.append((url, chart, version))
        return {"web": "1.2.0", "other": "1.9.0"}.get(chart, f"sha256:{'0' * 64}")

    async def tree(self, url: str, chart: str, version: str, credentials: Credentials) -> Tree:
        self.passed.add(credentials.pass_credentials)
        self.asked.append((url, chart, version))
        return await super().tree(url, chart, version, credentials)


def test_credentials_follow_a_chart_to_another_host_only_if_the_source_says_so() -> None:
    charts = Recording()
    with opened(charts=charts) as bench:
        source: dict[str, Any] = {"repoURL": CHARTS, "chart": "web", "targetRevision": "1.x"}
        bench.create(application(source=source))
        bench.world.run_until(bench.synced)
        assert charts.passed == {False}
        bench.patch("app", {"spec": {"source": {**source, "helm": {"passCredentials": True}}}})
        bench.world.run_until(lambda: True in charts.passed)


def test_polls_that_find_nothing_new_wake_nobody_however_many_charts_a_repository_has() -> None:
    charts = Recording()
    with opened(charts=charts) as bench:
        bench.git.push(REPO, {"conf/a.yaml": config("a", "one")}, tag="conf-1.0.0")
        for name in ("web", "other"):
            bench.create_namespace(name)
            place = {"server": "https://kubernetes.default.svc", "namespace": name}
            source = {"repoURL": CHARTS, "chart": name, "targetRevision": "1.x"}
            bench.create(application(name, source=source, destination=place))
        tagged = {"repoURL": REPO, "path": "conf", "targetRevision": "1.x", "tagPrefix": "conf-"}
        bench.create(application("tagged", source=tagged))
        bench.world.run_until(lambda: all(map(bench.synced, ("web", "other", "tagged"))))
        bench.world.pass_time(400)
        looks = bench.renderer._cache.counters.hits
        bench.world.pass_time(1000)
        assert bench.renderer._cache.counters.hits == looks


def test_an_oci_url_is_the_artifact_whether_or_not_its_name_is_said_again() -> None:
    charts = Recording()
    with opened(charts=charts) as bench:
        for name, url in (("again", "oci://registry.example/team/web"), ("below", "oci://registry.example/team")):
            bench.create(application(name, source={"repoURL": url, "chart": "web", "targetRevision": "1.x"}))
        bench.world.run_until(
            lambda: bool(bench.status("again").get("sync")) and bool(bench.status("below").get("sync"))
        )
        assert ("oci://registry.example/team/web", "", "1.x") in charts.asked
        assert ("oci://registry.example/team", "web", "1.x") in charts.asked


def test_what_is_odd_about_a_chart_is_a_warning_and_no_hindrance() -> None:
    charts = OneChart()
    charts.files["templates/x.yaml"] = (config("x", "one") + "  value: two\n").encode()
    with opened(charts=charts) as bench:
        bench.create(application(source={"repoURL": CHARTS, "chart": "web", "targetRevision": "1.x"}))
        bench.world.run_until(bench.synced)
        assert bench.value("x") == "two"
        text = bench.conditions()["RenderWarning"]
        assert (
            text == "web/templates/x.yaml: yaml: line 7: key 'value' appears twice in one mapping; the last one counts"
        )


def test_an_operation_with_more_or_fewer_revisions_than_sources_is_an_error(bench: Bench) -> None:
    bench.create(application(syncPolicy={}))
    bench.world.run_until(lambda: bench.sync_status() == "OutOfSync")
    bench.sync(revisions=["main", "main"])
    bench.world.run_until(lambda: bench.phase() == "Error")
    told = "operation.sync.revisions has 2 revisions for 1 sources: give one for each"
    assert bench.state()["message"] == f"InvalidSpecError: {told}"
    assert bench.value("a") is None
