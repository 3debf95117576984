"""Which repositories the poll asks for new commits."""

from __future__ import annotations

from typing import Any

from argosy.gitops.keys import PROJECTS
from argosy.sources.port import Unavailable
from tests.kit.gitops import REPO, Bench, application, config


def test_no_repository_is_asked_that_the_project_refuses(bench: Bench, monkeypatch: Any) -> None:
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    everywhere = [{"server": "*", "namespace": "*"}]
    for name, sources in (("open", ["*"]), ("shut", ["https://git.example/others"])):
        made = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AppProject",
            "metadata": {"name": name, "namespace": "argocd"},
            "spec": {"sourceRepos": sources, "destinations": everywhere},
        }
        bench.world.run(bench.world.client.create(PROJECTS, made))
    asked: list[str] = []
    resolve = bench.gitops.manifests.resolve

    async def noted(source: Any, book: Any, project: str, max_age: float = 0.0) -> str:
        asked.append(project)
        return await resolve(source, book, project, max_age)

    bench.create(application("one", project="open"))
    bench.create(application("two", project="shut"))
    bench.create(application("three", project="absent"))
    bench.world.run_until(lambda: bench.synced("one") and bool(bench.conditions("two")))
    monkeypatch.setattr(bench.gitops.manifests, "resolve", noted)
    bench.world.run(bench.gitops.look_for_commits())
    assert set(asked) == {"open"}


def test_looks_for_commits_that_find_none_write_nothing_at_all(bench: Bench) -> None:
    """No write on the complete API server, Events included; a repository that is unreachable once changes nothing."""
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.create(application())
    bench.world.run_until(bench.synced)
    bench.world.pass_time(60)
    revision = bench.world.cluster.store.revision
    for away in (False, True, False, False):
        bench.git.fail(REPO, Unavailable("gone") if away else None)
        bench.world.run(bench.gitops.look_for_commits())
        bench.world.pass_time(30)
    assert bench.world.cluster.store.revision == revision
