"""Sources of an Application as a page shows them: one, several, or those of a hydrator."""

from __future__ import annotations

from argosy.server.api.applications.sources import hydration_shown, sources_shown

GIT = {"repoURL": "https://git.example/a.git", "path": "web", "targetRevision": "main"}
CHART = {"repoURL": "https://charts.example", "chart": "web", "targetRevision": "1.*", "ref": "values"}


def test_each_source_has_its_own_revision() -> None:
    app = {"spec": {"sources": [GIT, CHART]}, "status": {"sync": {"revisions": ["abc", "1.2.3"]}}}
    assert [(one["repository"], one["chart"], one["revision"], one["ref"]) for one in sources_shown(app)] == [
        ("https://git.example/a.git", "", "abc", ""),
        ("https://charts.example", "web", "1.2.3", "values"),
    ]


def test_one_that_was_not_compared_yet_has_no_revision() -> None:
    assert [one["revision"] for one in sources_shown({"spec": {"source": GIT}})] == [""]
    assert [one["revision"] for one in sources_shown({"spec": {"sources": [GIT, CHART]}})] == ["", ""]


def test_a_hydrated_application_shows_what_is_read_and_what_is_written() -> None:
    dry = {"repoURL": "https://git.example/dry.git", "path": "web", "targetRevision": "main"}
    spec = {"sourceHydrator": {"drySource": dry, "syncSource": {"targetBranch": "env/prod", "path": "web"}}}
    state = {"phase": "Failed", "message": "refused", "drySHA": "abc", "hydratedSHA": "def"}
    app = {"spec": spec, "status": {"sourceHydrator": {"currentOperation": state}}}
    assert sources_shown(app) == []
    found = hydration_shown(app)
    assert found is not None
    assert (found["branch"], found["phase"], found["message"], found["dry"]["revision"]) == (
        "env/prod",
        "Failed",
        "refused",
        "abc",
    )
    assert hydration_shown({"spec": {"source": GIT}}) is None
