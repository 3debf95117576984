"""Real git repositories through the real git program; what scripted ones share is in test_port.py."""

from __future__ import annotations

import asyncio
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from argosy.sources.git.mirror.settings import GitSettings
from argosy.sources.git.process.program import TimedOut, run_git
from argosy.sources.git.remote import GitMirrors
from argosy.sources.port import Credentials, NotFound, Rejected, SourceError, Unavailable

NOBODY = Credentials()


@pytest.fixture
def mirrors(tmp_path: Path, clock: Any) -> Iterator[GitMirrors]:
    made = GitMirrors(tmp_path / "cache", clock, GitSettings(allow_local=True))
    yield made
    made.close()


def test_however_many_ask_at_once_the_remote_is_listed_twice_at_most(mirrors: GitMirrors, repository: Any) -> None:
    head = repository.commit({"a": "1"})

    async def all_at_once() -> list[str]:
        return await asyncio.gather(*(mirrors.resolve(repository.url, "main", NOBODY) for _ in range(100)))

    assert set(asyncio.run(all_at_once())) == {head}
    assert mirrors.listings <= 2


def test_a_poll_may_use_a_listing_that_is_young_enough_and_a_refresh_may_not(
    mirrors: GitMirrors, repository: Any, clock: Any
) -> None:
    old = repository.commit({"a": "1"})
    assert asyncio.run(mirrors.resolve(repository.url, "main", NOBODY)) == old
    new = repository.commit({"a": "2"})
    clock.seconds += 5
    assert asyncio.run(mirrors.resolve(repository.url, "main", NOBODY, max_age=10)) == old
    assert asyncio.run(mirrors.resolve(repository.url, "main", NOBODY)) == new


def test_a_commit_that_is_there_is_not_fetched_again(mirrors: GitMirrors, repository: Any) -> None:
    head = repository.commit({"a": "1"})
    for _ in range(3):
        assert asyncio.run(mirrors.tree(repository.url, head, NOBODY)).read("a") == b"1"
    assert mirrors.fetches == 1


def test_a_commit_on_no_branch_is_fetched_by_itself(mirrors: GitMirrors, repository: Any) -> None:
    lost = repository.commit({"a": "lost"})
    repository.git("checkout", "--quiet", "--orphan", "other")
    repository.commit({"a": "kept"})
    repository.git("branch", "--delete", "--force", "main")
    assert asyncio.run(mirrors.tree(repository.url, lost, NOBODY)).read("a") == b"lost"


def test_a_mirror_answers_nothing_to_credentials_that_the_remote_refuses(mirrors: GitMirrors, repository: Any) -> None:
    head = repository.commit({"a": "1"})
    asyncio.run(mirrors.tree(repository.url, head, NOBODY))
    repository.path.rename(repository.path.with_name("gone"))  # now nobody is let in
    with pytest.raises(SourceError):
        asyncio.run(mirrors.tree(repository.url, head, Credentials(username="else")))


def test_many_fetches_end_in_few_packs_and_old_commits_stay_readable(mirrors: GitMirrors, repository: Any) -> None:
    commits = []
    for number in range(43):
        commits.append(repository.commit({"a": str(number)}))
        asyncio.run(mirrors.tree(repository.url, commits[-1], NOBODY))
    packs = list((mirrors._directory).glob("*/objects/pack/*.pack"))
    assert len(packs) < 10
    mirrors._trees.clear()
    assert asyncio.run(mirrors.tree(repository.url, commits[0], NOBODY)).read("a") == b"0"


def test_the_cache_is_ours_alone(mirrors: GitMirrors, repository: Any) -> None:
    asyncio.run(mirrors.tree(repository.url, repository.commit({"a": "1"}), NOBODY))
    for path in [mirrors._directory, *mirrors._directory.iterdir()]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_no_private_file_is_left_behind(mirrors: GitMirrors, repository: Any) -> None:
    asyncio.run(mirrors.resolve(repository.url, "", Credentials()) if repository.commit({"a": ""}) else None)  # type: ignore[arg-type]
    assert not [path for path in mirrors._directory.iterdir() if path.name.startswith("git-")]


