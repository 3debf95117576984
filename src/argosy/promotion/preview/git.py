"""The git program of a preview: it clones, fetches and commits, but never pushes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argosy.promotion.adapters.git import ANONYMOUS, GitTool
from argosy.sources.git.program import Finished
from argosy.sources.port import Credentials

DIFF_LINES = 400


@dataclass(frozen=True, slots=True)
class Push:
    """What would have been pushed, with the commits and changes that the remote does not have yet."""

    url: str
    to: str
    commits: tuple[str, ...]
    diff: tuple[str, ...]


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
        is_forced = spec.startswith("+") or "--force" in arguments
        if base and not is_forced and not await self._contains(directory, source, base):
            return Finished(1, "", "non-fast-forward")
        self.pushes.append(await self._shown(directory, source, ref, base, url))
        return Finished(0, "", "")

    async def _fetched(self, directory: Path, ref: str, url: str, credentials: Credentials) -> str:
        """The commit of the branch or tag."""
        fetched = ("fetch", "--no-tags", "--", url, ref)
        await super().attempt(directory, *fetched, url=url, credentials=credentials)
        return (await super().attempt(directory, "rev-parse", "FETCH_HEAD")).output.strip()

    async def _contains(self, directory: Path, source: str, base: str) -> bool:
        return (await super().attempt(directory, "merge-base", "--is-ancestor", base, source)).status == 0

    async def _shown(self, directory: Path, source: str, ref: str, base: str, url: str) -> Push:
        many = (f"{base}..{source}",) if base else ("--max-count=20", source)
        log = await super().attempt(directory, "log", "--format=%h %s", *many)
        diff = await super().attempt(directory, "diff", "--no-color", base, source) if base else Finished(0, "", "")
        return Push(url, ref, tuple(log.output.splitlines()), tuple(diff.output.splitlines()[:DIFF_LINES]))
