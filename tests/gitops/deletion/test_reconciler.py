"""Deletion of an Application whose project is gone, or no longer permits what it brought (spec 8)."""

from __future__ import annotations

from argosy.gitops.keys import PROJECTS
from tests.kit.gitops import Bench, application


def with_finalizer(bench: Bench, project: str) -> None:
    bench.create_project(project)
    app = application(project=project)
    app["metadata"]["finalizers"] = ["resources-finalizer.argocd.argoproj.io"]
    bench.create(app)
    bench.world.run_until(bench.synced)


def test_without_its_project_nothing_is_deleted_and_the_application_says_why(bench: Bench) -> None:
    with_finalizer(bench, "team")
    bench.patch("team", {"metadata": {"finalizers": None}}, PROJECTS)
    bench.delete("team", PROJECTS)
    bench.world.pass_time(5)
    bench.delete("app")
    words = "Application referencing project team which does not exist"
    bench.world.run_until(lambda: bench.conditions().get("DeletionError") == words)
    bench.world.pass_time(300)
    assert bench.value("a") == "one"
    bench.create_project("team")
    bench.world.run_until(lambda: not bench.app())
    assert bench.value("a") is None


def test_what_the_project_no_longer_permits_is_left_alone(bench: Bench) -> None:
    with_finalizer(bench, "team")
    bench.patch("team", {"spec": {"namespaceResourceBlacklist": [{"group": "", "kind": "ConfigMap"}]}}, PROJECTS)
    bench.world.pass_time(5)
    bench.delete("app")
    bench.world.run_until(lambda: not bench.app())
    assert bench.value("a") == "one"