@pytest.mark.parametrize(
    "url",
    [
        "", "-oProxyCommand=id", "--upload-pack=id", "ext::sh -c id", "fd::17", "git://host/r", "ftp://host/r",
        "ssh://-oProxyCommand=id/r", "-u@host:r", "host:\nr", "https://", "https:///r", "file::/etc", "relative/path",
        "ssh://host\x00/r", "http::https://host/r", "transport::address",
    ],
)  # fmt: skip
def test_a_url_that_git_could_take_for_something_else_is_refused(mirrors: GitMirrors, url: str) -> None:
    with pytest.raises(Rejected, match="not allowed"):
        asyncio.run(mirrors.resolve(url, "main", NOBODY))


@pytest.mark.parametrize("url", ["file:///etc", "/etc"])
def test_local_repositories_need_the_setting(tmp_path: Path, clock: Any, url: str) -> None:
    mirrors = GitMirrors(tmp_path / "cache", clock)
    with pytest.raises(Rejected, match="not allowed"):
        asyncio.run(mirrors.resolve(url, "main", NOBODY))
    mirrors.close()


@pytest.mark.parametrize("revision", ["-x", "--upload-pack=id", "a\nb", "x" * 2000])
def test_a_revision_that_git_could_take_for_an_option_is_refused(
    mirrors: GitMirrors, repository: Any, revision: str
) -> None:
    with pytest.raises(Rejected, match="not allowed"):
        asyncio.run(mirrors.resolve(repository.url, revision, NOBODY))


def test_a_git_that_hangs_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    slow = tmp_path / "git-hang"
    slow.write_text("#!/bin/sh\nsleep 60093 & setsid sleep 60093 &\necho > started\nwait\n")
    slow.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path)}
    with pytest.raises(TimedOut):
        run_git(["hang"], directory=tmp_path, environment=environment, seconds=2)
    assert (tmp_path / "started").exists()
    for _ in range(250):
        if not _running("sleep\x0060093"):
            return
        threading.Event().wait(0.02)
    raise AssertionError("what git started is still running")


def _running(command: str) -> list[Path]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found += [path] if command in path.read_text() else []
    return found


def test_hooks_of_the_mirror_never_run(mirrors: GitMirrors, repository: Any, tmp_path: Path) -> None:
    asyncio.run(mirrors.tree(repository.url, repository.commit({"a": "1"}), NOBODY))
    (mirror,) = (path for path in mirrors._directory.iterdir() if (path / "HEAD").exists())
    (mirror / "hooks").mkdir(exist_ok=True)
    for name in ("reference-transaction", "post-merge", "post-checkout"):
        hook = mirror / "hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        hook.chmod(0o755)
    asyncio.run(mirrors.tree(repository.url, repository.commit({"a": "2"}), NOBODY))
    assert not (tmp_path / "ran").exists()


