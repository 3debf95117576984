"""What both adapters of the git door promise: the git program over a real repository, and the scripted one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from argosy.sources.git.mirror.settings import GitSettings
from argosy.sources.git.remote import GitMirrors
from argosy.sources.git.scripted import ScriptedGit
from argosy.sources.paths import OutOfRoot
from argosy.sources.port import Credentials, GitRemote, NotFound, Rejected

NOBODY = Credentials()

Push = Callable[..., str]


class World:
    def __init__(self, remote: GitRemote, url: str, push: Push) -> None:
        self.remote, self.url, self.push = remote, url, push

    def resolve(self, revision: str, **more: Any) -> str:
        return asyncio.run(self.remote.resolve(self.url, revision, NOBODY, **more))

    def tree(self, commit: str) -> Any:
        return asyncio.run(self.remote.tree(self.url, commit, NOBODY))


@pytest.fixture(params=["git", "scripted"])
def world(request: pytest.FixtureRequest, tmp_path: Path, clock: Any, repository: Any) -> Iterator[World]:
    if request.param == "scripted":
        git = ScriptedGit()
        url = "https://git.example.com/r.git"
        yield World(git, url, lambda files, **more: git.push(url, files, **more))
        return

    def push(files: Mapping[str, str], *, branch: str = "main", tag: str = "", links: Any = None) -> str:
        if repository.git("branch", "--show-current") != branch:
            repository.git("checkout", "--quiet", "-B", branch)
        commit: str = repository.commit(files, links)
        if tag:
            repository.git("tag", "--annotate", "--message", "a tag", tag)
        return commit

    mirrors = GitMirrors(tmp_path / "cache", clock, GitSettings(allow_local=True))
    yield World(mirrors, repository.url, push)
    mirrors.close()


def test_revisions_resolve_as_upstream_says(world: World) -> None:
    first = world.push({"a": "1"}, tag="v1.0.0")
    second = world.push({"a": "2"}, tag="v1.2.0")
    third = world.push({"a": "3"}, tag="v1.3.0-rc.1")
    for revision, commit in {
        "main": third, "refs/heads/main": third, "v1.0.0": first, "refs/tags/v1.0.0": first, "1.x": second,
        "^1.0": second, ">=1.0.0 <1.2.0": first, "^1.0-0": third, second: second, "*": second,
    }.items():  # fmt: skip
        assert world.resolve(revision) == commit, revision


def test_no_revision_and_head_are_the_default_branch(world: World) -> None:
    head = world.push({"a": "1"})
    assert world.resolve("") == world.resolve("HEAD") == head


def test_an_abbreviated_commit_is_completed(world: World) -> None:
    first = world.push({"a": "1"})
    world.push({"a": "2"})
    assert world.resolve(first[:8]) == first


def test_a_tag_prefix_picks_among_one_components_tags(world: World) -> None:
    web = world.push({"a": "1"}, tag="web-1.1.0")
    world.push({"a": "2"}, tag="api-1.9.0")
    assert world.resolve("1.x", tag_prefix="web-") == web


@pytest.mark.parametrize("revision", ["nope", "refs/heads/nope", "abcdef0", "9.x"])
def test_what_is_not_there_cannot_be_resolved(world: World, revision: str) -> None:
    world.push({"a": "1"})
    with pytest.raises(NotFound, match=f"unable to resolve '{revision}' to a commit SHA"):
        world.resolve(revision)


def test_a_commit_that_is_not_there_is_not_found(world: World) -> None:
    world.push({"a": "1"})
    with pytest.raises(NotFound):
        world.tree("1" * 40)


def test_a_tree_shows_files_directories_and_links_inside_the_root(world: World) -> None:
    tree = world.tree(world.push({"d/x": "text", "y": "why"}, links={"d/l": "../y", "to": "d"}))
    assert [(entry.name, entry.kind) for entry in tree.list("")] == [("d", "dir"), ("to", "link"), ("y", "file")]
    assert (tree.read("d/x"), tree.read("d/l"), tree.read("to/x")) == (b"text", b"why", b"text")
    assert (tree.stat("to").kind, tree.stat("nothing"), tree.stat("d/x/y")) == ("dir", None, None)
    with pytest.raises(NotFound):
        tree.read("nothing")


def test_equal_content_has_equal_identity_from_commit_to_commit(world: World) -> None:
    before = world.tree(world.push({"d/x": "same", "y": "1"}))
    after = world.tree(world.push({"d/x": "same", "y": "2"}))
    assert before.stat("d").oid == after.stat("d").oid
    assert before.stat("d/x").oid == after.stat("d/x").oid
    assert before.stat("y").oid != after.stat("y").oid
    assert before.root_oid != after.root_oid


def test_a_symlink_out_of_the_repository_anywhere_is_refused(world: World) -> None:
    bad = world.push({"app/a": "1"}, links={"elsewhere/deep/l": "../../../secret"})
    with pytest.raises(Rejected, match=r"repository contains out-of-bounds symlinks\. file: elsewhere/deep/l"):
        world.tree(bad)


def test_a_path_out_of_the_root_is_refused(world: World) -> None:
    tree = world.tree(world.push({"d/x": "1"}))
    for path in ("../x", "/etc/passwd", "d/../../x", "d/.git/config"):
        with pytest.raises(OutOfRoot):
            tree.stat(path)
