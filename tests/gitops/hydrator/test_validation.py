"""Which applications may be hydrated together, and what is said where they may not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.apis.argoproj.project import AppProjectSpec
from argosy.apis.schema import read
from argosy.gitops.hydrator.groups import Group, group_of, target_of
from argosy.gitops.hydrator.need import by_status
from argosy.gitops.hydrator.validation import Candidate, errors_of, of_group
from argosy.machinery.objects import JsonObject, Key

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PROJECT = read(AppProjectSpec, {"sourceRepos": ["*"]})


def app(path: str = "env/a", **changes: Any) -> JsonObject:
    dry = {"repoURL": "https://git.example/dry.git", "path": "dry", "targetRevision": "main"}
    sync = {"targetBranch": "env", "path": path}
    return {"spec": {"sourceHydrator": {"drySource": dry, "syncSource": sync} | changes}}


def candidate(name: str, made: JsonObject, project: AppProjectSpec | None = PROJECT) -> Candidate:
    return Candidate(Key("argocd", name), made, project)


def test_paths_that_are_the_same_place_are_said_of_both() -> None:
    for spelling in ("env/a", "env/a/", "./env/a", "env/b/../a"):
        found = errors_of(
            [candidate("x", app()), candidate("y", app(spelling)), candidate("z", app("env/z"))], "argocd"
        )
        assert found == {
            "argocd/x": "app argocd/y hydrator uses the same destination: repo=https://git.example/dry.git, path=env/a",
            "argocd/y": "app argocd/x hydrator uses the same destination: repo=https://git.example/dry.git, path=env/a",
        }


def test_a_credential_in_a_url_is_not_shown() -> None:
    made = app()
    made["spec"]["sourceHydrator"]["drySource"]["repoURL"] = "https://u:canary@git.example/dry.git"
    [text] = errors_of([candidate("x", made, read(AppProjectSpec, {"sourceRepos": []}))], "argocd").values()
    assert text == "application repo https://git.example/dry.git is not permitted in project 'default'"


def test_a_project_must_permit_the_namespace_of_the_application() -> None:
    found = errors_of([Candidate(Key("team", "x"), app(), PROJECT)], "argocd")
    assert found == {
        "team/x": "failed to get project \"default\": application 'x' in namespace 'team' is not permitted to use "
        "project 'default'"
    }


def test_one_text_for_all_the_others() -> None:
    assert of_group({"argocd/b": "?"}) == "cannot hydrate because application argocd/b has an error"
    found = of_group({"argocd/c": "?", "argocd/b": "?", "z/a": "?"})
    assert found == "cannot hydrate because application argocd/b and 2 more have errors"


def test_a_group_is_dry_and_hydrated_place_however_the_urls_are_spelled() -> None:
    one = group_of(app())
    other = app("env/b")
    other["spec"]["sourceHydrator"]["drySource"]["repoURL"] = "https://GIT.example/dry"
    assert one == group_of(other)
    assert one != group_of(app(hydrateTo={"targetBranch": "next"}))
    assert one != group_of(app(syncSource={"targetBranch": "env", "path": "p", "repoURL": "https://git.example/wet"}))
    assert group_of({"spec": {}}) is None
    staged = target_of(app(hydrateTo={"targetBranch": "next"}))
    assert (staged.branch, staged.sync_branch) == ("next", "env")


@pytest.mark.parametrize("odd", ["text", 7, [], None, {"drySource": "text", "syncSource": 1, "hydrateTo": []}])
def test_what_a_lax_client_wrote_breaks_nobody(odd: Any) -> None:
    made: JsonObject = {"metadata": {"name": "x"}, "spec": {"sourceHydrator": odd}, "status": {"sourceHydrator": odd}}
    found = group_of(made)
    assert found is None or isinstance(found, Group)
    assert errors_of([candidate("x", made)], "argocd").keys() == {"argocd/x"}
    assert by_status(made, NOON, NOON - NOON) is not None
