"""Where a working copy is, read from its files, as git would say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from argosy.promotion.adapters.references import branch_of, commit_named, commit_of, repository_of
from tests.kit.promotion import git


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(source))
    git(source, "commit", "--quiet", "--allow-empty", "-m", "first")
    git(source, "branch", "env/prod")
    git(tmp_path, "clone", "--quiet", "--bare", str(source), str(tmp_path / "bare"))
    return tmp_path / "bare"


def added(bare: Path, *arguments: str) -> Path:
    place = bare.parent / "copy"
    git(bare, "worktree", "add", "--quiet", *arguments[:1], str(place), *arguments[1:])
    return place


def test_a_working_copy_on_a_branch_is_at_its_newest_commit(bare: Path) -> None:
    place = added(bare, "--force", "env/prod")

    assert (repository_of(place), branch_of(place)) == (bare, "env/prod")
    assert commit_of(place) == git(place, "rev-parse", "HEAD").strip()

    git(place, "commit", "--quiet", "--allow-empty", "-m", "second")

    assert commit_of(place) == git(place, "rev-parse", "HEAD").strip() != commit_named(bare, "refs/heads/main")


def test_a_working_copy_on_no_branch_is_at_its_commit(bare: Path) -> None:
    place = added(bare, "--detach", "main")

    assert branch_of(place) == ""
    assert commit_of(place) == git(bare, "rev-parse", "main").strip()


def test_branches_are_found_whether_they_are_packed_or_not(bare: Path) -> None:
    git(bare, "branch", "loose", "main")
    main = git(bare, "rev-parse", "main").strip()

    assert "refs/heads/env/prod" in (bare / "packed-refs").read_text()
    assert [commit_named(bare, f"refs/heads/{name}") for name in ("env/prod", "loose")] == [main, main]
    assert commit_named(bare, "refs/heads/prod") is None


@pytest.mark.parametrize("ref", ["refs/heads/../../config", "HEAD", "config", "refs/heads/a b", "refs/heads/a\nb", ""])
def test_a_name_that_is_no_reference_names_nothing(bare: Path, ref: str) -> None:
    assert commit_named(bare, ref) is None


@pytest.mark.parametrize("link", ["", "gitdir: ", "gitdir: ../elsewhere", "gitdir: /etc", "no link at all"])
def test_what_git_would_not_have_written_is_left_to_git(tmp_path: Path, link: str) -> None:
    (tmp_path / ".git").write_text(link)

    assert (repository_of(tmp_path), branch_of(tmp_path), commit_of(tmp_path)) == (None, None, None)


def test_a_link_is_not_followed(bare: Path) -> None:
    place = added(bare, "--detach", "main")
    head = bare / "worktrees" / "copy" / "HEAD"
    head.rename(bare / "elsewhere")
    head.symlink_to(bare / "elsewhere")

    assert commit_of(place) is None
