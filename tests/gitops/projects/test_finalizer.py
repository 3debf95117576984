"""AppProjects themselves: kept while Applications name them, with their errors in conditions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from argosy.apis.argoproj import AppProject
from argosy.apis.schema import read
from argosy.gitops.keys import PROJECTS
from argosy.gitops.projects.finalizer import Seen, decide
from argosy.machinery.requests import Write
from tests.kit.gitops import Bench, application, project
from tests.kit.world import EVENTS

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
FINALIZER = "resources-finalizer.argocd.argoproj.io"


def test_a_project_that_is_deleted_stays_until_no_application_names_it(bench: Bench) -> None:
    bench.create_project("team")
    bench.patch("team", {"metadata": {"finalizers": [FINALIZER, "example.com/other"]}}, PROJECTS)
    bench.create(application(project="team"))
    bench.world.run_until(bench.synced)
    bench.delete("team", PROJECTS)
    bench.world.pass_time(600)
    found = bench.get(PROJECTS, "team", "argocd")
    assert found is not None
    assert found["metadata"]["finalizers"] == [FINALIZER, "example.com/other"]
    bench.delete("app")
    bench.world.pass_time(5)
    found = bench.get(PROJECTS, "team", "argocd")
    assert found is not None
    assert found["metadata"]["finalizers"] == ["example.com/other"]


def test_what_is_wrong_with_a_project_is_an_event_of_it_and_only_once(bench: Bench) -> None:
    bench.create_project("team", sourceRepos=["!*"])
    bench.world.pass_time(5)
    bench.patch("team", {"metadata": {"labels": {"touched": "yes"}}}, PROJECTS)
    bench.world.pass_time(5)
    page = bench.world.run(bench.world.client.list(EVENTS, "argocd"))
    [event] = [item for item in page.items if item["reason"] == "InvalidProject"]
    assert event["involvedObject"]["name"] == "team"
    assert event["type"] == "Warning"
    assert event["message"].startswith("spec.sourceRepos: '!*'")
    assert event.get("count") in (None, 1)


@pytest.mark.parametrize(("is_used", "is_written"), [(True, False), (False, True)])
def test_what_keeps_a_project_that_is_to_be_deleted(is_used: bool, is_written: bool) -> None:
    metadata = {"uid": "u", "resourceVersion": "7", "deletionTimestamp": "2026-01-01T00:00:00Z"}
    held = {**project("team"), "metadata": {"name": "team", "namespace": "argocd", **metadata}}
    held["metadata"]["finalizers"] = [FINALIZER]
    steps = decide(Seen(read(AppProject, held), is_used, ()), NOON).steps
    expected = {"finalizers": None, "uid": "u", "resourceVersion": "7"}
    assert [step.body for step in steps if isinstance(step, Write)] == ([{"metadata": expected}] if is_written else [])
