"""The git program of a preview: it clones, fetches and commits, but never pushes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from argosy.promotion.adapters.git import ANONYMOUS, GitTool
from argosy.sources.git.process.program import Finished
from argosy.sources.port import Credentials

DIFF_LINES: Final = 400
COMMITS: Final = 20
HEADS: Final = 1000
"""How many branches of the remote are compared with: as many as fit into the arguments of one command."""
EMPTY_TREE: Final = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""git's own id of a tree without files."""


@dataclass(frozen=True, slots=True)
class Push:
    """What would have been pushed, with the commits and changes that the remote does not have yet."""

    url: str
    to: str
    commits: tuple[str, ...]
    """Short ids and subjects, newest first."""
    diff: tuple[str, ...]
    commit: str
    """The full id of what it points to."""
    is_new: bool
    """Whether the remote has no such branch or tag yet."""

    @property
    def subject(self) -> str:
        """Of the newest commit; empty if the remote has all of them."""
        return self.commits[0].partition(" ")[2] if self.commits else ""


class PreviewGit(GitTool):
    """`pushes` are the requested pushes, in order."""

    def __init__(self, in_thread: Callable[..., Awaitable[Any]], *, allow_local: bool = False) -> None:
        super().__init__(in_thread, allow_local=allow_local)
        self.pushes: list[Push] = []

    async def attempt(
        self,
        directory: Path,
        *arguments: str,
        url: str = "",
        credentials: Credentials = ANONYMOUS,
        environment: Mapping[str, str] | None = None,
    ) -> Finished:
        if "push" not in arguments[:1]:
            return await super().attempt(
                directory, *arguments, url=url, credentials=credentials, environment=environment
            )
        spec = arguments[-1]
        source, _, ref = spec.lstrip("+").partition(":")
        listed = await super().attempt(directory, "ls-remote", "--", url, ref, url=url, credentials=credentials)
        if listed.status != 0:
            return listed
        base = await self._fetched(directory, ref, url, credentials) if listed.output.strip() else ""
        known = [base] if base else await self._heads(directory, url, credentials)
        if (before := self.pushed(url, ref)) is not None and await self._has(directory, before.commit):
            base, known = before.commit, [before.commit]
        is_forced = spec.startswith("+") or "--force" in arguments
        if base and not is_forced and not await self._contains(directory, source, base):
            return Finished(1, "", "non-fast-forward")
        self.pushes.append(await self._shown(directory, source, ref, base, known, url))
        return Finished(0, "", "")

    def pushed(self, url: str, ref: str) -> Push | None:
        """The last requested push to a branch or tag."""
        return next((one for one in reversed(self.pushes) if (one.url, one.to) == (url, ref)), None)

    async def _fetched(self, directory: Path, ref: str, url: str, credentials: Credentials) -> str:
        """The commit of the branch or tag."""
        fetched = ("fetch", "--no-tags", "--", url, ref)
        await super().attempt(directory, *fetched, url=url, credentials=credentials)
        return (await super().attempt(directory, "rev-parse", "FETCH_HEAD")).output.strip()

    async def _heads(self, directory: Path, url: str, credentials: Credentials) -> list[str]:
        """The commits that the remote's branches point to."""
        listed = await super().attempt(directory, "ls-remote", "--heads", "--", url, url=url, credentials=credentials)
        return [line.partition("\t")[0] for line in listed.output.splitlines()][:HEADS]

    async def _has(self, directory: Path, commit: str) -> bool:
        return (await super().attempt(directory, "cat-file", "-e", commit)).status == 0

    async def _contains(self, directory: Path, source: str, base: str) -> bool:
        return (await super().attempt(directory, "merge-base", "--is-ancestor", base, source)).status == 0

    async def _shown(self, directory: Path, source: str, ref: str, base: str, known: list[str], url: str) -> Push:
        """`known`: commits that the remote has. A new branch is compared with where it left them."""
        missing = ("--ignore-missing", source, "--not", *known)
        log = await super().attempt(directory, "log", "--format=%h %s", f"--max-count={COMMITS}", *missing)
        start = base or await self._fork(directory, source, known)
        diff = await super().attempt(directory, "diff", "--no-color", start, source)
        commit = await super().attempt(directory, "rev-parse", f"{source}^{{commit}}")
        lines = diff.output.splitlines() if base or log.output.strip() else []
        return Push(
            url, ref, tuple(log.output.splitlines()), tuple(lines[:DIFF_LINES]), commit.output.strip(), not base
        )

    async def _fork(self, directory: Path, source: str, known: list[str]) -> str:
        found = await super().attempt(directory, "merge-base", source, *known) if known else None
        return found.output.strip() if found is not None and found.status == 0 else EMPTY_TREE
