"""Git remotes through the git program, and a bare mirror of each in a private cache directory.

Each identity has its own mirrors, by the exact URL: what was fetched as one user is never given to another, who may
see less of the same repository, and no project's failure affects another's. A mirror is read only after the remote
has accepted the credentials at hand.

The list of references is requested once for all concurrent callers (sources/coalesce.py); so are fetches. Fetched
packs are kept; when there are many, they are repacked into one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from argosy.runtime.clock import Clock
from argosy.sources.cloud.identities import Identities
from argosy.sources.coalesce import Turns
from argosy.sources.egress import Egress, EgressPolicy
from argosy.sources.git.bare import make, repacked
from argosy.sources.git.failures import failure
from argosy.sources.git.identity import Naming
from argosy.sources.git.listing import listing
from argosy.sources.git.private import Private
from argosy.sources.git.program import TOO_LARGE, Finished, TimedOut, TooMuchOutput, run_git
from argosy.sources.git.redirects import is_redirect, redirected
from argosy.sources.git.refs import FULL_SHA, Abbreviation, Refs, annotated, check_revision, lookup, parse_listing
from argosy.sources.git.repair import drop_reports, remove_halves, repaired, sweep
from argosy.sources.git.tree import Objects, commit_tree
from argosy.sources.git.whole import WholeTrees
from argosy.sources.metrics import GitMetrics
from argosy.sources.port import Credentials, Further, InsteadOf, NotFound, Rejected, Tree, Unavailable
from argosy.sources.scrub import scrub
from argosy.sources.tree import RootedTree
from argosy.sources.urls import check_git_url, exact_url

T = TypeVar("T")

FETCH_OPTIONS: Final = (
    "-c", "core.hooksPath=/dev/null",
    "-c", "fetch.unpackLimit=1",
    "-c", "gc.auto=0",
    "-c", "submodule.recurse=false",
)  # fmt: skip
REF_SPECS: Final = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
FETCH_BYTES: Final = "reposerver.git.max.fetch.size"
"""The setting's name."""
ANYONE: Final = Credentials()
TREES_KEPT: Final = 256
PROVEN_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GitSettings:
    """`allow_local`: `file://` and absolute paths are repositories too (`argosy demo`, rehearsal). `submodules` off:
    they appear as empty directories (upstream: ARGOCD_GIT_MODULES_ENABLED)."""

    allow_local: bool = False
    allow_links_out: bool = False
    submodules: bool = True
    list_seconds: float = 30.0
    fetch_seconds: float = 300.0
    fetch_bytes: int = 2 * 1024 * 1024 * 1024
    """Maximum bytes of one pack."""
    parallel: int = 8
    """Threads that read objects."""
    programs: int = 64
    """Concurrent git processes: most only wait for a remote, and one that hangs must not block the others."""
    instead_of: InsteadOf | None = None


