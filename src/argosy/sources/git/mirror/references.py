"""`git ls-remote`: a remote's branches and tags, listed once for all concurrent callers; and what revisions name."""

from __future__ import annotations

from pathlib import Path

from argosy.runtime.clock import Clock
from argosy.sources.coalesce import Turns
from argosy.sources.egress import Egress
from argosy.sources.git.failures import failure
from argosy.sources.git.listing import listing
from argosy.sources.git.mirror.fetch import Fetches
from argosy.sources.git.mirror.settings import GitSettings
from argosy.sources.git.refs import FULL_SHA, Abbreviation, Refs, check_revision, lookup, parse_listing
from argosy.sources.port import Credentials, NotFound
from argosy.sources.scrub import scrub
from argosy.sources.urls import check_git_url, exact_url


class References(Fetches):
    """The remotes' lists of references: requested anew, or as old as the caller allows."""

    def __init__(
        self, directory: Path, clock: Clock, settings: GitSettings | None = None, egress: Egress | None = None
    ) -> None:
        super().__init__(directory, clock, settings, egress)
        self._listings: Turns[Refs] = Turns()
        self._refs: dict[tuple[str, Credentials], tuple[float, Refs]] = {}
        self.listings = 0
        """`git ls-remote` runs, for metrics and tests."""

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

    async def refs(self, url: str, credentials: Credentials, *, max_age: float = 0.0) -> Refs:
        """The remote's list of references, requested after this call started, or at most `max_age` seconds before."""
        return await self._listed(url, credentials, max_age)

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
