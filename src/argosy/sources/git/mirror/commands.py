"""Runs git commands for a remote: with its credentials, within limits, and following only checked redirects."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from argosy.runtime.clock import Clock
from argosy.sources.cloud.identities import Identities
from argosy.sources.egress import Egress, EgressPolicy
from argosy.sources.git.mirror.settings import GitSettings
from argosy.sources.git.process.private import Private
from argosy.sources.git.process.program import Finished, TimedOut, TooMuchOutput, run_git
from argosy.sources.git.process.repair import sweep
from argosy.sources.git.redirects import is_redirect, redirected
from argosy.sources.port import Credentials, Rejected, Unavailable
from argosy.sources.scrub import scrub
from argosy.sources.urls import check_git_url

T = TypeVar("T")


class GitCommands:
    """Git processes and the threads that read objects, with the private cache directory they work in."""

    def __init__(
        self, directory: Path, clock: Clock, settings: GitSettings | None = None, egress: Egress | None = None
    ) -> None:
        self._egress = egress
        self._policy = egress.policy if egress else EgressPolicy(allow_loopback=True)
        self._identities = Identities(egress, clock)
        self._directory = directory
        self._clock = clock
        self._settings = settings or GitSettings()
        self._threads: ThreadPoolExecutor | None = None
        self._programs: ThreadPoolExecutor | None = None
        self._swept = False

    async def in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        """Runs work that reads objects concurrently with git's own work."""
        return await self._in_thread(work, *arguments)

    async def _git(
        self,
        url: str,
        arguments: Sequence[str],
        credentials: Credentials,
        directory: Path | None,
        seconds: float,
        file_bytes: int = 0,
        stdin: bytes = b"",
    ) -> Finished:
        """Git follows no redirect by itself: it is checked here, and requested only with credentials allowed there."""
        finished = await self._git_once(url, arguments, credentials, directory, seconds, file_bytes, stdin)
        if finished.status == 0 or not is_redirect(finished.errors):
            return finished
        given = await self._identities.effective(credentials)
        there, sent = await self._clock.external(redirected(url, given, self._egress, self._policy))
        changed = [there if word == check_git_url(url) else word for word in arguments]
        return await self._git_once(there, changed, sent, directory, seconds, file_bytes, stdin)

    async def _git_once(
        self,
        url: str,
        arguments: Sequence[str],
        credentials: Credentials,
        directory: Path | None,
        seconds: float,
        file_bytes: int,
        stdin: bytes,
    ) -> Finished:
        instead = await self._settings.instead_of(url, credentials) if url and self._settings.instead_of else ""
        credentials = Credentials() if instead else await self._identities.effective(credentials)
        private = self._prepared()

        def run() -> Finished:
            local = self._settings.allow_local
            with Private(private, url, credentials, allow_local=local, policy=self._policy, instead=instead) as opened:
                finished = run_git(
                    arguments,
                    directory=directory or opened.directory,
                    environment=opened.environment,
                    seconds=seconds,
                    file_bytes=file_bytes,
                    stdin=stdin,
                    reads=opened.reads,
                    writes=opened.writes,
                    gateway=opened.gateway,
                )
                if finished.status != 0 and opened.gateway:
                    opened.gateway.explain(url)
                return finished

        try:
            if self._programs is None:
                self._programs = ThreadPoolExecutor(self._settings.programs, thread_name_prefix="git program")
            return await self._clock.external(_threaded(self._programs, run))
        except TimedOut as error:
            raise Unavailable(f"{scrub(url)}: {error}") from None
        except TooMuchOutput as error:
            raise Rejected(f"{scrub(url)}: {error}") from None
        except OSError as error:
            raise Unavailable(f"git cannot be run: {error.strerror or error}") from None

    async def _in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._settings.parallel, thread_name_prefix="git")
        return await self._clock.external(_threaded(self._threads, work, *arguments))

    def _prepared(self) -> Path:
        """The cache directory, readable only by us; a killed process's private files in it are removed."""
        if not self._swept:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._directory.chmod(0o700)
            sweep(self._directory)
            self._swept = True
        return self._directory


async def _threaded(threads: ThreadPoolExecutor, work: Callable[..., T], *arguments: object) -> T:
    """Started only inside `Clock.external`, where outside work belongs."""
    return await asyncio.get_running_loop().run_in_executor(threads, work, *arguments)
