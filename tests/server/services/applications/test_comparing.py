"""What an Application was synced from is shown for as long as its project permits it."""

from __future__ import annotations

import pytest

from argosy.apis.argoproj.project import AppProjectSpec
from argosy.apis.argoproj.source import Source
from argosy.apis.schema import read
from argosy.server.errors import ApiError, Code
from argosy.server.services.applications.comparing import check_sources

OURS = read(Source, {"repoURL": "https://git.example/ours/a.git"})
THEIRS = read(Source, {"repoURL": "https://git.example/theirs/a.git"})
PERMITS = {"sourceRepos": ["https://git.example/ours/*"]}


def test_sources_that_the_project_permits_are_compared() -> None:
    check_sources(read(AppProjectSpec, PERMITS), (OURS, OURS))


@pytest.mark.parametrize("permits", [PERMITS, {}, {"sourceRepos": ["*", "!https://git.example/theirs/*"]}, None])
def test_a_source_that_the_project_permits_no_more_is_refused(permits: dict[str, list[str]] | None) -> None:
    with pytest.raises(ApiError, match=r"theirs/a\.git is not permitted") as refused:
        check_sources(None if permits is None else read(AppProjectSpec, permits), (THEIRS,))
    assert refused.value.code == Code.PERMISSION_DENIED
