"""Runs git in the repositories of a Promotion: bare clones with working copies next to them.

The environment is built from scratch for each command (sources.git.process.private): no configuration of the machine,
no hooks, no credential that this repository must not see. Pushes to the same branch of a repository run one at a time.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from argosy.confinement.box import Box
from argosy.confinement.interpreter import NAMES, program_reads
from argosy.confinement.start import start
from argosy.promotion.adapters.references import branch_of, commit_named, commit_of, repository_of
from argosy.promotion.steps.kind import StepFault
from argosy.promotion.urls import normalise_git
from argosy.sources.git.process.private import Private
from argosy.sources.git.process.program import Finished, TimedOut, TooMuchOutput, run_git
from argosy.sources.port import Credentials, InsteadOf, SourceError
from argosy.sources.scrub import scrub
from argosy.sources.urls import check_git_url

LOCAL_SECONDS: Final = 120.0
REMOTE_SECONDS: Final = 600.0
GPG_SECONDS: Final = 60.0
GPG_TASKS: Final = 32
OWN: Final = ("G", "U")
"""git's code for a good signature; only one key is known, so it is by that key."""
ANONYMOUS: Final = Credentials()


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The author of commits; the key, if any, signs them."""

    name: str = "Kargo"
    email: str = "no-reply@kargo.io"
    signing_key: str = ""


class GitFault(StepFault):
    """git failed; `output` is what it printed, without secrets."""

    def __init__(self, arguments: tuple[str, ...], finished: Finished, credentials: Credentials) -> None:
        self.output = scrub(finished.errors or finished.output, credentials)
        super().__init__(f"error executing cmd [git {' '.join(arguments)}]: {self.output}")


class GitTool:
    def __init__(
        self,
        in_thread: Callable[..., Awaitable[Any]],
        *,
        directory: Path | None = None,
        allow_local: bool = False,
        waiting: Callable[..., Awaitable[Any]] | None = None,
        instead_of: InsteadOf | None = None,
    ) -> None:
        """`directory`: where temporary files of commands are; the system's default if not set.

        `waiting`: threads for commands that mostly wait for a remote, so that none of them blocks other work.
        """
        self._in_thread, self._waiting = in_thread, waiting or in_thread
        self._scratch = directory or Path(tempfile.gettempdir())
        self._allow_local, self._instead_of = allow_local, instead_of
        self._pushes: dict[tuple[str, str], asyncio.Lock] = {}

    def checked(self, url: str) -> str:
        try:
            return check_git_url(url, allow_local=self._allow_local)
        except SourceError as error:
            raise StepFault(str(error), terminal=True) from None

    async def run(
        self,
        directory: Path,
        *arguments: str,
        url: str = "",
        credentials: Credentials = ANONYMOUS,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """git's output. Raises GitFault. With `url` it connects to that repository, with its credentials."""
        finished = await self.attempt(directory, *arguments, url=url, credentials=credentials, environment=environment)
        if finished.status != 0:
            raise GitFault(arguments, finished, credentials)
        return finished.output

    async def attempt(
        self,
        directory: Path,
        *arguments: str,
        url: str = "",
        credentials: Credentials = ANONYMOUS,
        environment: Mapping[str, str] | None = None,
    ) -> Finished:
        homes = [Path(home)] if (home := (environment or {}).get("GNUPGHOME")) else []
        instead = await self._instead_of(url, credentials) if url and self._instead_of else ""

        def work() -> Finished:
            with Private(self._scratch, url, credentials, allow_local=self._allow_local, instead=instead) as private:
                # Only below the working directory: a `.git` above it is not ours.
                ceiling = {"GIT_CEILING_DIRECTORIES": str(directory.parent)}
                return run_git(
                    arguments,
                    directory=directory,
                    environment={**private.environment, **ceiling, **(environment or {})},
                    seconds=REMOTE_SECONDS if url else LOCAL_SECONDS,
                    reads=private.reads,
                    writes=[*private.writes, *_around(directory), *homes],
                    gateway=private.gateway,
                )

        try:
            finished: Finished = await (self._waiting if url else self._in_thread)(work)
        except (TimedOut, TooMuchOutput) as error:
            raise StepFault(f"git {arguments[0]}: {error}") from None
        except SourceError as error:
            raise StepFault(str(error)) from None
        return finished

    async def commit_at(self, place: Path) -> str:
        """The id of the commit that is checked out in a working copy. Raises GitFault."""
        return await self._in_thread(lambda: commit_of(place)) or (await self.run(place, "rev-parse", "HEAD")).strip()

    async def branch_at(self, place: Path) -> str:
        """The branch that is checked out in a working copy; empty if none is."""
        found = await self._in_thread(lambda: branch_of(place))
        if found is not None:
            return str(found)
        answer = await self.attempt(place, "symbolic-ref", "--quiet", "--short", "HEAD")
        return answer.output.strip() if answer.status == 0 else ""

    async def repository_at(self, place: Path) -> Path:
        """The repository that a working copy belongs to. Raises GitFault."""
        if found := await self._in_thread(lambda: repository_of(place)):
            return Path(found)
        return place / (await self.run(place, "rev-parse", "--git-common-dir")).strip()

    async def has_branch(self, bare: Path, branch: str) -> bool:
        ref = f"refs/heads/{branch}"
        if await self._in_thread(lambda: commit_named(bare, ref)):
            return True
        return (await self.attempt(bare, "show-ref", "--verify", "--quiet", ref)).status == 0

    def pushing(self, url: str, branch: str) -> AbstractAsyncContextManager[Any]:
        """Held while a push to this branch runs; other pushes wait."""
        return self._pushes.setdefault((normalise_git(url), branch), asyncio.Lock())

    async def commit(
        self, directory: Path, message: str, author: Identity, when: datetime | None, *options: str
    ) -> None:
        """Commits what is staged. Repeated at the same `when`, it is the same commit (unless it is signed)."""
        home, signing = await self._signing(author)
        dates = {"GIT_AUTHOR_DATE": _date(when), "GIT_COMMITTER_DATE": _date(when)} if when else {}
        person = {
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.email,
            "GIT_COMMITTER_NAME": author.name,
            "GIT_COMMITTER_EMAIL": author.email,
        }
        try:
            await self.run(
                directory,
                *signing,
                "commit",
                "--no-verify",
                *options,
                "-m",
                message,
                environment={**dates, **person, **({"GNUPGHOME": str(home)} if home else {})},
            )
        finally:
            if home:
                await self._in_thread(lambda: shutil.rmtree(home, ignore_errors=True))

    async def signer(self, directory: Path, commit: str, author: Identity) -> tuple[bool, str, str]:
        """Whether the author's own key signed a commit, with the signature's name and address."""
        if not author.signing_key:
            return False, "", ""
        home, _ = await self._signing(author)
        assert home is not None
        try:
            answer = await self.run(
                directory, "-c", "gpg.program=gpg", "log", "-1", "--format=%G?%x00%GS", commit, "--",
                environment={"GNUPGHOME": str(home), "TMPDIR": str(home)},
            )  # fmt: skip
        finally:
            await self._in_thread(lambda: shutil.rmtree(home, ignore_errors=True))
        status, _, who = answer.strip().partition("\0")
        name, _, rest = who.rpartition("<")
        return status in OWN, name.strip(), rest.rstrip(">")

    async def _signing(self, author: Identity) -> tuple[Path | None, tuple[str, ...]]:
        """A key ring with the author's key, and the git options that sign with it."""
        if not author.signing_key:
            return None, ()
        home = Path(tempfile.mkdtemp(prefix="gpg-", dir=self._scratch))  # of mode 0700
        fingerprint = await self._in_thread(lambda: _imported(home, author.signing_key))
        return home, ("-c", f"user.signingKey={fingerprint}", "-c", "commit.gpgSign=true", "-c", "gpg.program=gpg")