def test_nothing_of_our_environment_reaches_git(
    mirrors: GitMirrors, repository: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"a": "1"})
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").write_text(f'#!/bin/sh\nenv > {repository.path}/seen\nexec /usr/bin/git "$@"\n')
    (tmp_path / "bin" / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setenv("CANARY_TOKEN", "canary-value")
    monkeypatch.setenv("HTTPS_PROXY", "http://canary-value:1")
    asyncio.run(mirrors.resolve(repository.url, "", Credentials(password="canary-value")))
    assert "canary-value" not in (repository.path / "seen").read_text()


def test_an_unreachable_remote_is_distinguished_from_a_missing_one(mirrors: GitMirrors) -> None:
    with pytest.raises(Unavailable):
        asyncio.run(mirrors.resolve("http://127.0.0.1:1/r.git", "main", NOBODY))
    with pytest.raises(NotFound, match="repository not found"):
        asyncio.run(mirrors.resolve("file:///nonexistent/r.git", "main", NOBODY))


def test_a_lock_that_a_killed_git_left_is_no_obstacle(mirrors: GitMirrors, repository: Any) -> None:
    asyncio.run(mirrors.tree(repository.url, repository.commit({"a": "1"}), NOBODY))
    (mirror,) = mirrors._directory.iterdir()
    (mirror / "refs" / "heads" / "main.lock").parent.mkdir(parents=True, exist_ok=True)
    for name in ("refs/heads/main.lock", "packed-refs.lock", "HEAD.lock"):
        (mirror / name).write_text("")
    head = repository.commit({"a": "2"})
    assert asyncio.run(mirrors.tree(repository.url, head, NOBODY)).read("a") == b"2"


@pytest.mark.parametrize("damage", ["HEAD", "config", "pack"])
def test_a_damaged_mirror_is_made_again(mirrors: GitMirrors, repository: Any, damage: str) -> None:
    asyncio.run(mirrors.tree(repository.url, repository.commit({"a": "1"}), NOBODY))
    (mirror,) = mirrors._directory.iterdir()
    if damage == "pack":
        for pack in (mirror / "objects" / "pack").iterdir():
            pack.unlink()
    else:
        (mirror / damage).write_text("[nonsense" if damage == "config" else "")
    head = repository.commit({"a": "2"})
    assert asyncio.run(mirrors.tree(repository.url, head, NOBODY)).read("a") == b"2"


def test_private_files_of_a_killed_process_are_removed(tmp_path: Path, clock: Any, repository: Any) -> None:
    left = tmp_path / "cache" / "git-left"
    left.mkdir(parents=True)
    (left / "key").write_text("secret")
    mirrors = GitMirrors(tmp_path / "cache", clock, GitSettings(allow_local=True))
    asyncio.run(mirrors.resolve(repository.url, repository.commit({"a": "1"})[:8], NOBODY))
    assert not left.exists()
    mirrors.close()


def test_two_who_fetch_one_repository_with_different_credentials_do_not_collide(
    mirrors: GitMirrors, repository: Any
) -> None:
    head = repository.commit({str(number): str(number) for number in range(50)})

    async def both() -> list[Any]:
        users = [Credentials(username=str(number)) for number in range(6)]
        return list(await asyncio.gather(*(mirrors.tree(repository.url, head, user) for user in users)))

    assert all(tree.read("7") == b"7" for tree in asyncio.run(both()))


def test_a_fetch_ends_at_its_limit_of_bytes_and_leaves_nothing(tmp_path: Path, clock: Any, repository: Any) -> None:
    head = repository.commit({"large": os.urandom(300_000)})
    with closing(GitMirrors(tmp_path / "one", clock, GitSettings(allow_local=True))) as unlimited:
        asyncio.run(unlimited.tree(repository.url, head, NOBODY))
    (pack,) = (tmp_path / "one").glob("*/objects/pack/*.pack")
    size = pack.stat().st_size
    with closing(GitMirrors(tmp_path / "two", clock, GitSettings(allow_local=True, fetch_bytes=size))) as just:
        assert len(asyncio.run(just.tree(repository.url, head, NOBODY)).read("large")) == 300_000
    with closing(GitMirrors(tmp_path / "three", clock, GitSettings(allow_local=True, fetch_bytes=size - 1))) as less:
        wanted = rf"larger than the limit of {size - 1} bytes \(reposerver.git.max.fetch.size\)"
        with pytest.raises(Rejected, match=wanted):
            asyncio.run(less.tree(repository.url, head, NOBODY))
    assert not list((tmp_path / "three").glob("*/objects/pack/*"))


def test_of_a_repository_with_a_depth_no_more_history_is_fetched(mirrors: GitMirrors, repository: Any) -> None:
    commits = [repository.commit({"a": str(number)}) for number in range(5)]
    head = commits[-1]
    assert asyncio.run(mirrors.tree(repository.url, head, Credentials(depth=2))).read("a") == b"4"
    objects = mirrors.store(repository.url, Credentials(depth=2))
    assert [objects.has(commit) for commit in commits] == [False, False, False, True, True]
    new = repository.commit({"a": "5"})
    assert asyncio.run(mirrors.tree(repository.url, new, Credentials(depth=2))).read("a") == b"5"
    assert asyncio.run(mirrors.tree(repository.url, commits[0], NOBODY)).read("a") == b"0"  # the others are had as well
