"""Commits, pushes and notes against real repositories."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from argosy.sources.git.mirror.settings import GitSettings
from argosy.sources.git.remote import GitMirrors
from argosy.sources.git.writing import WritingMirrors
from argosy.sources.port import AccessDenied, Author, Credentials, Outrun, Rejected, SourceError

NOBODY = Credentials()
SOMEONE = Author("Some One", "some@example.com")
NOTES = "hydrator.metadata"
T = TypeVar("T")


@pytest.fixture
def mirrors(tmp_path: Path, clock: Any) -> Iterator[GitMirrors]:
    made = GitMirrors(tmp_path / "cache", clock, GitSettings(allow_local=True))
    yield made
    made.close()


@pytest.fixture
def writer(mirrors: GitMirrors, clock: Any) -> WritingMirrors:
    return WritingMirrors(mirrors, clock, allow_local=True)


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


async def written(writer: WritingMirrors, url: str, branch: str, message: str = "next", **files: str | None) -> str:
    """A commit on the branch as it is now, pushed. `__` is a slash, `_` a dot."""
    parent = await writer.head(url, branch, NOBODY)
    changes = {
        name.replace("__", "/").replace("_", "."): None if text is None else text.encode()
        for name, text in files.items()
    }
    commit = await writer.commit(url, parent, changes, message, SOMEONE, NOBODY)
    await writer.push(url, branch, commit, NOBODY)
    return commit


def test_a_pushed_commit_is_at_the_branch_with_author_message_and_files(
    writer: WritingMirrors, repository: Any
) -> None:
    before = repository.commit({"kept": "1", "gone": "1", "deep/changed": "1"})
    repository.git("checkout", "--quiet", "-b", "elsewhere")
    commit = run(
        written(writer, repository.url, "main", "a subject\n\na body ü\n", gone=None, deep__changed="2", new__a_b="é")
    )
    assert repository.git("rev-parse", "main", "main^") == f"{commit}\n{before}"
    assert repository.git("ls-tree", "-r", "--name-only", "main").split() == ["deep/changed", "kept", "new/a.b"]
    assert repository.git("show", "main:deep/changed", "main:new/a.b") == "2é"
    assert repository.git("show", "-s", "--format=%an <%ae> %cn <%ce>|%at|%B", "main") == (
        "Some One <some@example.com> Some One <some@example.com>|1800000000|a subject\n\na body ü"
    )
    assert repository.git("fsck", "--strict") == ""


def test_an_orphan_branch_begins_with_a_commit_without_parent_in_an_empty_repository_too(
    writer: WritingMirrors, repository: Any
) -> None:
    assert run(writer.head(repository.url, "env/dev", NOBODY)) == ""
    commit = run(written(writer, repository.url, "env/dev", "Initial commit for env/dev\n"))
    assert repository.git("rev-list", "--parents", "env/dev") == commit
    assert repository.git("ls-tree", "env/dev") == ""
    assert run(writer.head(repository.url, "env/dev", NOBODY)) == commit


def test_a_commit_is_seen_by_nobody_before_its_push_and_read_at_once_after_it(
    writer: WritingMirrors, mirrors: GitMirrors, repository: Any
) -> None:
    head = repository.commit({"a": "1"})
    commit = run(writer.commit(repository.url, head, {"a": b"2"}, "next", SOMEONE, NOBODY))
    repository.git("checkout", "--quiet", "-b", "elsewhere")
    assert run(mirrors.resolve(repository.url, "main", NOBODY, max_age=60)) == head
    run(writer.push(repository.url, "main", commit, NOBODY))
    assert run(mirrors.resolve(repository.url, "main", NOBODY, max_age=60)) == commit
    fetches = mirrors.fetches
    assert run(mirrors.tree(repository.url, commit, NOBODY)).read("a") == b"2"
    assert mirrors.fetches == fetches


def test_a_push_never_moves_a_branch_back(writer: WritingMirrors, repository: Any) -> None:
    head = repository.commit({"a": "1"})
    commit = run(writer.commit(repository.url, head, {"a": b"2"}, "late", SOMEONE, NOBODY))
    winner = repository.commit({"a": "3"})
    repository.git("checkout", "--quiet", "-b", "elsewhere")
    with pytest.raises(Outrun, match="failed to push"):
        run(writer.push(repository.url, "main", commit, NOBODY))
    assert repository.git("rev-parse", "main") == winner
    assert run(writer.head(repository.url, "main", NOBODY)) == winner
    with pytest.raises(Outrun):  # a branch that two begin at once is the first one's
        orphan = run(writer.commit(repository.url, "", {}, "mine", SOMEONE, NOBODY))
        run(writer.push(repository.url, "main", orphan, NOBODY))


@pytest.mark.parametrize("path", ["../a", "/a", "a/../../b", ".git/config", "a/.GIT/x", "dir\\x", "a\nb", "", "dir"])
def test_a_path_out_of_the_root_is_refused(writer: WritingMirrors, repository: Any, path: str) -> None:
    head = repository.commit({"dir/file": "1"})
    for parent in (head, ""):
        if parent == "" and path == "dir":
            continue
        with pytest.raises(Rejected):
            run(writer.commit(repository.url, parent, {path: b"x"}, "bad", SOMEONE, NOBODY))


def test_links_are_followed_inside_the_root_and_never_out_of_it(writer: WritingMirrors, repository: Any) -> None:
    links = {"alias": "real", "loop": "loop", "name": "real/file"}
    head = repository.commit({"real/file": "1", "plain": "1"}, links)

    async def changed(path: str) -> list[str]:
        commit = await writer.commit(repository.url, head, {path: b"2"}, "x", SOMEONE, NOBODY)
        await writer.push(repository.url, f"try-{commit[:7]}", commit, NOBODY)
        listed: str = repository.git("diff-tree", "-r", "--name-only", "--no-commit-id", commit)
        return listed.split()

    assert run(changed("alias/new/file")) == ["real/new/file"]
    assert run(changed("alias/file")) == ["real/file"]
    assert run(changed("name")) == ["real/file"]
    for path in ("loop/file", "plain/file"):
        with pytest.raises(Rejected):
            run(changed(path))
    head = repository.commit({}, {"out": "../elsewhere"})
    with pytest.raises(Rejected, match="out-of-bounds symlinks"):
        run(changed("out/file"))


@pytest.mark.parametrize(
    "branch", ["-x", "a..b", "a b", "a~1", "a.lock", "/a", "a/", "a//b", "@", "a@{1}", ".a", "", "a\n"]
)
def test_a_branch_that_git_would_not_take_is_refused(writer: WritingMirrors, repository: Any, branch: str) -> None:
    head = repository.commit({"a": "1"})
    with pytest.raises(Rejected, match="branch"):
        run(writer.push(repository.url, branch, head, NOBODY))


def test_an_author_cannot_smuggle_lines_and_needs_name_and_email(writer: WritingMirrors, repository: Any) -> None:
    head = repository.commit({"a": "1"})
    odd = Author("N <x>\nM 100644 inline evil\n", "e>@example.com\n")
    commit = run(writer.commit(repository.url, head, {"a": b"2"}, "x", odd, NOBODY))
    run(writer.push(repository.url, "odd", commit, NOBODY))
    assert repository.git("show", "-s", "--format=%an|%ae", "odd") == "N xM 100644 inline evil|e@example.com"
    with pytest.raises(Rejected, match="name and an email"):
        run(writer.commit(repository.url, head, {}, "x", Author("", "e@example.com"), NOBODY))


def test_what_is_written_cannot_end_its_own_data(writer: WritingMirrors, repository: Any) -> None:
    head = repository.commit({"a": "1"})
    trap = b"x\nD a\ndone\nM 100644 inline evil\ndata 0\n"
    commit = run(writer.commit(repository.url, head, {'odd "name': trap}, trap.decode(), SOMEONE, NOBODY))
    run(writer.push(repository.url, "trap", commit, NOBODY))
    assert repository.git("ls-tree", "-r", "-z", "--name-only", "trap").split("\0") == ["a", 'odd "name', ""]
    assert repository.git("show", 'trap:odd "name').encode() == trap.strip()


def test_a_note_is_what_git_notes_shows(writer: WritingMirrors, repository: Any) -> None:
    head = repository.commit({"a": "1"})
    assert run(writer.note(repository.url, head, NOTES, NOBODY)) == ""
    run(writer.annotate(repository.url, head, NOTES, '{"drySha":"abc"}', SOMEONE, NOBODY))
    assert repository.git("notes", "--ref", NOTES, "show", head) == '{"drySha":"abc"}'
    assert run(writer.note(repository.url, head, NOTES, NOBODY)) == '{"drySha":"abc"}'
    repository.git("notes", "--ref", NOTES, "add", "-f", "-m", "other", head)
    assert run(writer.note(repository.url, head, NOTES, NOBODY)) == "other"
    run(writer.annotate(repository.url, head, NOTES, "third", SOMEONE, NOBODY))
    assert repository.git("notes", "--ref", NOTES, "show", head) == "third"
    assert repository.git("rev-list", "--count", f"refs/notes/{NOTES}") == "3"


def test_notes_of_many_commits_are_found_in_their_directories(writer: WritingMirrors, repository: Any) -> None:
    commits = [repository.commit({"a": str(number)}) for number in range(40)]
    blob = (
        subprocess.run(
            ["git", "hash-object", "-w", "--stdin"],
            cwd=repository.path,
            input=b"deep\n",
            capture_output=True,
            check=True,
        )
        .stdout.decode()
        .strip()
    )
    tree = "".join(f"100644 blob {blob}\t{c[2:]}\0" for c in commits[:1])
    inner = _git(repository, tree, "mktree", "-z")
    root = _git(repository, f"040000 tree {inner}\t{commits[0][:2]}\0", "mktree", "-z")
    repository.git("update-ref", f"refs/notes/{NOTES}", repository.git("commit-tree", "-m", "notes", root))
    assert run(writer.note(repository.url, commits[0], NOTES, NOBODY)) == "deep"
    assert run(writer.note(repository.url, commits[1], NOTES, NOBODY)) == ""
    run(writer.annotate(repository.url, commits[1], NOTES, "new", SOMEONE, NOBODY))
    assert repository.git("notes", "--ref", NOTES, "show", commits[0]) == "deep"
    assert repository.git("notes", "--ref", NOTES, "show", commits[1]) == "new"


def _git(repository: Any, text: str, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=repository.path, input=text.encode(), capture_output=True, check=True
    )
    return done.stdout.decode().strip()


def test_of_writers_that_annotate_at_once_none_loses_a_note(tmp_path: Path, clock: Any, repository: Any) -> None:
    commits = [repository.commit({"a": str(number)}) for number in range(4)]
    stores = [GitMirrors(tmp_path / f"cache{n}", clock, GitSettings(allow_local=True)) for n in range(4)]
    writers = [WritingMirrors(store, clock, allow_local=True) for store in stores]

    async def all_at_once() -> None:
        pairs = zip(writers, commits, strict=True)
        await asyncio.gather(*(w.annotate(repository.url, c, NOTES, c, SOMEONE, NOBODY) for w, c in pairs))

    run(all_at_once())
    for store in stores:
        store.close()
    for commit in commits:
        assert repository.git("notes", "--ref", NOTES, "show", commit) == commit


def test_a_commit_describes_itself(writer: WritingMirrors, repository: Any) -> None:
    message = "a subject\n\na body\n\nReviewed-by: Some <s@example.com>\nArgocd-reference-commit-sha: abcdef1\n"
    repository.git("commit", "--quiet", "--allow-empty", "--message", message, "--date", "2026-01-02T03:04:05+02:00")
    found = run(writer.describe(repository.url, repository.git("rev-parse", "HEAD"), NOBODY))
    assert found.author == "someone <someone@example.com>"
    assert found.authored_at.isoformat() == "2026-01-02T01:04:05+00:00"
    assert found.message == message.strip()
    assert found.trailers == ("Reviewed-by: Some <s@example.com>", "Argocd-reference-commit-sha: abcdef1")


def test_a_push_that_the_remote_rejects_is_no_lost_race_and_our_own_hooks_never_run(
    writer: WritingMirrors, repository: Any, tmp_path: Path
) -> None:
    head = repository.commit({"a": "1"})
    commit = run(writer.commit(repository.url, head, {"a": b"2"}, "x", SOMEONE, NOBODY))
    for own in (tmp_path / "cache").glob("*"):
        (own / "hooks").mkdir()
        for name in ("pre-push", "reference-transaction"):
            (own / "hooks" / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
            (own / "hooks" / name).chmod(0o755)
    run(writer.push(repository.url, "new", commit, NOBODY))
    with pytest.raises(AccessDenied, match="branch is currently checked out"):
        run(writer.push(repository.url, "main", commit, NOBODY))
    assert not (tmp_path / "ran").exists()


def test_a_failed_import_leaves_no_report_behind(writer: WritingMirrors, repository: Any, tmp_path: Path) -> None:
    head = repository.commit({"a": "1"})
    with pytest.raises(SourceError):
        run(writer.annotate(repository.url, "0" * 40, NOTES, "x", SOMEONE, NOBODY))
    with pytest.raises(SourceError, match="failed to commit"):
        run(writer._written(repository.url, head, "x", SOMEONE, [b"nonsense\n"]))
    assert list((tmp_path / "cache").glob("*/fast_import_crash_*")) == []


def test_a_repository_on_this_machine_is_written_only_where_that_is_allowed(
    tmp_path: Path, clock: Any, repository: Any
) -> None:
    head = repository.commit({"a": "1"})
    mirrors = GitMirrors(tmp_path / "cache", clock, GitSettings(allow_local=True))
    with pytest.raises(SourceError):
        run(WritingMirrors(mirrors, clock).push(repository.url, "new", head, NOBODY))
    mirrors.close()
    assert repository.git("branch", "--list", "new") == ""