def _around(directory: Path) -> list[Path]:
    """What belongs to the same Promotion: a clone is stored next to its working copies."""
    for place in (directory, *directory.parents):
        if place.name.startswith("promotion-"):
            return [place]
    return [] if (directory / "HEAD").exists() else [directory.parent]


def _imported(home: Path, key: str) -> str:
    """gpg starts an agent for a secret key; both stop together with their directory."""
    box = Box(
        reads=(*program_reads("gpg"), *NAMES), writes=(str(home),), own_user=False, unix_sockets=True, tasks=GPG_TASKS
    )
    command = ["gpg", "--homedir", str(home), "--batch", "--no-tty", "--status-fd", "1", "--import"]
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(home)}
    with tempfile.TemporaryFile() as given:
        given.write(key.encode())
        given.seek(0)
        running = start(
            box, command=command, directory=str(home), environment=environment, stdin=given, stdout=subprocess.PIPE
        )
    try:
        output, _ = running.process.communicate(timeout=GPG_SECONDS)
    finally:
        running.kill()
        running.process.wait()
    for line in output.decode("utf-8", "replace").splitlines():
        words = line.split()
        if words[1:2] == ["IMPORT_OK"]:
            return words[3]
    raise StepFault("the signing key of the git client cannot be imported", terminal=True)


def _date(when: datetime) -> str:
    return f"{int(when.timestamp())} +0000"
