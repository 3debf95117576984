"""Submodules through the real git program: what is put where, whose credentials they get, and where it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.sources.egress import Egress, EgressPolicy
from argosy.sources.git.content.modules import module_credentials, module_url, parse_modules
from argosy.sources.git.mirror.settings import GitSettings
from argosy.sources.git.remote import GitMirrors
from argosy.sources.port import Credentials, Rejected, SourceError

SECRET = Credentials(
    username="u", password="canary-pw", ssh_private_key="canary-key", known_hosts="h", proxy="http://p"
)


@pytest.fixture
def make_mirrors(tmp_path: Path, clock: Any) -> Iterator[Callable[..., GitMirrors]]:
    made: list[GitMirrors] = []

    def make(**settings: Any) -> GitMirrors:
        made.append(GitMirrors(tmp_path / f"cache{len(made)}", clock, GitSettings(allow_local=True, **settings)))
        return made[-1]

    yield make
    for mirrors in made:
        mirrors.close()


def link(repository: Any, path: str, url: str, commit: str) -> str:
    """A commit with a submodule, made by git's own plumbing."""
    with (repository.path / ".gitmodules").open("a") as file:
        file.write(f'[submodule "{path}"]\n\tpath = {path}\n\turl = {url}\n')
    repository.git("add", ".gitmodules")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},{path}")
    repository.git("commit", "--quiet", "--message", "a submodule")
    return str(repository.git("rev-parse", "HEAD"))


def test_submodules_are_directories_with_files_nested_and_relative_ones_too(
    make_mirrors: Callable[..., GitMirrors], repository: Any, tmp_path: Path
) -> None:
    inner, deep = (type(repository)(tmp_path / name) for name in ("inner", "deep"))
    deepest = deep.commit({"x/y.yaml": "deep"})
    inner.commit({"z.yaml": "inner"})
    middle = link(inner, "vendor/deep", "../deep", deepest)
    repository.commit({"app/a.yaml": "a"}, {"app/link": "../lib/inner/z.yaml"})
    head = link(repository, "lib/inner", "../inner", middle)
    tree = asyncio.run(make_mirrors().tree(repository.url, head, Credentials()))
    assert tree.read("lib/inner/z.yaml") == b"inner"
    assert tree.read("lib/inner/vendor/deep/x/y.yaml") == b"deep"
    assert tree.read("app/link") == b"inner"
    assert tree.read("app/a.yaml") == b"a"
    assert [entry.name for entry in tree.list("lib/inner")] == [".gitmodules", "vendor", "z.yaml"]
    assert tree.stat("lib/inner/none") is None
    plain = asyncio.run(make_mirrors(submodules=False).tree(repository.url, head, Credentials()))
    assert list(plain.list("lib/inner")) == []
    assert plain.root_oid != tree.root_oid


def test_the_same_commit_with_other_submodules_behind_it_is_another_tree(
    make_mirrors: Callable[..., GitMirrors], repository: Any, tmp_path: Path
) -> None:
    inner = type(repository)(tmp_path / "inner")
    shas = [inner.commit({"a": text}) for text in ("1", "2")]
    oids = set()
    for sha in shas:
        head = link(repository, "m", "../inner", sha)
        oids.add(asyncio.run(make_mirrors().tree(repository.url, head, Credentials())).root_oid)
    assert len(oids) == 2


def test_repositories_that_name_each_other_come_to_an_end(
    make_mirrors: Callable[..., GitMirrors], repository: Any
) -> None:
    head = repository.commit({"a": "1"})
    for _ in range(12):
        head = link(repository, "m", "../work", head)
        (repository.path / ".gitmodules").unlink()
    with pytest.raises(Rejected, match="nested deeper than 10"):
        asyncio.run(make_mirrors().tree(repository.url, head, Credentials()))


@pytest.mark.parametrize(
    "url",
    ["-u./x", "ext::sh -c id", "file:///etc", "/etc", "http://169.254.169.254/x.git", "http://127.0.0.1/x", "git://h/x",
     "ssh://-oProxyCommand=id/x", "http://[::1]/x", "http://0x7f.1/x"],
)  # fmt: skip
def test_a_submodule_cannot_name_what_a_stranger_may_not(url: str, tmp_path: Path, clock: Any) -> None:
    async def judged() -> None:
        egress = Egress(EgressPolicy())
        try:
            mirrors = GitMirrors(tmp_path, clock, GitSettings(allow_local=True), egress)
            await mirrors._complete._check_module("https://git.example.com/r.git", url)
        finally:
            await egress.close()

    with pytest.raises(SourceError):
        asyncio.run(judged())


@pytest.mark.parametrize(
    ("parent", "url", "expected"),
    [
        ("https://h/a/b.git", "../c.git", "https://h/a/c.git"), ("https://h/a/b.git", "./c", "https://h/a/b.git/c"),
        ("https://h/a/b", "../../c/d", "https://h/c/d"), ("git@h:a/b.git", "../c.git", "git@h:a/c.git"),
        ("git@h:b.git", "../c.git", "git@h:c.git"), ("file:///x/a", "../b", "file:///x/b"),
        ("https://h/a", "https://e/x", "https://e/x"), ("ssh://git@h:22/a/b", "../c", "ssh://git@h:22/a/c"),
    ],
)  # fmt: skip
def test_a_relative_url_continues_from_the_superproject(parent: str, url: str, expected: str) -> None:
    assert module_url(parent, url) == expected


def test_a_relative_url_cannot_change_the_host() -> None:
    with pytest.raises(Rejected, match="above the repository's host"):
        module_url("https://h/a", "../../evil.example.com/x")


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://git.example.com/x", True), ("https://GIT.example.com/x", True), ("http://git.example.com/x", False),
        ("https://git.example.com:444/x", False), ("https://evil.example.com/x", False),
        ("https://git.example.com.evil.example/x", False), ("https://git.example.com@evil.example/x", False),
        ("git@git.example.com:x", False),
    ],
)  # fmt: skip
def test_credentials_stay_with_their_host(url: str, same: bool) -> None:
    given = module_credentials("https://git.example.com/a", url, SECRET)
    assert (given == SECRET) is same
    if not same:
        assert (given.password, given.ssh_private_key, given.username) == ("", "", "")
        assert given.known_hosts == "h"


def test_what_git_would_not_check_out_is_left_out_and_a_path_outside_is_refused() -> None:
    text = '[submodule "a"]\npath=a\nurl=u\n[submodule "b"]\npath=b\nurl=u\nupdate=none\n[core]\npath=c\nurl=u\n# x\n'
    assert [module.path for module in parse_modules(text)] == ["a"]
    for path in ("../x", "/etc", ".git/hooks"):
        with pytest.raises(SourceError):
            parse_modules(f'[submodule "a"]\npath = {path}\nurl = u\n')
