"""Copies of repositories: what is pushed to them stays in them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from argosy.rehearse.repositories import Repositories
from argosy.runtime.clock import RealClock
from argosy.sources.egress import EgressPolicy
from argosy.sources.git.listing import listing
from argosy.sources.git.mirror.settings import GitSettings
from argosy.sources.git.remote import GitMirrors
from argosy.sources.port import Credentials, NotFound, SourceError
from tests.kit.rehearsal import URL, commit, git, repository, write

NOBODY = Credentials()


def copies(directory: Path, checkout: Path | None = None) -> Repositories:
    given = {URL: checkout} if checkout is not None else {}
    return Repositories(directory / "copies", RealClock(), EgressPolicy(allow_loopback=True, read_only=True), given)


def test_a_copy_is_read_and_pushed_to_under_the_name_of_the_repository(tmp_path: Path) -> None:
    checkout = repository(tmp_path / "shop", {"a.txt": "one"})
    head = git(checkout, "rev-parse", "HEAD")

    async def work() -> None:
        found = copies(tmp_path, checkout)
        settings = GitSettings(allow_local=True, instead_of=found.instead_of)
        mirrors = GitMirrors(tmp_path / "mirrors", RealClock(), settings)
        try:
            assert await mirrors.resolve(URL, "main", NOBODY) == head
            tree = await mirrors.tree(URL, head, NOBODY)
            assert tree.read("a.txt") == b"one"
            spec = ("push", "--quiet", "--", URL, f"{head}:refs/heads/other")
            pushed = await mirrors.run_in_mirror(URL, spec, NOBODY)
            assert pushed.status == 0, pushed.errors
            assert await mirrors.resolve(URL.removesuffix(".git"), "other", NOBODY) == head
        finally:
            mirrors.close()

    asyncio.run(work())
    assert git(checkout, "branch", "--list") == "* main"


def test_a_push_moves_a_branch_and_what_comes_after_it_is_reported(tmp_path: Path) -> None:
    checkout = repository(tmp_path / "shop", {"a.txt": "one"})
    git(checkout, "switch", "--quiet", "--create", "feature")
    write(checkout, "a.txt", "two")
    made = commit(checkout, "second")

    async def work() -> None:
        found = copies(tmp_path, checkout)
        await found.copy(URL)
        await found.mark()
        assert await found.push(URL, "main", "feature") == f"{made[:7]} second"
        assert await found.commits() == [], "the proposal itself is not a commit of the delivery"
        merged = await found.merge(URL, "feature", "main", "again")
        ((told),) = await found.commits()
        assert (told.branch, told.lines) == ("main", (f"{merged[:7]} again",))
        with pytest.raises(NotFound, match="has no revision 'nowhere'"):
            await found.push(URL, "main", "nowhere")
        with pytest.raises(NotFound, match="has no branch 'nowhere'"):
            await found.merge(URL, "nowhere", "main", "x")

    asyncio.run(work())


def test_a_checkout_proposes_what_its_remote_does_not_have(tmp_path: Path) -> None:
    origin = repository(tmp_path / "origin", {"a.txt": "one"})
    published = git(origin, "rev-parse", "main")
    git(tmp_path, "clone", "--quiet", str(origin), "checkout")
    checkout = tmp_path / "checkout"
    git(checkout, "switch", "--quiet", "--detach", "main")
    write(checkout, "a.txt", "two")
    made = commit(checkout, "mine")
    git(checkout, "branch", "--force", "main", made)

    async def work() -> None:
        found = copies(tmp_path, checkout)
        mirrors = GitMirrors(tmp_path / "m", RealClock(), GitSettings(allow_local=True, instead_of=found.instead_of))
        try:
            assert await mirrors.resolve(URL, "main", NOBODY) == published, "the present is what the remote has"
            assert await mirrors.resolve(URL, "", NOBODY) == published
            assert await found.push(URL, "", "HEAD") == f"{made[:7]} mine"
            assert await mirrors.resolve(URL, "main", NOBODY) == made
        finally:
            mirrors.close()

    asyncio.run(work())
    assert git(origin, "rev-parse", "main") == published


def test_what_conflicts_is_not_merged(tmp_path: Path) -> None:
    checkout = repository(tmp_path / "shop", {"a.txt": "one"})
    git(checkout, "switch", "--quiet", "--create", "feature")
    write(checkout, "a.txt", "two")
    commit(checkout, "second")
    git(checkout, "switch", "--quiet", "main")
    write(checkout, "a.txt", "three")
    commit(checkout, "third")

    async def work() -> None:
        found = copies(tmp_path, checkout)
        with pytest.raises(SourceError, match="without conflicts"):
            await found.merge(URL, "feature", "main", "x")

    asyncio.run(work())


def test_a_repository_that_is_not_there_is_reported(tmp_path: Path) -> None:
    async def work() -> None:
        with pytest.raises(NotFound, match="there is no directory"):
            await copies(tmp_path).copy(f"file://{tmp_path}/none")

    asyncio.run(work())


def test_the_references_of_a_copy_are_those_that_git_lists(tmp_path: Path) -> None:
    checkout = repository(tmp_path / "shop", {"a.txt": "one"})
    git(checkout, "branch", "other")
    git(checkout, "tag", "light")
    git(checkout, "tag", "--annotate", "--message", "x", "heavy")
    git(tmp_path, "clone", "--quiet", "--bare", str(checkout), "bare")
    bare = tmp_path / "bare"

    def listed() -> list[str]:
        return sorted(git(bare, "ls-remote", "--symref", str(bare)).splitlines())

    assert sorted((listing(bare) or "").splitlines()) == listed()
    write(checkout, "a.txt", "two")
    commit(checkout, "second")
    git(checkout, "push", "--quiet", str(bare), "main", "main:env/dev")
    assert sorted((listing(bare) or "").splitlines()) == listed()
    git(bare, "tag", "--annotate", "--message", "x", "later")
    assert listing(bare) is None, "only git can say what an annotated tag stands for"
