"""Bare copies of Git repositories that are read and pushed to in place of the originals. Nothing leaves them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import unquote, urlsplit

from argosy.runtime.clock import Clock
from argosy.sources.coalesce import Turns
from argosy.sources.egress import EgressPolicy
from argosy.sources.git.process.local import local_paths
from argosy.sources.git.process.private import Private
from argosy.sources.git.process.program import Finished, TimedOut, TooMuchOutput, run_git
from argosy.sources.port import Credentials, NotFound, SourceError, Unavailable
from argosy.sources.scrub import scrub
from argosy.sources.urls import check_git_url, is_local, normalise_url

T = TypeVar("T")

CLONE_SECONDS: Final = 600.0
LOCAL_SECONDS: Final = 60.0
LOG_LIMIT: Final = 50
NOBODY: Final = Credentials()


@dataclass(slots=True)
class Copy:
    """`began`: each branch's commit when the copy was made or the proposal was applied.

    `checkout`: the local checkout that it was copied from, if any; revisions are looked up there, too.
    """

    url: str
    path: Path
    checkout: Path | None = None
    began: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Commits:
    """The commits that the rehearsed delivery pushed to a branch, oldest first, one line each."""

    url: str
    branch: str
    lines: tuple[str, ...]


class Repositories:
    """`instead_of` is the port (`sources.port.InsteadOf`) through which every Git adapter resolves URLs."""

    def __init__(self, directory: Path, clock: Clock, policy: EgressPolicy, given: Mapping[str, Path]) -> None:
        """`given`: URLs whose content comes from a local directory, such as a checkout."""
        self._directory, self._clock, self._policy = directory, clock, policy
        self._given = {normalise_url(url): path for url, path in given.items()}
        self._copies: dict[str, Copy] = {}
        self._turns: Turns[Copy] = Turns()

    async def instead_of(self, url: str, credentials: Credentials) -> str:
        """The path of the copy, which the first call creates. Raises SourceError."""
        return str((await self.copy(url, credentials)).path)

    async def copy(self, url: str, credentials: Credentials = NOBODY) -> Copy:
        key = normalise_url(url)
        if (known := self._copies.get(key)) is not None:
            return known
        return await self._turns.share(key, lambda: self._copied(key, url, credentials))

    async def push(self, url: str, branch: str, revision: str) -> str:
        """Moves the branch and returns a one-line description. Raises SourceError for an unknown revision."""
        copy = await self.copy(url)
        commit = await self._commit(copy, revision)
        if not commit:
            raise NotFound(f"{scrub(url)} has no revision {revision!r}")
        name = branch or (await self._git(copy, "symbolic-ref", "--short", "HEAD")).strip()
        await self._git(copy, "update-ref", f"refs/heads/{name}", commit)
        copy.began[name] = commit
        return (await self._git(copy, "log", "-1", "--format=%h %s", commit)).strip()

    async def merge(self, url: str, source: str, target: str, message: str) -> str:
        """Merges two branches as a forge does. Raises SourceError on a conflict."""
        copy = await self.copy(url)
        ours, theirs = [
            (await self._git(copy, "rev-parse", "--verify", "--quiet", f"refs/heads/{name}")).strip()
            for name in (target, source)
        ]
        if not ours or not theirs:
            raise NotFound(f"{scrub(url)} has no branch {target if not ours else source!r}")
        found = await self._finished(copy, "merge-tree", "--write-tree", ours, theirs)
        if found.status != 0:
            raise SourceError(f"{source} does not merge into {target} of {scrub(url)} without conflicts")
        tree = found.output.split()[0]
        commit = (await self._git(copy, "commit-tree", tree, "-p", ours, "-p", theirs, "-m", message)).strip()
        await self._git(copy, "update-ref", f"refs/heads/{target}", commit)
        return commit

    async def commits(self) -> list[Commits]:
        """All commits pushed since the proposal."""
        found = []
        for copy in sorted(self._copies.values(), key=lambda one: one.url):
            for branch, commit in sorted((await self._branches(copy)).items()):
                before = copy.began.get(branch, "")
                if commit == before:
                    continue
                known = [f"^{one}" for one in sorted(set(copy.began.values()))]
                listed = await self._git(copy, "log", "--reverse", f"-{LOG_LIMIT}", "--format=%h %s", commit, *known)
                found.append(Commits(copy.url, branch, tuple(listed.splitlines())))
        return found

    async def mark(self) -> None:
        """Starts counting pushes from here."""
        for copy in self._copies.values():
            copy.began = await self._branches(copy)

    async def _copied(self, key: str, url: str, credentials: Credentials) -> Copy:
        if (known := self._copies.get(key)) is not None:
            return known
        path = self._directory / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.git"
        origin = self._given.get(key) or (_path(url) if is_local(url) else None)
        if origin is not None and not origin.is_dir():
            raise NotFound(f"{scrub(url)}: there is no directory {origin}")
        finished = await self._in_thread(lambda: self._clone(url, origin, path, credentials))
        if finished.status != 0:
            raise Unavailable(f"{scrub(url)} cannot be copied: {scrub(finished.errors, credentials).strip()}")
        copy = Copy(url, path, self._given.get(key))
        await self._git(copy, "config", "gc.auto", "0")
        if copy.checkout is not None:
            await self._as_remote(copy, copy.checkout)
        copy.began = await self._branches(copy)
        self._copies[key] = copy
        return copy

    async def _as_remote(self, copy: Copy, checkout: Path) -> None:
        """A checkout's remote-tracking branches are the present; its own branches may be proposed."""
        known = await self._listed(checkout, "refs/remotes/origin")
        for name, commit in known.items():
            if name != "HEAD":
                await self._git(copy, "update-ref", f"refs/heads/{name}", commit)
        usual = await self._finished(Copy(copy.url, checkout), "symbolic-ref", "--short", "refs/remotes/origin/HEAD")
        branch = usual.output.strip().removeprefix("origin/")
        if usual.status == 0 and branch in known:
            await self._git(copy, "symbolic-ref", "HEAD", f"refs/heads/{branch}")

    async def _commit(self, copy: Copy, revision: str) -> str:
        """Resolves a revision; in a checkout, `HEAD` is what is checked out. Empty if it does not exist."""
        places = [Copy(copy.url, copy.checkout), copy] if copy.checkout is not None else [copy]
        for place in places:
            asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
            if found := (await self._git(place, *asked)).strip():
                return found
        return ""

    def _clone(self, url: str, origin: Path | None, path: Path, credentials: Credentials) -> Finished:
        """Copies only the refs of a local directory: its objects are shared and never written."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        borrowing = ("--shared",) if origin is not None else ()
        where = str(origin) if origin is not None else check_git_url(url)
        with Private(self._directory, where, credentials, allow_local=True, policy=self._policy) as private:
            return run_git(
                ("clone", "--quiet", "--bare", "--template=", *borrowing, "--", where, str(path)),
                directory=self._directory,
                environment={**private.environment, **SAFE},
                seconds=CLONE_SECONDS,
                reads=[*private.reads, *private.writes],
                gateway=private.gateway,
            )

    async def _branches(self, copy: Copy) -> dict[str, str]:
        return await self._listed(copy.path, "refs/heads")

    async def _listed(self, repository: Path, prefix: str) -> dict[str, str]:
        """Commits by branch name, without the ref prefix."""
        form = f"--format=%(refname:lstrip={prefix.count('/') + 1}) %(objectname)"
        listed = await self._git(Copy("", repository), "for-each-ref", form, prefix)
        return dict(line.rsplit(" ", 1) for line in listed.splitlines())

    async def _git(self, copy: Copy, *arguments: str) -> str:
        return (await self._finished(copy, *arguments)).output

    async def _finished(self, copy: Copy, *arguments: str) -> Finished:
        def run() -> Finished:
            with Private(self._directory, "", NOBODY, allow_local=True) as private:
                return run_git(
                    arguments,
                    directory=copy.path,
                    environment={**private.environment, **SAFE, **AUTHOR, **_dates(self._clock)},
                    seconds=LOCAL_SECONDS,
                    reads=[*private.reads, *local_paths(str(copy.path))],
                )

        return await self._in_thread(run)

    async def _in_thread(self, work: Callable[[], Finished]) -> Finished:
        try:
            return await self._clock.external(_threaded(work))
        except (TimedOut, TooMuchOutput) as error:
            raise Unavailable(str(error)) from None


SAFE: Final = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
"""A checkout may belong to another user of this machine; only its objects and refs are read."""
AUTHOR: Final = {
    "GIT_AUTHOR_NAME": "Argosy", "GIT_AUTHOR_EMAIL": "rehearsal@argosy.invalid",
    "GIT_COMMITTER_NAME": "Argosy", "GIT_COMMITTER_EMAIL": "rehearsal@argosy.invalid",
}  # fmt: skip


def _dates(clock: Clock) -> dict[str, str]:
    """Uses the virtual time, so that commits are the same in every run."""
    text = f"{int(clock.now().timestamp())} +0000"
    return {"GIT_AUTHOR_DATE": text, "GIT_COMMITTER_DATE": text}


def _path(url: str) -> Path:
    return Path(unquote(urlsplit(url).path) if url.startswith("file:") else url)


async def _threaded(work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work)