class GitMirrors:
    """The `sources.port.GitRemote` using the git program. `close` it to free its threads and mapped packs."""

    def __init__(
        self, directory: Path, clock: Clock, settings: GitSettings | None = None, egress: Egress | None = None
    ) -> None:
        """`egress`: the policy for all connections; without it, a developer machine's policy applies, and there are
        neither submodules from other hosts nor LFS files."""
        self._egress = egress
        self._policy = egress.policy if egress else EgressPolicy(allow_loopback=True)
        self._naming = Naming(directory)
        self._identities = Identities(egress, clock)
        self._directory = directory
        self._clock = clock
        self._settings = settings or GitSettings()
        self._threads: ThreadPoolExecutor | None = None
        self._programs: ThreadPoolExecutor | None = None
        self._listings: Turns[Refs] = Turns()
        self._fetches: Turns[None] = Turns()
        self._openings: Turns[RootedTree] = Turns()
        self._refs: dict[tuple[str, Credentials], tuple[float, Refs]] = {}
        self._objects: dict[Path, Objects] = {}
        self._trees: dict[tuple[Path, str], RootedTree] = {}
        self._locks: dict[Path, asyncio.Lock] = {}
        self._whole = WholeTrees(
            self,
            egress,
            self._identities,
            clock,
            submodules=self._settings.submodules,
            allow_local=self._settings.allow_local,
        )
        self._swept = False
        self._metrics = GitMetrics(clock)
        self.listings = 0
        """`git ls-remote` runs, for metrics and tests."""
        self.fetches = 0

    async def resolve(
        self, url: str, revision: str, credentials: Credentials, *, tag_prefix: str = "", max_age: float = 0.0
    ) -> str:
        check_revision(revision)
        if FULL_SHA.fullmatch(revision):
            return revision
        refs = await self._listed(url, credentials, max_age)
        found = lookup(refs, revision, tag_prefix)
        if isinstance(found, Abbreviation):
            found = await self._completed(url, found, refs, credentials)
        if found is None:
            raise NotFound(f"unable to resolve '{scrub(revision)}' to a commit SHA: revision not found")
        return found

    async def tree(self, url: str, commit: str, credentials: Credentials, *, further: Further | None = None) -> Tree:
        return await self._whole.tree(url, commit, credentials, further)

    async def objects(self, url: str, commit: str, credentials: Credentials) -> Objects:
        """The mirror's objects, including the commit and its history, for identities that may read the repository."""
        await self.plain(url, commit, credentials)
        return self._store(self.mirror(url, credentials))

    async def tag_object(self, url: str, revision: str, credentials: Credentials, tag_prefix: str = "") -> str:
        """The annotated tag that a revision refers to, fetched; "" when it is something else."""
        refs = await self._listed(url, credentials, PROVEN_SECONDS)
        oid = annotated(refs, revision, tag_prefix)
        if oid and not self._has(self.mirror(url, credentials), oid):
            await self._fetch(url, oid, credentials)
        return oid

    async def in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        """Runs work that reads objects concurrently with git's own work."""
        return await self._in_thread(work, *arguments)

    async def refs(self, url: str, credentials: Credentials, *, max_age: float = 0.0) -> Refs:
        """The remote's list of references, requested after this call started, or at most `max_age` seconds before."""
        return await self._listed(url, credentials, max_age)

    def has(self, url: str, commit: str, credentials: Credentials = ANYONE) -> bool:
        """Whether the mirror has it; does not tell whether it may still be read."""
        return self._has(self.mirror(url, credentials), commit)

    async def fetch_ref(self, url: str, ref: str, credentials: Credentials) -> None:
        """Fetches one reference that is not a branch or tag into the mirror."""
        mirror = self.mirror(url, credentials)
        await self._make(mirror)
        await self._run_fetch(url, mirror, credentials, "--no-prune", (f"+{ref}:refs/argosy/{ref}",))

    async def run_in_mirror(
        self, url: str, arguments: Sequence[str], credentials: Credentials, stdin: bytes = b"", *, local: bool = False
    ) -> Finished:
        """Runs git exclusively in the identity's mirror; invalidates the remote's list of references. `local`: it
        connects to nothing."""
        mirror = self.mirror(url, credentials)
        async with self._locks.setdefault(mirror, asyncio.Lock()):
            await self._in_thread(self._prepare, mirror)
            seconds = self._settings.fetch_seconds
            where, given = ("", Credentials()) if local else (url, credentials)
            finished = await self._git(where, (*FETCH_OPTIONS, *arguments), given, mirror, seconds, stdin=stdin)
            drop_reports(mirror)
        for key in [key for key in self._refs if key[0] == exact_url(url)]:
            del self._refs[key]
        return finished

    async def plain(self, url: str, commit: str, credentials: Credentials) -> RootedTree:
        """The commit's own files, for identities that may read the repository."""
        if not FULL_SHA.fullmatch(commit):
            raise Rejected(f"commit {scrub(commit)!r} is not a full SHA")
        await self._listed(url, credentials, PROVEN_SECONDS)
        mirror = self.mirror(url, credentials)
        key = (mirror, commit)
        if (known := self._trees.get(key)) is not None:
            return known
        return await self._openings.share((key, credentials), lambda: self._opened(url, key, credentials))

    async def _opened(self, url: str, key: tuple[Path, str], credentials: Credentials) -> RootedTree:
        if (known := self._trees.get(key)) is not None:
            return known
        mirror, commit = key
        if not self._has(mirror, commit):
            await self._fetch(url, commit, credentials)
        tree = await self._in_thread(self._open_tree, self._store(mirror), commit)
        if len(self._trees) >= TREES_KEPT:
            del self._trees[next(iter(self._trees))]
        self._trees[key] = tree
        return tree

    def close(self) -> None:
        for threads in (self._threads, self._programs):
            if threads is not None:
                threads.shutdown(wait=True, cancel_futures=True)
        self._threads = self._programs = None
        for objects in self._objects.values():
            objects.close()
        self._objects.clear()
        self._trees.clear()

    async def _listed(self, url: str, credentials: Credentials, max_age: float) -> Refs:
        check_git_url(url, allow_local=self._settings.allow_local)
        key = (exact_url(url), credentials)
        known = self._refs.get(key)
        if known is not None and max_age > 0 and self._clock.monotonic() - known[0] <= max_age:
            return known[1]
        return await self._listings.share(key, lambda: self._list(url, credentials))

    async def _list(self, url: str, credentials: Credentials) -> Refs:
        self.listings += 1
        began = self._clock.monotonic()
        where = check_git_url(url, allow_local=self._settings.allow_local)
        arguments = ("ls-remote", "--symref", "--", where)
        try:
            with self._metrics.request(url, "ls-remote"):
                output = await self._listed_here(url, credentials)
                if output is None:
                    finished = await self._git(url, arguments, credentials, None, self._settings.list_seconds)
                    if finished.status != 0:
                        raise failure("failed to list refs", url, finished.errors, credentials)
                    output = finished.output
        except Exception:
            self._refs.pop((exact_url(url), credentials), None)
            raise
        refs = parse_listing(output)
        self._refs[(exact_url(url), credentials)] = (began, refs)
        return refs

    async def _listed_here(self, url: str, credentials: Credentials) -> str | None:
        """Reads the local repository that replaces the URL: a rehearsal calls it thousands of times."""
        if self._settings.instead_of is None:
            return None
        place = await self._settings.instead_of(url, credentials)
        return await self._in_thread(listing, Path(place)) if place else None

    async def _completed(self, url: str, short: Abbreviation, refs: Refs, credentials: Credentials) -> str | None:
        """An abbreviated SHA: one of the listed commits, or any in the mirror if that is up to date."""
        listed = {commit for commit in refs.commits.values() if commit.startswith(short.text)}
        if len(listed) == 1:
            return listed.pop()
        await self._fetch(url, "", credentials)
        arguments = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{short.text}^{{commit}}")
        mirror = self.mirror(url, credentials)
        finished = await self._git("", arguments, Credentials(), mirror, self._settings.list_seconds)
        found = finished.output.strip()
        return found if FULL_SHA.fullmatch(found) else None

    async def _fetch(self, url: str, commit: str, credentials: Credentials) -> None:
        """Branches and tags; then, if the commit is on none of them, the commit by itself."""
        mirror = self.mirror(url, credentials)
        if commit and credentials.depth > 0 and await self._fetched_shallow(url, commit, credentials):
            return
        await self._fetches.share((mirror, credentials), lambda: self._fetch_refs(url, mirror, credentials))
        if commit and not self._has(mirror, commit):
            await self._fetches.share((mirror, credentials, commit), lambda: self._fetch_one(url, commit, credentials))
        await self._in_thread(self._tidy, mirror, self._store(mirror))

    async def _fetch_refs(self, url: str, mirror: Path, credentials: Credentials) -> None:
        await self._make(mirror)
        with self._metrics.request(url, "fetch"):
            await self._run_fetch(url, mirror, credentials, "--prune", REF_SPECS)

    async def _make(self, mirror: Path) -> None:
        async with self._locks.setdefault(mirror, asyncio.Lock()):
            await self._in_thread(self._prepare, mirror)

    async def _fetched_shallow(self, url: str, commit: str, credentials: Credentials) -> bool:
        """The commit with the configured depth of history; False if the remote does not serve single commits."""
        mirror = self.mirror(url, credentials)
        await self._make(mirror)
        try:
            await self._fetches.share((mirror, credentials, commit), lambda: self._fetch_one(url, commit, credentials))
        except (NotFound, Unavailable):
            return False
        await self._in_thread(self._tidy, mirror, self._store(mirror))
        return True

    async def _fetch_one(self, url: str, commit: str, credentials: Credentials) -> None:
        options = (f"--depth={credentials.depth}",) if credentials.depth > 0 else ()
        specs = (f"+{commit}:refs/argosy/{commit}",)
        try:
            mirror = self.mirror(url, credentials)
            with self._metrics.request(url, "fetch", commit):
                await self._run_fetch(url, mirror, credentials, "--no-prune", specs, options)
        except NotFound:
            raise NotFound(f"unable to resolve '{commit}' to a commit SHA") from None

    async def _run_fetch(
        self,
        url: str,
        mirror: Path,
        credentials: Credentials,
        prune: str,
        specs: Sequence[str],
        options: Sequence[str] = (),
    ) -> None:
        self.fetches += 1
        where = check_git_url(url, allow_local=self._settings.allow_local)
        arguments = (
            *FETCH_OPTIONS, "fetch", "--quiet", "--force", prune, "--no-tags", "--no-write-fetch-head",
            "--no-auto-maintenance", "--no-recurse-submodules", *options, "--", where, *specs,
        )  # fmt: skip
        async with self._locks.setdefault(mirror, asyncio.Lock()):
            finished = await self._git_fetch(url, arguments, credentials, mirror)
            if finished.status != 0 and await self._in_thread(repaired, mirror, finished.errors):
                self._forget(mirror)
                await self._in_thread(self._prepare, mirror)
                finished = await self._git_fetch(url, arguments, credentials, mirror)
        if finished.status != 0:
            raise failure("failed to fetch", url, finished.errors, credentials)

    async def _git_fetch(self, url: str, arguments: Sequence[str], credentials: Credentials, mirror: Path) -> Finished:
        seconds, limit = self._settings.fetch_seconds, self._settings.fetch_bytes
        finished = await self._git(url, arguments, credentials, mirror, seconds, limit)
        if finished.status != 0 and TOO_LARGE in finished.errors:
            await self._in_thread(remove_halves, mirror)
            raise Rejected(f"failed to fetch: {scrub(url)}: larger than the limit of {limit} bytes ({FETCH_BYTES})")
        return finished

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

    def _has(self, mirror: Path, commit: str) -> bool:
        return (mirror / "HEAD").exists() and self._store(mirror).has(commit)

    def _open_tree(self, objects: Objects, commit: str) -> RootedTree:
        return commit_tree(objects, commit, allow_links_out=self._settings.allow_links_out)

    def store(self, url: str, credentials: Credentials = ANYONE) -> Objects:
        return self._store(self.mirror(url, credentials))

    def _store(self, mirror: Path) -> Objects:
        if mirror not in self._objects:
            self._objects[mirror] = Objects(mirror)
        return self._objects[mirror]

    def _forget(self, mirror: Path) -> None:
        """Drops caches of a mirror that has been created again."""
        if (objects := self._objects.pop(mirror, None)) is not None:
            objects.close()
        for key in [key for key in self._trees if key[0] == mirror]:
            del self._trees[key]

    def _prepared(self) -> Path:
        """The cache directory, readable only by us; a killed process's private files in it are removed."""
        if not self._swept:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._directory.chmod(0o700)
            sweep(self._directory)
            self._swept = True
        return self._directory

    def mirror(self, url: str, credentials: Credentials = ANYONE) -> Path:
        return self._directory / self._naming.name(url, credentials)

    def _prepare(self, mirror: Path) -> None:
        if not (mirror / "HEAD").exists():
            self._prepared()
            make(mirror, self._settings.list_seconds)

    def _tidy(self, mirror: Path, objects: Objects) -> None:
        if repacked(mirror, self._settings.fetch_seconds):
            objects.reopen()


async def _threaded(threads: ThreadPoolExecutor, work: Callable[..., T], *arguments: object) -> T:
    """Started only inside `Clock.external`, where outside work belongs."""
    return await asyncio.get_running_loop().run_in_executor(threads, work, *arguments)
